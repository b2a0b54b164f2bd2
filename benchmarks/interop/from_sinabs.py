"""Sinabs' rows, through NIR."""

# ruff: noqa: ARG001 (every row is made with the same arguments, and hooks are called so)

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path

import nir
import numpy as np
import sinabs.layers
import torch
from sinabs.nir import to_nir
from torch import nn

from benchmarks.interop.networks import SHAPES, STEPS, Kind, Trains, active, lenet, mlp, set_weights, spikes_in
from benchmarks.interop.row import Row, Sample
from e3ne.frontends.spiking.module import import_spiking
from e3ne.frontends.spiking.nir_file import read_nir

LIBRARY = "sinabs"


def rows() -> list[Row]:
    """Its neurons may spike several times in a step."""
    cases = [("IAF", None, None), ("IAF", None, -0.5), ("LIF", True, None), ("LIF", False, None), ("LIF", False, -0.5)]
    found = [_row(kind, norm_input, least) for kind, norm_input, least in cases]
    return [*found, Row(LIBRARY, "IAF", "", "module", _module, ("MLP",), "whose modules are not read")]


def _row(kind: str, norm_input: bool | None, least: float | None) -> Row:
    settings = ["tau 4"] if kind == "LIF" else []
    settings += [] if norm_input is None else [f"norm_input {norm_input}".lower()]
    settings += [] if least is None else [f"min_v_mem {least:g}"]
    return Row(LIBRARY, kind, ", ".join(settings), "NIR", partial(_through_nir, kind, norm_input, least))


def _neurons(kind: str, norm_input: bool | None, least: float | None, shape: tuple[int, ...]) -> nn.Module:
    settings = {"min_v_mem": least, "num_timesteps": STEPS, "spike_threshold": torch.ones(shape)}
    if kind == "IAF":
        return sinabs.layers.IAFSqueeze(**settings)
    return sinabs.layers.LIFSqueeze(tau_mem=torch.full(shape, 4.0), norm_input=norm_input, **settings)


def _network(kind: str, norm_input: bool | None, least: float | None, network: Kind, strength: float) -> nn.Module:
    make = partial(_neurons, kind, norm_input, least)
    parts = mlp(make) if network == "MLP" else lenet(make, lambda: sinabs.layers.SumPool2d(2))
    return set_weights(nn.Sequential(*parts), 1, strength)


def _spiking(network: nn.Module, inputs: Trains) -> dict[str, Trains]:
    """Its layers take all steps at once, (N·T, ...)."""
    found: dict[str, Trains] = {}

    def keep(name: str, module: nn.Module, given: object, result: torch.Tensor) -> None:
        found[name] = result.detach().numpy().reshape(-1, STEPS, *result.shape[1:]).astype(np.float64)

    parts = {name: p for name, p in network.named_modules() if isinstance(p, sinabs.layers.StatefulLayer)}
    handles = [part.register_forward_hook(partial(keep, name)) for name, part in parts.items()]
    with torch.no_grad():
        network(_flat(inputs))
    for handle in handles:
        handle.remove()
    return found


def _flat(inputs: Trains) -> torch.Tensor:
    return torch.from_numpy(inputs).float().flatten(0, 1)


def _through_nir(kind: str, norm_input: bool | None, least: float | None, network: Kind, folder: Path) -> Sample:
    inputs = spikes_in(SHAPES[network])
    module, expected = active(partial(_network, kind, norm_input, least, network), _spiking, inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = to_nir(module, _flat(inputs))
        graph.infer_types()
    nir.write(folder / "net.nir", graph)
    settings = f"norm_input={bool(norm_input)}".lower() + ("" if least is None else f",min_v_mem={least}")
    return Sample(read_nir(folder / "net.nir", f"sinabs:{settings}"), expected, inputs)


def _module(network: Kind, folder: Path) -> Sample:
    module = _network("IAF", None, None, network, 1.0)
    return Sample(import_spiking(module, (12, 1, 1), "net"), {}, spikes_in(SHAPES[network]))
