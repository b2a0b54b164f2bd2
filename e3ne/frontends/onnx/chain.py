"""From the graph of an ONNX file to a chain of layers, with all problems of all nodes in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import cast

import numpy as np

from e3ne.dialects.parameter import identifier
from e3ne.errors import E3neError
from e3ne.frontends.onnx.arguments import Arguments, checked_shape, fitting_parameters
from e3ne.frontends.onnx.constants import FOLDERS, MOST_FOLDED_BYTES, fold, result_bytes, stored
from e3ne.frontends.onnx.description import Constant, Layer, LayerChain, Pad, Quantize
from e3ne.frontends.onnx.layers import HANDLERS, Call, Result
from e3ne.frontends.onnx.source import RawGraph, RawNode

SUPPORTED = (
    "Conv, Gemm, MatMul, BatchNormalization, Relu, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean, "
    "Flatten, Reshape, Squeeze, Pad (before Conv), Add, Sub and Mul with a parameter, Identity, Dropout, Quant, "
    "QuantizeLinear with DequantizeLinear"
)
"""For messages."""

_REASONS = {
    "BipolarQuant": "numbers −1 and +1 are not supported; quantise to 2 bits or more",
    "Trunc": "truncation of sums is not supported; an average pool in front of weights needs no rounding",
    "FloatQuant": "quantisation to small floating-point numbers is not supported",
}


def read_chain(graph: RawGraph) -> LayerChain:
    """The layers of a graph, in order; raises one `E3neError` that names all nodes that cannot be part of it."""
    reading = _Reading(graph, list(graph.problems))
    reading.read()
    if reading.problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(reading.problems))
        raise E3neError(f"ONNX network '{graph.name}' cannot be imported:\n{lines}\n(supported are: {SUPPORTED})")
    return LayerChain(graph.name, graph.shape, reading.layers)


@dataclass(eq=False)
class _Reading:
    graph: RawGraph
    problems: list[str]
    layers: list[Layer] = field(default_factory=list[Layer])
    constants: dict[str, Constant] = field(default_factory=dict[str, Constant])
    unknown: set[str] = field(default_factory=set[str])
    """results of nodes that have a problem: what follows from it is not told too"""
    current: str = ""
    """the tensor that the last layer gives"""
    names: set[str] = field(default_factory=set[str])
    """of the layers"""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """the last one that a name was given"""
    folded: int = 0
    """bytes of the constants that nodes have given"""
    passed: set[str] = field(default_factory=set[str])
    """tensors that the chain has gone through"""

    def read(self) -> None:
        """Goes over all nodes in the order of computation."""
        self.constants = {name: stored(array) for name, array in self.graph.tensors.items()}
        self.current, self.unknown = self.graph.input, set(self.graph.unread)
        for node in self._ordered():
            try:
                self._node(node)
            except E3neError as error:
                self._problem(node, str(error))
        if self.problems:
            return
        if self.current != self.graph.output:
            what = "is a constant" if self.graph.output in self.constants else "is not the last layer's result"
            self.problems.append(f"the output '{self.graph.output}' {what}: a network is a chain of layers")
        if self.layers and isinstance(operation := self.layers[-1].operation, Quantize | Pad):
            unfinished = isinstance(operation, Pad) or operation.is_open
            self.problems += [f"{self.layers[-1].title}: nothing follows it"] if unfinished else []

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the value in hand."""
        return self.layers[-1].shape if self.layers else self.graph.shape

    def _ordered(self) -> Sequence[RawNode]:
        makers: dict[str, int] = {}
        for number, node in enumerate(self.graph.nodes):
            for output in filter(None, node.outputs):
                if output in makers or output in self.graph.tensors or output == self.graph.input:
                    self._problem(node, f"its result '{output}' is also another's")
                makers[output] = number
        sources = {
            number: sorted({makers[name] for name in node.inputs if name in makers})
            for number, node in enumerate(self.graph.nodes)
        }
        try:
            return [self.graph.nodes[number] for number in TopologicalSorter(sources).static_order()]
        except CycleError as error:
            around = cast("list[int]", error.args[1])
            names = ", ".join(f"'{self.graph.nodes[number].name}'" for number in around[1:])
            self.problems.append(f"nodes {names} take each other's results")
            return ()

    def _problem(self, node: RawNode, text: str) -> None:
        self.problems.append(f"{node.title}: {text}")
        self.unknown.update(node.outputs)

    def _node(self, node: RawNode) -> None:
        given = [name for name in node.inputs if name]
        constants = {place: self.constants[name] for place, name in enumerate(node.inputs) if name in self.constants}
        if not any(node.outputs[:1]):
            raise E3neError("it gives no result")
        if problem := node.domain_problem:
            raise E3neError(problem)
        if any(name in self.unknown for name in given):
            if node.kind not in {*HANDLERS, *FOLDERS, "Shape"}:
                raise E3neError(_REASONS.get(node.kind, "it is not supported"))
            self.unknown.update(node.outputs)
        elif node.kind == "Shape" and given == [self.current]:
            self._give(node, _shape_of(Arguments(node, constants, self.graph.opset), self.shape))
        elif all(name in self.constants for name in given) and (node.kind in FOLDERS or node.kind not in HANDLERS):
            if node.kind not in FOLDERS:
                raise E3neError(_REASONS.get(node.kind, "it is not supported"))
            self._fold(node, Arguments(node, constants, self.graph.opset))
        elif node.kind not in HANDLERS:
            raise E3neError(_REASONS.get(node.kind, "it is not supported"))
        else:
            self._layer(node, constants)

    def _give(self, node: RawNode, value: Constant) -> None:
        checked_shape(value.shape)
        self.constants[node.outputs[0]] = value

    def _fold(self, node: RawNode, arguments: Arguments) -> None:
        self.folded += result_bytes(arguments)
        if self.folded > MOST_FOLDED_BYTES:
            raise E3neError(f"constants up to here need more than {MOST_FOLDED_BYTES} bytes")
        self._give(node, fold(arguments))

    def _layer(self, node: RawNode, constants: dict[int, Constant]) -> None:
        values = [place for place, name in enumerate(node.inputs) if name and place not in constants]
        for place in values:
            name = node.inputs[place]
            if name != self.current:
                known = name in self.passed or name == self.graph.input
                what = "which other nodes take too" if known else "which no node gives"
                raise E3neError(f"it takes '{name}', {what}: a network is a chain of layers")
        if len(values) != 1:
            raise E3neError(f"it takes {len(values)} results of layers, not one: a network is a chain of layers")
        before = self.layers[-1].operation if self.layers else None
        if isinstance(before, Pad) and node.kind not in ("Conv", "Identity", "Dropout"):
            raise E3neError("it follows a Pad, which is supported in front of a Conv only")
        if isinstance(before, Quantize) and before.is_open and node.kind not in ("Clip", "DequantizeLinear"):
            raise E3neError("it follows a QuantizeLinear without DequantizeLinear")
        with fitting_parameters():
            result = HANDLERS[node.kind](Call(node, constants, self.graph.opset, values[0], self.shape, before))
        self._append(node, result)
        self.passed.add(self.current)
        self.current = node.outputs[0]

    def _append(self, node: RawNode, result: Result) -> None:
        replaced = self.layers.pop() if result.replaces else None
        if replaced is not None:
            self.names.discard(replaced.name)
        for operation, shape in result.layers:
            kept = replaced if replaced is not None and not isinstance(replaced.operation, Pad) else None
            name = identifier(node.name.removeprefix("node_").strip("/.")) if kept is None else kept.name
            title = node.title if kept is None else kept.title
            self.layers.append(Layer(self._unused(name), title, operation, checked_shape(shape)))

    def _unused(self, wanted: str) -> str:
        """The name itself or with the first free number behind those that were given before."""
        name = wanted
        while name in self.names:
            self.numbers[wanted] = self.numbers.get(wanted, 0) + 1
            name = f"{wanted}_{self.numbers[wanted]}"
        self.names.add(name)
        return name


def _shape_of(arguments: Arguments, shape: tuple[int, ...]) -> Constant:
    """The sizes of a value of one image, or those from `start` to `end`, which are clipped as Python's slices are."""
    sizes = np.array((1, *shape), np.int64)
    return Constant(sizes[arguments.integer("start", 0) : arguments.integer("end", len(sizes))])
