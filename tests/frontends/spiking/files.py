"""NIR files made by hand for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

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
