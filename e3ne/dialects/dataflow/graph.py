"""The graph that holds the units."""

from __future__ import annotations

from xdsl.dialects.builtin import SymbolNameConstraint
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, region_def, traits_def
from xdsl.traits import IsolatedFromAbove, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow.base import UnitOp
from e3ne.dialects.dataflow.boundary import SinkOp, SourceOp


@irdl_op_definition
class GraphOp(IRDLOperation):
    """A network of units: the whole accelerator, which becomes the top module of this name."""

    name = "dataflow.graph"
    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), NoTerminator())
    assembly_format = "$sym_name attr-dict-with-keyword $body"

    def verify_(self) -> None:
        """Unit names are unique, and the graph has one source and one sink."""
        names = [op.unit_name for op in self.body.block.ops if isinstance(op, UnitOp)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise VerifyException(f"graph {self.sym_name.data}: several units are named {', '.join(twice)}")
        for kind in (SourceOp, SinkOp):
            if sum(isinstance(op, kind) for op in self.body.block.ops) != 1:
                raise VerifyException(f"graph {self.sym_name.data}: exactly one {kind.name} is needed")


def units_of(graph: GraphOp) -> list[UnitOp]:
    """The units of a graph in order."""
    return [op for op in graph.body.block.ops if isinstance(op, UnitOp)]


def producer(value: SSAValue) -> UnitOp:
    """The unit that gives a stream."""
    owner = value.owner
    assert isinstance(owner, UnitOp)
    return owner
