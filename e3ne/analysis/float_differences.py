"""How the integers of a spiking network differ from its real numbers, on data: spikes layer by layer, predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import ArgmaxOp, LifOp, find_network
from e3ne.semantics.snn import NetworkRun, run_float, run_network

Array = NDArray[np.generic]


@dataclass(frozen=True)
class LayerDifferences:
    """What a layer of neurons does on all samples and time steps.

    `differing` are the neurons and steps in which the two networks have different numbers of spikes; `own` those that
    remain when the real layer takes the spikes of the integer layers before it. `predictions` are the samples with
    another class than the float network's when this layer and all before it are integers and the rest is real; None
    where the network gives a single number, or results in each time step.
    """

    layer: str
    compared: int
    float_spikes: int
    integer_spikes: int
    differing: int
    own: int
    predictions: int | None


@dataclass(frozen=True)
class FloatDifferences:
    """`predictions` are the samples to which the integer network gives another class than the float network."""

    samples: int
    time_steps: int
    predictions: int | None
    layers: tuple[LayerDifferences, ...]


def float_differences(
    reference: ModuleOp, integer: ModuleOp, data: NDArray[np.floating], time_steps: int
) -> FloatDifferences:
    """Runs both forms of a network of integrate-and-fire neurons on images or spikes, (N, ...) or (N, T, ...).

    Real numbers are float64: those of a library, which are float32, may tie where these do not.
    """
    whole = run_network(integer, data, keep=True)
    trains = {op.layer_name: whole.values[op.layer_name, op.KIND] for op in _neurons(integer)}

    def real(given: dict[str, Array]) -> NetworkRun:
        return run_float(reference, data, keep=True, dtype=np.float64, time_steps=time_steps, given=given)

    run = unchanged = real({})
    wanted = _classes(unchanged.outputs[0], len(data))
    given: dict[str, Array] = {}
    found: list[LayerDifferences] = []
    for layer, spikes in trains.items():
        alone, free = run.values[layer, LifOp.KIND], unchanged.values[layer, LifOp.KIND]
        given[layer] = spikes
        run = real(given)
        found.append(
            LayerDifferences(
                layer,
                spikes.size,
                int(free.sum()),
                int(spikes.sum()),
                int(np.count_nonzero(free != spikes)),
                int(np.count_nonzero(alone != spikes)),
                _differing(wanted, _classes(run.outputs[0], len(data))),
            )
        )
    has_classes = any(isinstance(op, ArgmaxOp) for op in find_network(integer).layers())
    classes = whole.outputs[0][:, 0] if has_classes else _classes(whole.outputs[0], len(data))
    return FloatDifferences(len(data), time_steps, _differing(wanted, classes), tuple(found))


def _neurons(module: ModuleOp) -> list[LifOp]:
    return [op for op in find_network(module).layers() if isinstance(op, LifOp)]


def _classes(outputs: Array, samples: int) -> Array | None:
    """(N,), the lowest of the greatest scores; None of a single score, or of results in each time step."""
    scores = outputs.reshape(len(outputs), -1)
    return None if scores.shape[1] == 1 or len(scores) != samples else scores.argmax(axis=1)


def _differing(first: Array | None, second: Array | None) -> int | None:
    return None if first is None or second is None else int(np.count_nonzero(first != second))
