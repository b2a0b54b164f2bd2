"""From snnTorch: modules with Leaky, Lapicque, Synaptic, RLeaky and RSynaptic. PyTorch is imported inside functions."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Neuron, Reals, SpikingNetwork
from e3ne.frontends.spiking.numbers import per_channel, snapped
from e3ne.frontends.spiking.snntorch_resets import reset_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

    from e3ne.frontends.spiking.shapes import Shape

_KINDS = ("Leaky", "Lapicque", "Synaptic", "RLeaky", "RSynaptic")


def import_snntorch(module: nn.Module, input_shape: tuple[int, ...], name: str) -> SpikingNetwork:
    """The network of an snnTorch module for one sample of `input_shape`, (C, H, W) or (N,), without batch and time.

    `forward(x)` runs one time step; neurons keep their states themselves (`init_hidden=True`) or get them as
    arguments, `spk, mem = self.lif(x, mem)`. States are zero before the first step. Raises one `E3neError` that names
    every module and every setting that is not supported.
    """
    if importlib.util.find_spec("torch") is None:
        raise E3neError("PyTorch is needed for this model: pip install 'e3ne[torch]'")
    from e3ne.frontends.spiking.module_import import Library, import_module

    neurons = {kind: _reader(kind) for kind in _KINDS}
    return import_module(module, input_shape, name, Library("snntorch", neurons, _returns_states))


def _returns_states(module: nn.Module) -> bool:
    return bool(_attribute(module, "output")) or not _attribute(module, "init_hidden")


def _reader(kind: str) -> Callable[[nn.Module, Shape], Neuron]:
    def read(module: nn.Module, shape: Shape) -> Neuron:
        return _neuron(kind, module, shape)

    return read


def _neuron(kind: str, module: nn.Module, shape: Shape) -> Neuron:
    """The neuron of a module of class `kind` for membranes of `shape`; raises `E3neError` for its settings."""
    _check_settings(module)
    rule = reset_of(kind, _mechanism(module), delayed=bool(getattr(module, "reset_delay", True)))
    threshold = snapped(_parameter(module, "threshold", shape))
    if (threshold < 0).any():
        raise E3neError("its threshold is negative, which snnTorch lets reset before the first spike")
    if kind == "Lapicque":
        decay, gain = _lapicque(module, shape)
    else:
        decay, gain = _clamped(_parameter(module, "beta", shape)), np.ones(1)
    neuron = Neuron(
        threshold=threshold,
        decay=decay,
        gain=gain,
        fires="gt",
        reset=rule.reset,
        timing=rule.timing,
        reset_value=np.zeros(1),
        initial=np.zeros(1),
        loses_input=rule.loses_input,
        synapse_decay=_clamped(_parameter(module, "alpha", shape)) if kind.endswith("Synaptic") else None,
    )
    return _with_recurrence(neuron, module, shape) if kind.startswith("R") else neuron


def _mechanism(module: nn.Module) -> str:
    """The reset that a step does. snnTorch keeps it in three places, of which later changes reach one or two."""
    names = {"_base_sub": "subtract", "_base_zero": "zero", "_base_int": "none"}
    by_number = dict(enumerate(names.values()))
    function = str(getattr(_attribute(module, "state_function"), "__name__", ""))
    done, number = names.get(function, function), int(cast("torch.Tensor", _attribute(module, "reset_mechanism_val")))
    said = {"reset_mechanism": str(_attribute(module, "reset_mechanism")), "reset_mechanism_val": by_number.get(number)}
    if other := [f"{name} says {value}" for name, value in said.items() if value != done]:
        raise E3neError(
            f"a step resets by '{done}', but its {' and its '.join(other)}: it was changed after it was made; make it "
            "with the reset_mechanism that it was trained with"
        )
    return done


def _lapicque(module: nn.Module, shape: Shape) -> tuple[Reals, Reals]:
    """Decay and gain of u = x·dt/C + (1 − dt/(R·C))·u."""
    resistance, capacity, step = (_parameter(module, name, shape) for name in ("R", "C", "time_step"))
    return snapped(1.0 - step / (resistance * capacity), 1.0), snapped(step / capacity)


def _with_recurrence(neuron: Neuron, module: nn.Module, shape: Shape) -> Neuron:
    from torch import nn

    from e3ne.frontends.spiking.module_layers import reals

    recurrent = _attribute(module, "recurrent")
    if isinstance(recurrent, nn.Linear):
        bias = cast("torch.Tensor | None", recurrent.bias)
        return replace(
            neuron,
            recurrent=reals(recurrent.weight, "recurrent weight"),
            recurrent_bias=None if bias is None else reals(bias, "recurrent bias"),
        )
    if type(recurrent).__name__ != "RecurrentOneToOne":
        raise E3neError(f"its recurrent {type(recurrent).__name__} is not supported; linear_features and V are")
    if len(shape) != 1:
        raise E3neError(f"recurrent weights are supported for neurons in a row, not for maps of {shape}")
    own = np.broadcast_to(_parameter(recurrent, "V", shape), shape)
    return replace(neuron, recurrent=np.diag(own).astype(np.float64))


def _check_settings(module: nn.Module) -> None:
    from e3ne.frontends.spiking.module_layers import reals

    if _attribute(module, "inhibition"):
        raise E3neError("inhibition=True is not supported")
    if _attribute(module, "state_quant"):
        raise E3neError("state_quant is not supported; the compiler quantises")
    if (reals(_attribute(module, "graded_spikes_factor"), "graded_spikes_factor") != 1).any():
        raise E3neError("a graded_spikes_factor other than 1 is not supported")
    _check_spikes(_attribute(module, "spike_grad"))


def _check_spikes(spike_grad: object) -> None:
    """Refuses surrogates whose forward is another function than u > 0, as the stochastic ones."""
    import torch

    probe = torch.tensor([-2.0, -0.1, 0.0, 0.1, 2.0] * 16)
    with torch.no_grad():
        spikes = cast("Callable[[torch.Tensor], torch.Tensor]", spike_grad)(probe)
    if not torch.equal(spikes, (probe > 0).to(spikes.dtype)):
        raise E3neError("its spike_grad spikes at other values than those above 0")


def _clamped(values: Reals) -> Reals:
    # as snnTorch clamps beta and alpha in every step
    return np.clip(snapped(values, 1.0), 0.0, 1.0)


def _parameter(module: object, name: str, shape: Shape) -> Reals:
    """A tensor or number of a neuron as (1,) or (C,)."""
    from e3ne.frontends.spiking.module_layers import reals

    try:
        return per_channel(reals(_attribute(module, name), name), shape)
    except E3neError as error:
        text = str(error)
        raise E3neError(text if text.startswith("its ") else f"its {name} {text}") from error


def _attribute(module: object, name: str) -> object:
    return getattr(module, name)
