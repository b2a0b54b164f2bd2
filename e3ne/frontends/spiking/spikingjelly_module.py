"""From SpikingJelly: modules with IFNode, LIFNode, ParametricLIFNode and CUBALIFNode. PyTorch is imported inside
functions.
"""

# ruff: noqa: ARG001 (every reader is called with the same arguments)

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, cast

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Neuron, Reals, SpikingNetwork
from e3ne.frontends.spiking.numbers import per_channel, snapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch
    from torch import nn

    from e3ne.frontends.spiking.shapes import Shape


def import_spikingjelly(module: nn.Module, input_shape: tuple[int, ...], name: str) -> SpikingNetwork:
    """The network of a SpikingJelly module for one sample of `input_shape`, (C, H, W) or (N,), without batch and time.

    `forward(x)` runs one time step (`step_mode='s'`) or all of them (`'m'`), the same for all modules. Membranes begin
    at v_reset, or at 0 with a soft reset. Raises one `E3neError` that names every module and every setting that is not
    supported.
    """
    if importlib.util.find_spec("torch") is None:
        raise E3neError("PyTorch is needed for this model: pip install 'e3ne[torch]'")
    from e3ne.frontends.spiking.module_import import Library, import_module

    modes = {part: str(_attribute(part, "step_mode")) for part in module.modules() if type(part).__name__ in _NEURONS}
    if len(set(modes.values())) > 1:
        raise E3neError(f"network '{name}': its neurons have different step_modes; use functional.set_step_mode")
    lead = 2 if "m" in modes.values() else 1
    return import_module(module, input_shape, name, Library("spikingjelly", _NEURONS, _returns_states, lead))


def _returns_states(module: nn.Module) -> bool:
    return False


def _if(module: nn.Module, shape: Shape) -> Neuron:
    """The step is u = v + x."""
    return _neuron(module, np.ones(1), np.ones(1), None)


def _lif(module: nn.Module, shape: Shape) -> Neuron:
    """The step is u = v + (x − (v − v_reset))/τ, or with x for x/τ."""
    tau = _attribute(module, "tau")
    if not isinstance(tau, int | float):
        raise E3neError(f"its tau is {tau}, not a number")
    rate = np.full(1, 1.0 / tau)
    return _neuron(module, 1.0 - rate, rate if _attribute(module, "decay_input") else np.ones(1), None)


def _parametric_lif(module: nn.Module, shape: Shape) -> Neuron:
    """As LIFNode with 1/τ = sigmoid(w), w trained."""
    from e3ne.frontends.spiking.module_layers import reals

    try:
        w = per_channel(reals(_attribute(module, "w"), "w"), shape)
    except E3neError as error:
        raise E3neError(f"its w {error}") from error
    rate = snapped(1.0 / (1.0 + np.exp(-w)))
    return _neuron(module, 1.0 - rate, rate if _attribute(module, "decay_input") else np.ones(1), None)


def _cuba_lif(module: nn.Module, shape: Shape) -> Neuron:
    """The step is c = c_decay·c + x; u = v_decay·v + c, which leaks to 0 whatever v_reset is."""
    decays = [_attribute(module, name) for name in ("v_decay", "c_decay")]
    if not all(isinstance(decay, int | float) for decay in decays):
        raise E3neError("its c_decay and v_decay must be numbers")
    v_decay, c_decay = (np.full(1, cast(float, decay)) for decay in decays)
    return _neuron(module, v_decay, np.ones(1), c_decay)


def _neuron(module: nn.Module, decay: Reals, gain: Reals, synapse_decay: Reals | None) -> Neuron:
    """The neuron of a module with its threshold and reset; a LIFNode's membrane is measured from v_reset."""
    threshold, reset = _attribute(module, "v_threshold"), _attribute(module, "v_reset")
    if not isinstance(threshold, int | float) or not (reset is None or isinstance(reset, int | float)):
        raise E3neError("its v_threshold and v_reset must be numbers")
    _check_spikes(_attribute(module, "surrogate_function"))
    first = 0.0 if reset is None else float(reset)
    rest = 0.0 if synapse_decay is not None else first
    return Neuron(
        threshold=np.full(1, threshold - rest),
        decay=decay,
        gain=gain,
        fires="ge",
        reset="subtract" if reset is None else "value",
        timing="same_step",
        reset_value=np.full(1, first - rest),
        initial=np.full(1, first - rest),
        synapse_decay=synapse_decay,
    )


def _check_spikes(surrogate: object) -> None:
    """Refuses surrogates that do not spike, as those with spiking=False."""
    import torch

    probe = torch.tensor([-2.0, -0.1, 0.0, 0.1, 2.0] * 16)
    with torch.no_grad():
        spikes = cast("Callable[[torch.Tensor], torch.Tensor]", surrogate)(probe)
    if not torch.equal(spikes, (probe >= 0).to(spikes.dtype)):
        raise E3neError("its surrogate_function spikes at other values than those from 0 on (spiking=False?)")


def _attribute(module: nn.Module, name: str) -> object:
    return getattr(module, name)


_NEURONS: Mapping[str, Callable[[nn.Module, Shape], Neuron]] = {
    "IFNode": _if,
    "LIFNode": _lif,
    "ParametricLIFNode": _parametric_lif,
    "CUBALIFNode": _cuba_lif,
}
