"""snnTorch's rows, as modules and through NIR."""

# ruff: noqa: ARG001 (every row is made with the same arguments)

from __future__ import annotations

import warnings
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import nir
import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from torch import nn

from benchmarks.interop.networks import SHAPES, Kind, Trains, active, layers, record, set_weights, spikes_in
from benchmarks.interop.row import Row, Sample
from e3ne.frontends.spiking.nir_file import read_nir
from e3ne.frontends.spiking.snntorch_module import import_snntorch

LIBRARY = "snntorch"
BETA, ALPHA = 0.875, 0.5
"""Decays that 16 bits represent exactly, as do the others of this table: of others some spikes would differ."""


def rows() -> list[Row]:
    """All resets of each neuron; recurrent ones have a linear layer each, or leaky neurons in maps."""
    delayed = [("subtract", True), ("zero", True)]
    resets = [*delayed, ("subtract", False), ("zero", False), ("none", True)]
    found = [_row(kind, *reset) for kind in ("Leaky", "Synaptic", "RLeaky") for reset in resets]
    found += [_row("RSynaptic", *reset) for reset in delayed]
    found += [_row("Lapicque", mechanism) for mechanism in ("subtract", "zero", "none")]
    found += [_row(kind, *reset, through="NIR") for kind in ("Leaky", "Synaptic") for reset in delayed]
    found += [_row(kind, *delayed[0], through="NIR") for kind in ("RLeaky", "RSynaptic")]
    return [
        *found,
        _row("RSynaptic", "subtract", False, refused="broken in snnTorch"),
        _row("Alpha", "subtract", refused="it is not supported"),
        _row("Lapicque", "subtract", through="NIR", refused="writes no Lapicque"),
        _row("Leaky", *delayed[0], through="NIR, no dialect", refused="name the dialect"),
    ]


def _row(kind: str, mechanism: str, delay: bool | None = None, *, through: str = "module", refused: str = "") -> Row:
    settings: dict[str, object] = {"reset_mechanism": mechanism}
    text = f"reset {mechanism}"
    if delay is not None:
        settings["reset_delay"] = delay
        text += ", delayed" if delay else ", at once"
    make = partial(_sample, kind, settings)
    if through != "module":
        make = partial(_through_nir, kind, settings, through == "NIR")
    return Row(LIBRARY, kind, text, through, make, ("MLP",) if refused else ("MLP", "LeNet"), refused)


def _neurons(kind: str, settings: dict[str, object], full: bool, shape: tuple[int, ...]) -> nn.Module:
    """Of a layer; `full`: parameters for each neuron, which the exporter needs."""
    if kind.startswith("R") and len(shape) == 3:
        kind = kind[1:]
    size = shape if full else (1,)
    given: dict[str, object] = {"threshold": torch.ones(size), **settings, "init_hidden": True}
    if kind == "Lapicque":
        return snn.Lapicque(R=2.0, C=4.0, **given)
    if kind == "Alpha":
        return snn.Alpha(alpha=BETA, beta=ALPHA, **given)
    if kind.endswith("Synaptic"):
        given["alpha"] = torch.full(size, ALPHA)
    if kind.startswith("R"):
        given["linear_features"] = shape[0]
    return getattr(snn, kind)(beta=torch.full(size, BETA), **given)


def _spiking(network: nn.Module, inputs: Trains) -> dict[str, Trains]:
    return record(network, [name for name, part in network.named_modules() if _is_neuron(part)], inputs)


def _is_neuron(part: nn.Module) -> bool:
    return isinstance(part, snn.SpikingNeuron)


def _built(
    kind: str, settings: dict[str, object], full: bool, network: Kind
) -> tuple[nn.Module, dict[str, Trains], Trains]:
    def build(strength: float) -> nn.Module:
        return set_weights(nn.Sequential(*layers(network, partial(_neurons, kind, settings, full))), 1, strength)

    inputs = spikes_in(SHAPES[network])
    if kind == "Alpha" or (kind, settings.get("reset_delay")) == ("RSynaptic", False):
        return build(1.0), {}, inputs
    return *active(build, _spiking, inputs), inputs


def _sample(kind: str, settings: dict[str, object], network: Kind, folder: Path) -> Sample:
    module, expected, inputs = _built(kind, settings, False, network)
    return Sample(import_snntorch(module, SHAPES[network], "net"), expected, inputs)


def _through_nir(kind: str, settings: dict[str, object], named: bool, network: Kind, folder: Path) -> Sample:
    module, expected, inputs = _built(kind, settings, True, network)
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        try:
            graph = export_to_nir(module, torch.zeros(1, *SHAPES[network]), ignore_dims=[0])
        except AttributeError as error:
            raise ValueError(f"snnTorch writes no {kind}: its exporter stops with: {error}") from error
    graph.infer_types()
    nir.write(folder / "net.nir", graph)
    given = ",".join(f"{name}={value}".lower() for name, value in settings.items())
    return Sample(read_nir(folder / "net.nir", f"{LIBRARY}:{given}" if named else None), expected, inputs)
