"""The structure of a NIR graph: subgraphs' ports, recurrent edges and fan-in, to nodes in the order of computation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx

from e3ne.frontends.spiking.nir_neurons import NEURONS
from e3ne.frontends.spiking.nir_source import RawGraph, RawNode

RECURRENT = ("Linear", "Affine")
"""Types that may stand between a neuron and itself; the spikes that go through them come one step later."""


@dataclass(eq=False)
class Wiring:
    """A graph without cycles.

    `sources` are the nodes whose results a node takes, added up if there are several. `recurrent` are the linear nodes
    through which a neuron drives itself; they are in `order` no more.
    """

    order: list[str] = field(default_factory=list[str])
    sources: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    recurrent: dict[str, list[RawNode]] = field(default_factory=dict[str, list[RawNode]])
    input: str | None = None
    outputs: Sequence[str] = ()
    """the nodes whose sum is the result"""


def wire(graph: RawGraph, position: Callable[[RawNode], int], problems: list[str]) -> Wiring | None:
    """The order and the sources of the nodes of a graph; None, with `problems` longer, if there is no order.

    Among nodes that could come in any order, the one with the lower `position` comes first, then by name.
    """
    edges = _without_ports(graph, _known_edges(graph, problems))
    nodes = {name: node for name, node in graph.nodes.items() if node.kind != "Pass"}
    wiring = Wiring()
    edges = _cut_recurrent(nodes, edges, wiring)
    looped = {node.name for parts in wiring.recurrent.values() for node in parts}
    names = [name for name in nodes if name not in looped]
    drawn: nx.DiGraph[str] = nx.DiGraph()
    drawn.add_nodes_from(names)
    drawn.add_edges_from(edges)
    count = len(problems)
    _find_ends(nodes, edges, wiring, problems)
    _find_cycles(drawn, problems)
    if len(problems) > count:
        return None
    _find_unused(drawn, nodes, wiring, problems)
    if len(problems) > count:
        return None

    def key(name: str) -> tuple[int, str]:
        return (position(nodes[name]), name)

    ordered: list[str] = list(nx.lexicographical_topological_sort(drawn, key=key))
    wiring.order = [name for name in ordered if nodes[name].kind not in ("Input", "Output")]
    for source, target in edges:
        wiring.sources.setdefault(target, []).append(source)
    output = next(name for name in names if nodes[name].kind == "Output")
    wiring.outputs = wiring.sources[output]
    return wiring


def _known_edges(graph: RawGraph, problems: list[str]) -> list[tuple[str, str]]:
    """The edges between nodes that are there."""
    known: list[tuple[str, str]] = []
    for source, target in graph.edges:
        missing = [name for name in (source, target) if name not in graph.nodes]
        if missing and not graph.problems:
            problems.append(f"the edge from '{source}' to '{target}' ends at '{missing[0]}', which is not there")
        elif not missing:
            known.append((source, target))
    return known


def _without_ports(graph: RawGraph, edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges with each one through a subgraph's port in place of the two at it."""
    result = list(edges)
    for port in (name for name, node in graph.nodes.items() if node.kind == "Pass"):
        before = [source for source, target in result if target == port and source != port]
        after = [target for source, target in result if source == port and target != port]
        index = next((place for place, edge in enumerate(result) if port in edge), 0)
        joined = [(source, target) for source in before for target in after]
        kept = [edge for edge in result if port not in edge]
        result = [*kept[:index], *joined, *kept[index:]]
    return result


def _cut_recurrent(
    nodes: Mapping[str, RawNode], edges: Sequence[tuple[str, str]], wiring: Wiring
) -> list[tuple[str, str]]:
    """The edges without those of a neuron's way to itself through one linear node, which goes into `wiring`."""
    into, out_of = Counter(target for _, target in edges), Counter(source for source, _ in edges)
    present = set(edges)
    cut: set[tuple[str, str]] = set()
    for source, target in edges:
        node, neuron = nodes[source], nodes[target]
        alone = into[source] == 1 and out_of[source] == 1
        if node.kind in RECURRENT and neuron.kind in NEURONS and alone and (target, source) in present:
            wiring.recurrent.setdefault(target, []).append(node)
            cut |= {(source, target), (target, source)}
    return [edge for edge in edges if edge not in cut]


def _find_ends(
    nodes: Mapping[str, RawNode], edges: Sequence[tuple[str, str]], wiring: Wiring, problems: list[str]
) -> None:
    for kind in ("Input", "Output"):
        found = sorted(name for name, node in nodes.items() if node.kind == kind)
        if len(found) != 1:
            named = f": {', '.join(found)}" if found else ""
            problems.append(f"the graph must have one {kind}, not {len(found)}{named}")
        elif kind == "Input":
            wiring.input = found[0]
    for source, target in edges:
        if nodes[target].kind == "Input":
            problems.append(f"node '{target}' is the input, but node '{source}' leads to it")
        if nodes[source].kind == "Output":
            problems.append(f"node '{source}' is the output, but leads on to node '{target}'")


def _find_cycles(drawn: nx.DiGraph[str], problems: list[str]) -> None:
    for component in nx.strongly_connected_components(drawn):
        names = sorted(component)
        if len(names) > 1 or drawn.has_edge(names[0], names[0]):
            problems.append(
                f"nodes {', '.join(repr(name) for name in names)} form a cycle; only a neuron that drives itself "
                f"through one {' or '.join(RECURRENT)} has a delay of a step"
            )


def _find_unused(drawn: nx.DiGraph[str], nodes: Mapping[str, RawNode], wiring: Wiring, problems: list[str]) -> None:
    output = next(name for name in drawn if nodes[name].kind == "Output")
    reached = _reached(drawn, wiring.input or "")
    used = _reached(drawn.reverse(copy=False), output)
    for name in sorted(drawn):
        if name not in reached:
            problems.append(f"node '{name}' does not get anything from the input")
        elif name not in used:
            problems.append(f"the result of node '{name}' does not get to the output")


def _reached(drawn: nx.DiGraph[str], start: str) -> set[str]:
    """The node `start` and all that its edges lead to."""
    return {start, *(target for _, target in nx.bfs_edges(drawn, start))}
