"""Norse's rows, through NIR."""

# ruff: noqa: ARG001 (every row is made with the same arguments)

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nir
import norse.torch as norse
import numpy as np
import torch
from torch import nn

from benchmarks.interop.networks import SHAPES, Kind, Make, Trains, active, mlp, record, set_weights, spikes_in
from benchmarks.interop.row import Row, Sample
from e3ne.frontends.spiking.module import import_spiking
from e3ne.frontends.spiking.nir_file import read_nir

LIBRARY = "norse"
CELLS = {"LIFBoxCell": norse.LIFBoxCell, "LIFCell": norse.LIFCell, "IAFCell": norse.IAFCell}


def rows() -> list[Row]:
    """Cells with two resets; the exporter leaves pools out, and cannot tell a flatten's shape."""
    found = [
        Row(LIBRARY, kind, f"reset to {reset:g}", "NIR", partial(_through_nir, kind, reset, False))
        for kind in CELLS
        for reset in (0.0, -0.25)
    ]
    pools = Row(
        LIBRARY, "IAFCell", "with pools", "NIR", partial(_through_nir, "IAFCell", 0.0, True), ("LeNet",), "pool"
    )
    module = Row(LIBRARY, "IAFCell", "", "module", _module, ("MLP",), "whose modules are not read")
    return [*found, pools, module]


def _cell(kind: str, reset: float, shape: tuple[int, ...]) -> nn.Module:
    potentials = {"v_th": torch.ones(shape), "v_reset": torch.full(shape, reset)}
    leaky = {**potentials, "v_leak": torch.full(shape, 0.125), "tau_mem_inv": torch.full(shape, 125.0)}
    match kind:
        case "IAFCell":
            return norse.IAFCell(norse.IAFParameters(**potentials))
        case "LIFBoxCell":
            return norse.LIFBoxCell(norse.LIFBoxParameters(**leaky))
        case _:
            return norse.LIFCell(norse.LIFParameters(**leaky, tau_syn_inv=torch.full(shape, 500.0)))


def _layers(network: Kind, make: Make, pools: bool) -> list[nn.Module]:
    """Biases everywhere, which the exporter needs; strides in the place of pools, and no dimension of a batch."""
    if network == "MLP":
        return [part if not isinstance(part, nn.Linear) else _with_bias(part) for part in mlp(make)]
    return [
        *(nn.Conv2d(1, 4, 5, stride=1 if pools else 2), make((4, 8, 8) if pools else (4, 4, 4))),
        *([nn.AvgPool2d(2)] if pools else []),
        *(nn.Conv2d(4, 8, 3), make((8, 2, 2)), nn.Flatten(0)),
        *(nn.Linear(32, 16), make((16,)), nn.Linear(16, 10), make((10,))),
    ]


def _with_bias(layer: nn.Linear) -> nn.Linear:
    return nn.Linear(layer.in_features, layer.out_features)


def _network(kind: str, reset: float, pools: bool, network: Kind, strength: float) -> nn.Module:
    with warnings.catch_warnings():
        # the library's own: it compiles with torch.jit
        warnings.simplefilter("ignore")
        parts = _layers(network, partial(_cell, kind, reset), pools)
        return set_weights(norse.SequentialState(*parts), 2, strength)


def _spiking(network: nn.Module, inputs: Trains) -> dict[str, Trains]:
    """Each sample by itself, as the exported network has no batch."""
    names = [name for name, part in network.named_modules() if isinstance(part, tuple(CELLS.values()))]
    found = [record(network, names, inputs[n : n + 1], _one(network)) for n in range(len(inputs))]
    # the hooks saw no batch, so that time is the second dimension
    return {name: np.stack([np.moveaxis(trains[name], 1, 0) for trains in found]) for name in names}


def _one(network: nn.Module) -> Callable[[torch.Tensor], None]:
    state: list[object] = [None]

    def run(x: torch.Tensor) -> None:
        _, state[0] = network(x[0], state[0])

    return run


def _through_nir(kind: str, reset: float, pools: bool, network: Kind, folder: Path) -> Sample:
    inputs = spikes_in(SHAPES[network])
    module, expected = active(partial(_network, kind, reset, pools, network), _spiking, inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = norse.to_nir(module, torch.zeros(SHAPES[network]))
    lost = [name for name, node in graph.nodes.items() if node is None]
    if pools:
        raise ValueError(f"Norse writes no pools: its graph has nothing for {', '.join(lost)}")
    for name in lost:
        graph.nodes[name] = nir.Flatten({"input": np.array([8, 2, 2])}, 0, -1)
    graph.infer_types()
    nir.write(folder / "net.nir", graph)
    return Sample(read_nir(folder / "net.nir", f"norse:v_reset={reset}"), expected, inputs)


def _module(network: Kind, folder: Path) -> Sample:
    module = _network("IAFCell", 0.0, False, network, 1.0)
    return Sample(import_spiking(module, (12, 1, 1), "net"), {}, spikes_in(SHAPES[network]))
