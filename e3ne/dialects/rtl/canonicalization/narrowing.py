"""Patterns that drop bits which nobody reads.

They apply where every use of a result is a bit extraction: then only the bits between the lowest and the highest one
extracted are computed, and the extractions move to the operands.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from e3ne.dialects.rtl.arithmetic import ArithmeticOp, BitwiseOp, MuxOp, NotOp
from e3ne.dialects.rtl.attributes import BitsAttr, WordsAttr, width_of
from e3ne.dialects.rtl.bits import ExtractOp, SextOp
from e3ne.dialects.rtl.register import RegisterOp
from e3ne.dialects.rtl.table import TableOp


def used_range(value: SSAValue) -> tuple[int, int] | None:
    """Lowest bit that is read, and number of bits from there to the highest one; None if that is all of them."""
    if value.first_use is None:
        return None
    low, high = width_of(value), 0
    for use in value.uses:
        if not isinstance(use.operation, ExtractOp):
            return None
        low = min(low, use.operation.low)
        high = max(high, use.operation.low + use.operation.width)
    return None if high - low == width_of(value) else (low, high - low)


def replace_narrowed(op: Operation, created: Sequence[Operation], low: int, rewriter: PatternRewriter) -> None:
    """Replaces `op`, whose uses are all extractions, by the last of `created`, which holds its bits from `low` on."""
    rewriter.insert(created)
    narrow = created[-1].results[0]
    old = op.results[0]
    if narrow.name_hint is None:
        narrow.name_hint = old.name_hint
    for use in tuple(old.uses):
        extract = use.operation
        if isinstance(extract, ExtractOp):
            rewriter.replace(extract, ExtractOp.create_from(narrow, extract.low - low, extract.width))
    rewriter.erase(op)


class NarrowBitwise(RewritePattern):
    """Bitwise operations and selections: the bits in between."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BitwiseOp | NotOp | MuxOp, rewriter: PatternRewriter) -> None:
        used = used_range(op.result)
        if used is None or op.result in op.operands:
            return
        low, width = used
        data = op.operands[1:] if isinstance(op, MuxOp) else op.operands
        parts = [ExtractOp.create_from(operand, low, width) for operand in data]
        values = [part.result for part in parts]
        narrow = (
            MuxOp.create_from(op.condition, values[0], values[1])
            if isinstance(op, MuxOp)
            else type(op).create_from(values, width)
        )
        replace_narrowed(op, [*parts, narrow], low, rewriter)


class NarrowArithmetic(RewritePattern):
    """Sums and differences: the bits from 0 on, since carries come from below."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ArithmeticOp, rewriter: PatternRewriter) -> None:
        used = used_range(op.result)
        if used is None or op.result in op.operands or sum(used) == op.width:
            return
        parts = [ExtractOp.create_from(operand, 0, sum(used)) for operand in op.operands]
        narrow = type(op).create_from([part.result for part in parts], sum(used))
        replace_narrowed(op, [*parts, narrow], 0, rewriter)


class NarrowSext(RewritePattern):
    """Copies of a sign that are not read are not made."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SextOp, rewriter: PatternRewriter) -> None:
        used = used_range(op.result)
        if used is None or op.input == op.result or not width_of(op.input) < sum(used) < op.width:
            return
        replace_narrowed(op, [SextOp.create_from(op.input, sum(used))], 0, rewriter)


class NarrowTable(RewritePattern):
    """Tables: narrower words."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TableOp, rewriter: PatternRewriter) -> None:
        used = used_range(op.result)
        if used is None or op.address == op.result:
            return
        low, width = used
        words = WordsAttr.of([word >> low & ((1 << width) - 1) for word in op.words], width)
        replace_narrowed(op, [TableOp.create_from(op.address, words)], low, rewriter)


class NarrowRegister(RewritePattern):
    """Registers: fewer bits are stored."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: RegisterOp, rewriter: PatternRewriter) -> None:
        used = used_range(op.result)
        if used is None:
            return
        low, width = used
        reset = None if op.reset is None else BitsAttr.of(op.reset.value >> low, width)
        part = ExtractOp.create_from(op.next, low, width)
        narrow = RegisterOp.create_from(part.result, op.enable, reset, op.register_name)
        replace_narrowed(op, [part, narrow], low, rewriter)
