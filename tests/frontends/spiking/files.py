"""NIR files and networks made by hand for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Pool,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.nir_file import read_nir

h5py = pytest.importorskip("h5py")

Fields = Mapping[str, object]

LIF: Fields = {"type": "LIF", "tau": np.full(4, 2e-4), "r": np.full(4, 2.0), "v_leak": np.zeros(4)} | {
    "v_threshold": np.ones(4)
}
AFFINE: Fields = {"type": "Affine", "weight": np.eye(4, 3), "bias": np.zeros(4)}
INPUT: Fields = {"type": "Input", "shape": np.array([3])}
OUTPUT: Fields = {"type": "Output", "shape": np.array([4])}

CHAIN: Mapping[str, Fields] = {"input": INPUT, "fc": AFFINE, "lif": LIF, "output": OUTPUT}
EDGES = [("input", "fc"), ("fc", "lif"), ("lif", "output")]


def write(path: Path, nodes: Mapping[str, Fields], edges: Sequence[tuple[str, str]]) -> Path:
    """A NIR file with these nodes and edges, right or wrong."""
    with h5py.File(path, "w") as file:
        file["version"] = "1.0"
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        graph.create_dataset("edges", data=np.array(edges, dtype=h5py.string_dtype()).reshape(-1, 2))
        _fill(graph.create_group("nodes"), nodes)
    return path


def _fill(group: h5py.Group, nodes: Mapping[str, object]) -> None:
    for name, value in nodes.items():
        if isinstance(value, Mapping):
            _fill(group.create_group(name), value)
        elif isinstance(value, list):
            group.create_dataset(name, data=np.array(value, dtype=h5py.string_dtype()).reshape(-1, 2))
        else:
            group[name] = value


def problems(path: Path, dialect: str | None = "snntorch") -> str:
    with pytest.raises(E3neError) as error:
        read_nir(path, dialect)
    return str(error.value)


def with_lif(**changes: object) -> dict[str, object]:
    return {**CHAIN, "lif": {**LIF, **changes}}


def everything() -> SpikingNetwork:
    """A network with all that a file of our own can say."""
    random = np.random.default_rng(0)
    one, zero = np.ones(1), np.zeros(1)
    plain = Neuron(one, one * 0.9, one, "gt", "subtract", "next_step", zero, zero)
    full = Neuron(
        *(random.random(4), random.random(4), random.random(4), "ge", "value", "same_step", zero - 0.25, zero + 0.125),
        **{"loses_input": True, "least": zero - 2, "synapse_decay": random.random(4)},
    )
    still = Neuron(one, one, one, "ge", "subtract", "same_step", zero, zero, several=True)
    loop = Neuron(
        *(one, one * 0.3, one, "gt", "none", "compared", zero, zero),
        **{"recurrent": random.random((5, 5)), "recurrent_bias": random.random(5)},
    )
    grouped = Convolution(random.random((4, 2, 2, 2)), random.random(4), padding=(0, 0, 1, 1), groups=2)
    nodes = [
        Node("z", Convolution(random.random((4, 2, 3, 3)), None, padding=(1, 1, 1, 1)), (-1,), (4, 6, 6)),
        Node("n", full, (0,), (4, 6, 6)),
        Node("even", grouped, (1,), (4, 6, 6)),
        Node("a", Add(), (2, 1, 0), (4, 6, 6)),
        Node("input", still, (3,), (4, 6, 6)),
        Node("p", Pool("sum", (2, 3), (2, 3)), (4,), (4, 3, 2)),
        Node("q", Pool("average", (3, 1), (1, 1), (1, 0, 1, 0)), (5,), (4, 3, 2)),
        Node("s", Scale(0.375), (6,), (4, 3, 2)),
        Node("f", Flatten(), (7,), (24,)),
        Node("b", Linear(random.random((5, 24)), random.random(5)), (8,), (5,)),
        Node("m", loop, (9,), (5,)),
        Node("c", Linear(random.random((3, 5)), None), (10,), (3,)),
        Node("output", plain, (11,), (3,)),
    ]  # fmt: skip
    return SpikingNetwork("all of it", (2, 6, 6), nodes)
