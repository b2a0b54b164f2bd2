"""Canonicalisation patterns of `rtl`, by operation. What needs no new operation is in the folders instead."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from e3ne.dialects.rtl.arithmetic import (
    AddOp,
    BitwiseOp,
    EqOp,
    MuxOp,
    NeOp,
    NotOp,
    SubOp,
)
from e3ne.dialects.rtl.bits import ConcatOp, ExtractOp, ReduceOrOp, ReduceXorOp, SextOp, ZextOp
from e3ne.dialects.rtl.canonicalization import logic, narrowing, state, wiring
from e3ne.dialects.rtl.memory import MemoryOp, MemoryWriteOp
from e3ne.dialects.rtl.register import RegisterOp
from e3ne.dialects.rtl.table import TableOp


def patterns_of(operation: type[Operation]) -> tuple[RewritePattern, ...]:
    """The patterns that apply to operations of this class."""
    if issubclass(operation, BitwiseOp):
        return (logic.MergeOperands(), narrowing.NarrowBitwise())
    return _PATTERNS.get(operation, ())


_PATTERNS: dict[type[Operation], tuple[RewritePattern, ...]] = {
    AddOp: (logic.ConstantOperandLast(), narrowing.NarrowArithmetic()),
    SubOp: (narrowing.NarrowArithmetic(),),
    NotOp: (narrowing.NarrowBitwise(),),
    EqOp: (logic.CompareBit(),),
    NeOp: (logic.CompareBit(),),
    MuxOp: (logic.MuxOfConditions(), narrowing.NarrowBitwise()),
    ConcatOp: (wiring.FlattenConcat(), wiring.MergeAdjacentParts()),
    ExtractOp: (wiring.ExtractOfWiring(),),
    ZextOp: (wiring.ExtensionOfExtension(),),
    SextOp: (wiring.ExtensionOfExtension(), narrowing.NarrowSext()),
    ReduceOrOp: (wiring.ReductionOfZext(),),
    ReduceXorOp: (wiring.ReductionOfZext(),),
    TableOp: (wiring.SmallerTable(), narrowing.NarrowTable()),
    RegisterOp: (state.DropEnable(), narrowing.NarrowRegister()),
    MemoryOp: (state.EraseUnreadMemory(),),
    MemoryWriteOp: (state.EraseDisabledWrite(),),
}
