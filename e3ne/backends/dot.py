"""The target `dot`: a drawing of a network or of a dataflow graph in Graphviz's language.

A node is a layer operation or a hardware unit with its choices, an edge a value with its type; units of one layer
stand in one box.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import I64, DenseArrayBase, FloatAttr, IntegerAttr, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Operation
from xdsl.utils.hints import isa
from xdsl.utils.target import Target

from e3ne.dialects.dataflow import GraphOp, UnitOp
from e3ne.dialects.snn import LayerOp, NetworkOp
from e3ne.errors import E3neError

NAMING = ("unit", "layer")
"""Properties that say which operation it is; all others are shown as its choices."""


@dataclass(frozen=True)
class DotTarget(Target):
    """Draws every `snn.network` and `dataflow.graph` of a module."""

    name = "dot"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Writes one digraph for each; raises E3neError when there is none."""
        drawn = [op for op in module.body.block.ops if isinstance(op, NetworkOp | GraphOp)]
        if not drawn:
            raise E3neError("nothing to draw: the module has neither an snn.network nor a dataflow.graph")
        for op in drawn:
            output.writelines(f"{line}\n" for line in draw(op))


def draw(op: NetworkOp | GraphOp) -> Iterator[str]:
    """The lines of a digraph."""
    block = op.body.block
    names = {inner: f"n{number}" for number, inner in enumerate(block.ops)}
    yield f"digraph {_quoted(op.sym_name.data)} {{"
    yield "  node [shape=box];"
    if block.args:
        yield f"  image [label={_quoted('image')}, shape=plain];"
    for layer, members in groupby(names, key=_layer):
        nodes = [f"{names[member]} [label={_quoted(*_label(member))}];" for member in members]
        yield from (f"  {line}" for line in (_boxed(layer, nodes) if layer and isinstance(op, GraphOp) else nodes))
    yield from (f"  {edge}" for edge in _edges(names))
    yield "}"


def _layer(op: Operation) -> str:
    return op.layer.data if isinstance(op, UnitOp | LayerOp) else ""


def _boxed(layer: str, nodes: Iterable[str]) -> Iterator[str]:
    yield f"subgraph {_quoted(f'cluster_{layer}')} {{"
    yield f"  label={_quoted(layer)};"
    yield from (f"  {node}" for node in nodes)
    yield "}"


def _label(op: Operation) -> Iterator[str]:
    """What it is called, what it is, and one line for each choice."""
    if isinstance(op, UnitOp):
        yield op.unit_name
    elif isinstance(op, LayerOp):
        yield op.layer_name
    yield op.name
    for name, value in op.properties.items():
        if name not in NAMING:
            yield f"{name} {_shown(value)}"


def _shown(value: Attribute) -> str:
    match value:
        case IntegerAttr():
            return str(value.value.data)
        case FloatAttr():
            return f"{value.value.data:g}"
        case StringAttr():
            return value.data
        case SymbolRefAttr():
            return f"@{value.string_value()}"
        case _ if isa(value, DenseArrayBase[I64]):
            return " ".join(str(element) for element in value.get_values())
        case _:
            return str(value)


def _edges(names: dict[Operation, str]) -> Iterator[str]:
    for op, name in names.items():
        for operand in op.operands:
            giver = names[operand.owner] if isinstance(operand.owner, Operation) else "image"
            yield f"{giver} -> {name} [label={_quoted(str(operand.type))}];"


def _quoted(*lines: str) -> str:
    """A string of Graphviz's, lines below each other."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
