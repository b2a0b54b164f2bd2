"""NIR files, of the libraries and our own, to a spiking network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, Convolution, Linear, Neuron, Node, Operation, SpikingNetwork
from e3ne.frontends.spiking.nir_dialect import LIBRARIES, UNSAID, Dialect, described, parse_dialect
from e3ne.frontends.spiking.nir_graph import Wiring, wire
from e3ne.frontends.spiking.nir_layers import LAYERS, read_layer
from e3ne.frontends.spiking.nir_metadata import (
    has_no_bias,
    is_own,
    network_name,
    own_neuron,
    own_operation,
    own_position,
)
from e3ne.frontends.spiking.nir_neurons import MAY_BE_INFINITE, NEURONS, OPTIONAL, read_neuron
from e3ne.frontends.spiking.nir_source import RawGraph, RawNode, read_graph
from e3ne.frontends.spiking.shapes import MOST_ELEMENTS, Shape, result_shape

_NO_SPIKES = ("LI", "CubaLI", "I")


def read_nir(path: str | Path, dialect: str | None = None) -> SpikingNetwork:
    """The network of a NIR file.

    `dialect` names the library that wrote it, with its settings that NIR has no field for, as `snntorch` or
    `snntorch:reset_mechanism=zero` (see `parse_dialect`); a file of `write_nir` needs none. Sinabs' `tau_syn`,
    `spike_fn` and `reset_fn`, and Norse's `reset_method`, are lost in a file as well; they are taken to be the
    library's defaults.

    Raises one `E3neError` with all problems of the file, each with the node it is about.
    """
    path = Path(path)
    graph = read_graph(path)
    own = is_own(graph.metadata)
    reading = _Reading(graph, own, None if dialect is None else parse_dialect(dialect), list(graph.problems))
    nodes = reading.nodes()
    if reading.problems:
        lines = "\n".join(f"  - {problem}" for problem in reading.problems)
        raise E3neError(f"NIR file '{path}' cannot be imported:\n{lines}")
    return SpikingNetwork(network_name(graph.metadata, path.stem), reading.input_shape(), nodes)


@dataclass(eq=False)
class _Reading:
    """Collects the problems of a graph; makes nodes of what has none."""

    graph: RawGraph
    own: bool
    dialect: Dialect | None
    problems: list[str]
    spoiled: set[str] = field(default_factory=set[str])
    """names of nodes that have a problem, so that what follows from it is not told too"""

    def nodes(self) -> Sequence[Node]:
        """All nodes in the order of computation; incomplete if there are problems."""
        self._check_fields()
        self._check_dialect()
        wiring = wire(self.graph, own_position, self.problems)
        if wiring is None or wiring.input is None:
            return ()
        builder = _Builder(self, wiring)
        builder.build()
        return builder.nodes

    def input_shape(self) -> Shape:
        """(C, H, W) or (N,) of the graph's Input; raises `E3neError` for another one."""
        node = next(node for node in self.graph.nodes.values() if node.kind == "Input")
        value = node.fields.get("shape")
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
            raise E3neError("it has no shape")
        shape = tuple(int(size) for size in value.ravel())
        # a batch of one that the exporter did not take away
        trimmed = shape[1:] if len(shape) in (2, 4) and shape[0] == 1 else shape
        if len(trimmed) not in (1, 3) or min(trimmed) < 1:
            raise E3neError(f"its shape is {shape}, not (C, H, W) or (N,)")
        if prod(trimmed) > MOST_ELEMENTS:
            raise E3neError(f"its shape {shape} has more than {MOST_ELEMENTS} elements")
        return trimmed

    def problem(self, node: str, text: str) -> None:
        """Notes a problem of a node."""
        self.problems.append(f"node '{node}': {text}")
        self.spoiled.add(node)

    def _check_fields(self) -> None:
        for node in self.graph.nodes.values():
            if node.kind in ("Input", "Output", "Pass"):
                continue
            needed = NEURONS.get(node.kind) or LAYERS.get(node.kind)
            if node.kind in _NO_SPIKES:
                self.problem(node.name, f"{node.kind} does not spike; end the network with spiking neurons")
            elif needed is None and node.kind not in LAYERS:
                known = ", ".join(sorted({*NEURONS, *LAYERS}))
                self.problem(node.name, f"type {node.kind} is not supported; supported are {known}")
            else:
                self._check_numbers(node, needed or ())

    def _check_numbers(self, node: RawNode, needed: Sequence[str]) -> None:
        for name in (*needed, *(optional for optional in OPTIONAL if optional in node.fields)):
            value = node.fields.get(name)
            if value is None:
                self.problem(node.name, f"its {name} is missing")
            elif isinstance(value, str):
                if (name, value) not in (("padding", "same"), ("padding", "valid")):
                    self.problem(node.name, f"its {name} is the text '{value}'")
            elif value.dtype.kind not in "fiub" or value.size == 0:
                self.problem(node.name, f"its {name} is not numbers")
            elif np.isnan(value).any():
                self.problem(node.name, f"its {name} has an element that is not a number")
            elif np.isinf(value).any() and not (self.own or (name in MAY_BE_INFINITE and node.kind in NEURONS)):
                self.problem(node.name, f"its {name} has an infinite element")

    def _check_dialect(self) -> None:
        if self.own or self.dialect is not None:
            return
        neurons = [node for node in self.graph.nodes.values() if node.kind in NEURONS]
        for node in neurons:
            self.problem(node.name, f"{node.kind} leaves open {UNSAID[node.kind]}")
        if neurons:
            self.problems.append(f"name the dialect of the file, one of {', '.join(LIBRARIES)}: {described()}")


@dataclass(eq=False)
class _Builder:
    """Goes over the nodes in their order with the shapes known so far."""

    reading: _Reading
    wiring: Wiring
    nodes: list[Node] = field(default_factory=list[Node])
    known: dict[str, tuple[int, Shape]] = field(default_factory=dict[str, tuple[int, Shape]])
    """by the name of a node of the file, where its result is and its shape"""

    def build(self) -> None:
        """Makes all nodes that can be made, and notes the problems of the others."""
        entry = self.wiring.input or ""
        try:
            self.known[entry] = (-1, self.reading.input_shape())
        except E3neError as error:
            self.reading.problem(entry, str(error))
        for name in self.wiring.order:
            sources = self.wiring.sources[name]
            if name in self.reading.spoiled or any(source not in self.known for source in sources):
                continue
            try:
                self._node(self.reading.graph.nodes[name], sources)
            except E3neError as error:
                self.reading.problem(name, str(error))
        if all(source in self.known for source in self.wiring.outputs):
            self._output()

    def _node(self, raw: RawNode, sources: Sequence[str]) -> None:
        if self.reading.own and isinstance(operation := own_operation(raw), Add):
            self._append(raw.name, raw.name, operation, [self.known[source] for source in sources])
            return
        given = [self.known[source] for source in sources]
        if len(given) > 1:
            given = [self._append(None, f"{raw.name}.sum", Add(), given)]
        self._append(raw.name, raw.name, self._operation(raw, given[0][1]), given)

    def _append(
        self, raw: str | None, name: str, operation: Operation, given: Sequence[tuple[int, Shape]]
    ) -> tuple[int, Shape]:
        shape = result_shape(operation, [shape for _, shape in given])
        taken = {node.name for node in self.nodes} | {*self.reading.graph.nodes} - {name}
        while name in taken:
            name += "_"
        self.nodes.append(Node(name, operation, tuple(place for place, _ in given), shape))
        result = (len(self.nodes) - 1, shape)
        if raw is not None:
            self.known[raw] = result
        return result

    def _operation(self, raw: RawNode, shape: Shape) -> Operation:
        if self.reading.own and (operation := own_operation(raw)) is not None:
            return operation
        if raw.kind not in NEURONS:
            operation = read_layer(raw.kind, raw.fields, shape)
            if self.reading.own and isinstance(operation, Convolution) and has_no_bias(raw):
                return replace(operation, bias=None)
            return operation
        if self.reading.own:
            neuron = own_neuron(raw)
        else:
            assert self.reading.dialect is not None
            neuron = read_neuron(raw.kind, raw.fields, self.reading.dialect, shape)
        return self._with_recurrence(neuron, raw.name, shape)

    def _with_recurrence(self, neuron: Neuron, name: str, shape: Shape) -> Neuron:
        for part in self.wiring.recurrent.get(name, ()):
            if part.name in self.reading.spoiled:
                raise E3neError(f"its recurrent weights are those of node '{part.name}'")
            linear = read_layer(part.kind, part.fields, shape)
            assert isinstance(linear, Linear)
            try:
                result_shape(replace(neuron, recurrent=linear.weights, recurrent_bias=linear.bias), [shape])
            except E3neError as error:
                raise E3neError(f"node '{part.name}' does not fit: {error}") from error
            weights = linear.weights if neuron.recurrent is None else neuron.recurrent + linear.weights
            bias = linear.bias if neuron.recurrent_bias is None else neuron.recurrent_bias
            if linear.bias is not None and neuron.recurrent_bias is not None:
                bias = neuron.recurrent_bias + linear.bias
            neuron = replace(neuron, recurrent=weights, recurrent_bias=bias)
        return neuron

    def _output(self) -> None:
        """Makes the last node the graph's result."""
        given = [self.known[source] for source in self.wiring.outputs]
        problems = self.reading.problems
        if len(given) > 1:
            try:
                self._append(None, "output.sum", Add(), given)
            except E3neError as error:
                problems.append(f"at the output, {error}")
        elif given[0][0] != len(self.nodes) - 1 and not problems:
            problems.append("the output is not the last node")
