"""A NIR file as plain nodes and edges. It is read with h5py and not with nir, which stops at the first thing it does
not know, builds shapes with mistakes, and follows links to other files; a file is data from strangers. What reads it is
a process of its own, since damaged bytes may end it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError
from e3ne.frontends.spiking import nir_reader
from e3ne.frontends.spiking.nir_reader import MOST_SECONDS, REFUSED, Packed

Value = NDArray[np.generic] | str

READER: Sequence[str] = (sys.executable, "-P", nir_reader.__file__)
"""The program that reads files. -P: its folder, whose modules have names of the standard library's, is no place to
import from."""


@dataclass(frozen=True, eq=False)
class RawNode:
    """A node of the file: its type (`LIF`, `Conv2d`, ...), its fields and its metadata, all unchecked."""

    name: str
    kind: str
    fields: Mapping[str, Value]
    metadata: Mapping[str, Value]


@dataclass(eq=False)
class RawGraph:
    """All nodes, those of subgraphs included as `subgraph.node`; the Input and Output of a subgraph are kind `Pass`."""

    nodes: dict[str, RawNode] = field(default_factory=dict[str, RawNode])
    edges: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    metadata: Mapping[str, Value] = field(default_factory=dict[str, Value])
    problems: list[str] = field(default_factory=list[str])


def read_graph(path: Path) -> RawGraph:
    """The nodes and edges of a NIR file, with the problems found on the way.

    Raises `E3neError` if the file cannot be read at all, or if h5py is missing.
    """
    if importlib.util.find_spec("h5py") is None:
        raise E3neError("the package nir is needed for NIR files: pip install 'e3ne[nir]'")
    if not path.is_file():
        raise E3neError(f"NIR file '{path}' does not exist")
    root = _read(path).get("node")
    if not isinstance(root, dict) or text_of(root.get("type")) != "NIRGraph":
        raise E3neError(f"NIR file '{path}' is an HDF5 file, but holds no NIR graph")
    graph = RawGraph(metadata=_values(root.get("metadata")))
    _collect(graph, root, "")
    return graph


Tree = dict[str, "Tree | Value"]


def text_of(value: Tree | Value | None) -> str | None:
    """A text itself; None for all else, as an array, which cannot be compared with a text."""
    return value if isinstance(value, str) else None


def _read(path: Path) -> Tree:
    """All that is in a file."""
    with tempfile.TemporaryFile() as found:
        problem = _problem(path, found)
        if problem:
            raise E3neError(f"NIR file '{path}' {problem}")
        with np.load(found, allow_pickle=False) as arrays:
            return unpacked(json.loads(arrays["tree"].tobytes()), arrays)


def _problem(path: Path, found: IO[bytes]) -> str:
    """Lets another process read a file and write what is in it to `found`; what kept it from that, or nothing."""
    slow = f"is damaged: reading it takes more than {MOST_SECONDS} seconds"
    # threads would take of the memory that the process is limited to
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [*READER, str(path)]
    with tempfile.TemporaryFile() as errors:
        try:
            status = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=found,
                stderr=errors,
                env=environment,
                timeout=5 * MOST_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return slow
        for output in (found, errors):
            output.seek(0)
        if status > 0:
            said = (found if status == REFUSED else errors).read().decode("utf8", "replace")
            return said if status == REFUSED else f"cannot be read: {said.strip().rpartition(chr(10))[2]}"
    if status == -signal.SIGXCPU:
        return slow
    return f"is damaged: reading it ended the HDF5 library ({signal.strsignal(-status)})" if status else ""


def unpacked(packed: Packed, arrays: Mapping[str, NDArray[np.generic]]) -> Tree:
    """What the reader gives, with its arrays and texts in their places."""
    tree: Tree = {}
    for key, item in packed.items():
        match item:
            case dict():
                tree[key] = unpacked(item, arrays)
            case ["text", str(text)]:
                tree[key] = text
            case ["array", int(number)]:
                tree[key] = arrays[str(number)]
            case [_, shape, texts]:
                tree[key] = np.array(texts, dtype=object).reshape(cast("list[int]", shape))
            case _:
                raise AssertionError(f"{key} is {item}")
    return tree


def _collect(graph: RawGraph, tree: Tree, prefix: str) -> None:
    """Adds the nodes and edges of a graph whose nodes' names begin with `prefix`."""
    nodes = tree.get("nodes")
    where = f"graph '{prefix[:-1]}'" if prefix else "the graph"
    if not isinstance(nodes, dict) or not nodes:
        graph.problems.append(f"{where} has no nodes")
        return
    subgraphs: set[str] = set()
    for key, node in nodes.items():
        name = prefix + key
        kind = node.get("type") if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(kind, str):
            graph.problems.append(f"node '{name}' has no type")
        elif name in graph.nodes:
            graph.problems.append(f"node '{name}' is there twice, once in a subgraph")
        elif kind == "NIRGraph":
            subgraphs.add(key)
            _collect(graph, node, f"{name}.")
        else:
            inner = prefix and kind in ("Input", "Output")
            fields = {field: value for field, value in node.items() if not isinstance(value, dict)}
            graph.nodes[name] = RawNode(name, "Pass" if inner else kind, fields, _values(node.get("metadata")))
    for source, target in _edges(graph, tree.get("edges"), where):
        graph.edges.append(
            (
                prefix + (_port(graph, prefix, source, nodes, "Output") if source in subgraphs else source),
                prefix + (_port(graph, prefix, target, nodes, "Input") if target in subgraphs else target),
            )
        )


def _edges(graph: RawGraph, edges: Tree | Value | None, where: str) -> list[tuple[str, str]]:
    if not isinstance(edges, np.ndarray) or edges.ndim != 2 or edges.shape[1] != 2:
        graph.problems.append(f"{where} has no list of edges")
        return []
    texts = [
        [item.decode("utf8", "replace") if isinstance(item, bytes) else str(item) for item in row] for row in edges
    ]
    pairs = [(row[0], row[1]) for row in texts]
    for pair in sorted(pair for pair, count in Counter(pairs).items() if count > 1):
        graph.problems.append(f"the edge from '{pair[0]}' to '{pair[1]}' is there twice")
    return list(dict.fromkeys(pairs))


def _port(graph: RawGraph, prefix: str, subgraph: str, nodes: Tree, kind: str) -> str:
    """The Input or Output of a subgraph, of which there must be one."""
    node = nodes[subgraph]
    inner = node.get("nodes") if isinstance(node, dict) else None
    ports = [
        key
        for key, value in (inner.items() if isinstance(inner, dict) else ())
        if isinstance(value, dict) and text_of(value.get("type")) == kind
    ]
    if len(ports) != 1:
        graph.problems.append(f"subgraph '{prefix}{subgraph}' has {len(ports)} {kind} nodes; one is needed")
        return subgraph
    return f"{subgraph}.{ports[0]}"


def _values(tree: Tree | Value | None) -> dict[str, Value]:
    if not isinstance(tree, dict):
        return {}
    return {key: value for key, value in tree.items() if not isinstance(value, dict)}
