"""`snn-append-argmax`: lets the network give the class instead of the membranes of the last layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dialects.snn import ArgmaxOp, MembraneType, OutputOp, find_network
from e3ne.errors import E3neError
from e3ne.passes.effects import Effect


@dataclass(frozen=True)
class SnnAppendArgmaxPass(ModulePass):
    """Puts an argmax behind the only output, which must be membranes of one dimension."""

    name = "snn-append-argmax"
    effect: ClassVar[Effect] = Effect.APPENDS_ARGMAX

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError when the output is not a vector of membranes, one for all time steps."""
        network = find_network(op)
        (value,) = network.outputs
        if not isinstance(value.type, MembraneType) or len(value.type.get_shape()) != 1:
            raise E3neError(f"network @{network.sym_name.data} does not end in a vector of membranes: it has no class")
        if value.type.frames > 1:
            raise E3neError(f"network @{network.sym_name.data} gives a result in each time step: it has no class")
        terminator = network.block.last_op
        assert isinstance(terminator, OutputOp)
        argmax = ArgmaxOp("argmax", value)
        network.block.insert_op_before(argmax, terminator)
        terminator.operands[0] = argmax.output
        network.update_type()
