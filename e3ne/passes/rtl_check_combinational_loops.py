"""Refuses designs with combinational loops."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin
from xdsl.passes import ModulePass

from e3ne.analysis.combinational_loops import combinational_loops
from e3ne.errors import E3neError


@dataclass(frozen=True)
class RtlCheckCombinationalLoopsPass(ModulePass):
    """Changes nothing. Raises E3neError that lists every combinational loop, module by module, with its path."""

    name = "rtl-check-combinational-loops"

    def apply(self, ctx: Context, op: builtin.ModuleOp) -> None:
        loops = combinational_loops(op)
        if loops:
            raise E3neError("\n".join(loop.message() for loop in loops))
