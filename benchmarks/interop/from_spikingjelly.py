"""SpikingJelly's rows, as modules and through NIR."""

# ruff: noqa: ARG001 (every row is made with the same arguments)

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from spikingjelly.activation_based import functional, neuron, nir_exchange
from torch import nn

from benchmarks.interop.networks import SHAPES, Kind, Trains, active, layers, record, set_weights, spikes_in
from benchmarks.interop.row import Row, Sample
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.spikingjelly_module import import_spikingjelly

LIBRARY = "spikingjelly"
NEURONS: Mapping[str, tuple[str, Callable[..., nn.Module]]] = {
    "IFNode": ("", neuron.IFNode),
    "LIFNode": ("tau 2, ", partial(neuron.LIFNode, tau=2.0)),
    "LIFNode, input not decayed": ("tau 2, ", partial(neuron.LIFNode, tau=2.0, decay_input=False)),
    "ParametricLIFNode": ("tau 2, ", partial(neuron.ParametricLIFNode, init_tau=2.0)),
    "ParametricLIFNode, input not decayed": (
        "tau 2, ",
        partial(neuron.ParametricLIFNode, init_tau=2.0, decay_input=False),
    ),
    "CUBALIFNode": ("decays 0.5, 0.75, ", partial(neuron.CUBALIFNode, c_decay=0.5, v_decay=0.75)),
}


def rows() -> list[Row]:
    """Hard resets to two values and soft ones; NIR has no soft reset, and its exporter says so."""
    found = [_row(kind, reset, False) for kind in NEURONS for reset in (0.0, None)]
    found += [_row(kind, -0.25, False) for kind in ("IFNode", "LIFNode", "CUBALIFNode")]
    found += [_row(kind, 0.0, True) for kind in NEURONS if kind != "ParametricLIFNode, input not decayed"]
    found += [_row("LIFNode", -0.25, True)]
    return [
        *found,
        _row("IFNode", None, True, "soft reset"),
        Row(LIBRARY, "KLIFNode", "", "module", partial(_sample, neuron.KLIFNode), ("MLP",), "it is not supported"),
    ]


def _row(kind: str, reset: float | None, nir: bool, refused: str = "") -> Row:
    settings, make = NEURONS[kind]
    text = f"{settings}reset {'by subtraction' if reset is None else f'to {reset:g}'}"
    neurons = partial(make, v_threshold=1.0, v_reset=reset)
    build = partial(_through_nir if nir else _sample, neurons)
    kinds: tuple[Kind, ...] = ("MLP",) if refused else ("MLP", "LeNet")
    return Row(LIBRARY, kind, text, "NIR" if nir else "module", build, kinds, refused)


def _spiking(network: nn.Module, inputs: Trains) -> dict[str, Trains]:
    names = [name for name, part in network.named_modules() if isinstance(part, neuron.BaseNode)]
    return record(network, names, inputs)


def _built(make: Callable[[], nn.Module], network: Kind) -> tuple[nn.Module, dict[str, Trains], Trains]:
    def build(strength: float) -> nn.Module:
        return set_weights(nn.Sequential(*layers(network, lambda _: make())), 1, strength)

    inputs = spikes_in(SHAPES[network])
    module, expected = active(build, _spiking, inputs)
    functional.reset_net(module)
    return module, expected, inputs


def _sample(make: Callable[[], nn.Module], network: Kind, folder: Path) -> Sample:
    module, expected, inputs = _built(make, network)
    return Sample(import_spikingjelly(module, SHAPES[network], "net"), expected, inputs)


def _through_nir(make: Callable[[], nn.Module], network: Kind, folder: Path) -> Sample:
    module, expected, inputs = _built(make, network)
    path = folder / "net.nir"
    nir_exchange.export_to_nir(module, torch.zeros(1, *SHAPES[network]), str(path))
    return Sample(read_nir(path, LIBRARY), expected, inputs)
