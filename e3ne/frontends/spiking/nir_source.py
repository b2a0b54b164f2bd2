"""A NIR file as plain nodes and edges. It is read with h5py and not with nir, which stops at the first thing it does
not know, builds shapes with mistakes, and follows links to other files; a file is data from strangers.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError

Value = NDArray[np.generic] | str

_MOST_BYTES = 2**31
_MOST_DEPTH = 8
_MOST_ITEMS = 2**18


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

    Raises `E3neError` if the file cannot be read at all, or if h5py is missing. A file whose bytes are damaged inside,
    with its length right, may make the HDF5 library itself end the process.
    """
    if importlib.util.find_spec("h5py") is None:
        raise E3neError("the package nir is needed for NIR files: pip install 'e3ne[nir]'")
    if not path.is_file():
        raise E3neError(f"NIR file '{path}' does not exist")
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(path, "r") as file:
            tree = _Reader(h5py).group(file, 0)
    except E3neError as error:
        raise E3neError(f"NIR file '{path}': {error}") from error
    except Exception as error:
        # h5py raises OSError, KeyError, ValueError, RuntimeError ... for what is damaged
        first = next(iter(str(error).splitlines()), "")
        raise E3neError(f"NIR file '{path}' is not a readable HDF5 file: {first}") from error
    root = tree.get("node")
    if not isinstance(root, dict) or text_of(root.get("type")) != "NIRGraph":
        raise E3neError(f"NIR file '{path}' is an HDF5 file, but holds no NIR graph")
    graph = RawGraph(metadata=_values(root.get("metadata")))
    _collect(graph, root, "")
    return graph


Tree = dict[str, "Tree | Value"]


def text_of(value: Tree | Value | None) -> str | None:
    """A text itself; None for all else, as an array, which cannot be compared with a text."""
    return value if isinstance(value, str) else None


class _Group(Protocol):
    """What is used of h5py's groups; the package may be missing, also when types are checked."""

    name: str

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, key: str) -> object: ...

    def get(self, name: str, *, getlink: bool) -> object: ...


class _Dataset(Protocol):
    """What is used of h5py's data sets."""

    name: str
    shape: tuple[int, ...] | None
    dtype: np.dtype[np.generic]
    is_virtual: bool
    external: object

    def __getitem__(self, key: tuple[()]) -> object: ...


@dataclass
class _Reader:
    """Reads groups and data sets up to a number of them and of bytes; groups may hold one another in a circle."""

    h5py: ModuleType
    bytes: int = 0
    items: int = 0

    def group(self, group: _Group, depth: int) -> Tree:
        """All that is in a group."""
        if depth > _MOST_DEPTH:
            raise E3neError(f"groups are nested more than {_MOST_DEPTH} deep")
        tree: Tree = {}
        for key in group:
            self.items += 1
            if self.items > _MOST_ITEMS:
                raise E3neError(f"it holds more than {_MOST_ITEMS} groups and data sets")
            if not isinstance(group.get(key, getlink=True), self.h5py.HardLink):
                raise E3neError(f"'{group.name}/{key}' is a link to somewhere else")
            item = group[key]
            if isinstance(item, self.h5py.Group):
                tree[key] = self.group(cast(_Group, item), depth + 1)
            elif isinstance(item, self.h5py.Dataset):
                tree[key] = self.dataset(cast(_Dataset, item))
        return tree

    def dataset(self, dataset: _Dataset) -> Value:
        """A text or an array."""
        if dataset.is_virtual or dataset.external:
            raise E3neError(f"'{dataset.name}' has its data in another file")
        self.bytes += int(np.prod(dataset.shape or (), dtype=object)) * int(dataset.dtype.itemsize)
        if self.bytes > _MOST_BYTES:
            raise E3neError(f"it holds more than {_MOST_BYTES >> 20} MiB of data")
        value = dataset[()]
        if isinstance(value, bytes):
            return value.decode("utf8", "replace")
        return value if isinstance(value, str) else np.asarray(value)


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
