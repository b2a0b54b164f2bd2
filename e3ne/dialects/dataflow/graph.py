"""The graph that holds the units."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp, SymbolNameConstraint
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
        """Unit names are unique, there is one source and one sink, and each stream goes to one later unit."""
        if not isinstance(parent := self.parent_op(), ModuleOp | None):
            raise self._error(f"stands at the top level of a module, not in '{parent.name}'")
        others = sorted({op.name for op in self.body.block.ops if not isinstance(op, UnitOp)})
        if others:
            raise self._error(f"holds units, not {', '.join(others)}")
        names = [unit.unit_name for unit in units_of(self)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise self._error(f"several units are named {', '.join(twice)}")
        for kind in (SourceOp, SinkOp):
            if sum(isinstance(op, kind) for op in self.body.block.ops) != 1:
                raise self._error(f"exactly one {kind.name} is needed")
        self._verify_streams()

    def _verify_streams(self) -> None:
        defined: set[SSAValue] = set()
        for unit in units_of(self):
            if not defined.issuperset(unit.operands):
                raise self._error(f"unit {unit.unit_name} takes a stream before the unit that gives it")
            defined.update(unit.results)
            for stream in unit.results:
                # A stream that goes nowhere needs no check: there is one sink, so another stream then goes to two.
                takers = [use.operation.unit_name for use in stream.uses if isinstance(use.operation, UnitOp)]
                if len(takers) > 1:
                    raise self._error(
                        f"the stream of unit {unit.unit_name} goes to one unit, not to {' and '.join(takers)}"
                    )

    def _error(self, message: str) -> VerifyException:
        return VerifyException(f"graph {self.sym_name.data}: {message}")


def units_of(graph: GraphOp) -> list[UnitOp]:
    """The units of a graph in order."""
    return [op for op in graph.body.block.ops if isinstance(op, UnitOp)]


def producer(value: SSAValue) -> UnitOp:
    """The unit that gives a stream."""
    owner = value.owner
    assert isinstance(owner, UnitOp)
    return owner
