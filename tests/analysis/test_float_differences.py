"""What integers change in a spiking network, against the real network's own definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.float_differences import FloatDifferences, float_differences
from e3ne.frontends.spiking.description import Linear, Neuron, Node, SpikingNetwork
from e3ne.frontends.spiking.lower import lower
from e3ne.frontends.spiking.reference import simulate
from e3ne.pipeline_runner import run_passes
from e3ne.semantics import snn
from e3ne.semantics.snn import run_network

SAMPLES, STEPS = 7, 9


def _network(classes: int = 4, dyadic: bool = False) -> SpikingNetwork:
    rng = np.random.default_rng(2)

    def weights(*shape: int) -> np.ndarray:
        real = rng.normal(0.3, 0.5, shape)
        return np.rint(real * 16) / 16 if dyadic else real

    numbers = (np.full(1, value) for value in (1.0, 0.875, 1.0))
    neuron = Neuron(*numbers, "ge", "subtract", "same_step", np.zeros(1), np.zeros(1))
    return SpikingNetwork(
        "two",
        (6,),
        [
            Node("fc1", Linear(weights(8, 6), None), (-1,), (8,)),
            Node("lif1", neuron, (0,), (8,)),
            Node("fc2", Linear(weights(classes, 8), None), (1,), (classes,)),
            Node("lif2", neuron, (2,), (classes,)),
        ],
    )


def _both(network: SpikingNetwork, weight_bits: int, more: str = "") -> tuple[ModuleOp, ModuleOp]:
    real = lower(network)
    integer = real.clone()
    run_passes(integer, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits={weight_bits}}}{more}")
    return real, integer


def _spikes() -> np.ndarray:
    return (np.random.default_rng(3).random((SAMPLES, STEPS, 6, 1, 1)) < 0.4).astype(np.float32)


def _by_definition(network: SpikingNetwork, integer: ModuleOp, spikes: np.ndarray) -> FloatDifferences:
    """The same counts from the networks' definitions."""
    real = simulate(network, spikes.reshape(SAMPLES, STEPS, 6))
    found = run_network(integer, spikes, keep=True)
    lif1, lif2 = (
        found.values[layer, "neuron"].reshape(real[layer].shape).astype(np.float64) for layer in ("lif1", "lif2")
    )
    # the second half alone, for the integer spikes of the first
    half = [replace(network.nodes[2], inputs=(-1,)), replace(network.nodes[3], inputs=(0,))]
    behind = simulate(SpikingNetwork("half", (8,), half), lif1)["lif2"]

    def classes(trains: np.ndarray) -> np.ndarray:
        return trains.sum(axis=1).argmax(axis=1)

    mixed = (classes(behind) != classes(real["lif2"])).sum()
    total = (classes(lif2) != classes(real["lif2"])).sum()
    layers = [
        ("lif1", real["lif1"], lif1, (real["lif1"] != lif1).sum(), mixed),
        ("lif2", real["lif2"], lif2, (behind != lif2).sum(), total),
    ]
    rows = [
        (name, whole.size, int(free.sum()), int(whole.sum()), int((free != whole).sum()), int(own), int(wrong))
        for name, free, whole, own, wrong in layers
    ]
    made = float_differences(lower(network), integer, spikes, STEPS)
    return replace(made, predictions=int(total), layers=tuple(type(made.layers[0])(*row) for row in rows))


@pytest.mark.parametrize("output", ["", ",snn-append-argmax"])
def test_counts(output: str) -> None:
    network, spikes = _network(), _spikes()
    real, integer = _both(network, 2, output)
    found = float_differences(real, integer, spikes, STEPS)
    assert found == _by_definition(network, integer, spikes)
    assert found.samples == SAMPLES
    assert found.predictions is not None
    assert found.predictions > 0
    first, second = found.layers
    assert first.differing == first.own > 0
    assert 0 < second.own != second.differing > 0


def test_numbers_that_can_be_represented_differ_nowhere() -> None:
    real, integer = _both(_network(dyadic=True), 8)
    found = float_differences(real, integer, _spikes(), STEPS)
    assert [(layer.differing, layer.own, layer.predictions) for layer in found.layers] == [(0, 0, 0)] * 2
    assert found.predictions == 0
    assert all(0 < layer.float_spikes == layer.integer_spikes < layer.compared for layer in found.layers)


def test_a_single_number_is_no_prediction() -> None:
    real, integer = _both(_network(classes=1), 4)
    found = float_differences(real, integer, _spikes(), STEPS)
    assert found.predictions is None
    assert [layer.predictions for layer in found.layers] == [None, None]


def test_samples_are_run_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spikes that are given go with their samples."""
    network, spikes = _network(), _spikes()
    real, integer = _both(network, 2)
    expected = float_differences(real, integer, spikes, STEPS)
    monkeypatch.setattr(snn, "_CHUNK_VALUES", 1)
    assert float_differences(real, integer, spikes, STEPS) == expected
