"""Patterns of operations that only rearrange bits, and of tables."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from e3ne.dialects.rtl.arithmetic import NotOp
from e3ne.dialects.rtl.attributes import BitsAttr, WordsAttr, width_of
from e3ne.dialects.rtl.base import ConstantOp, constant_value
from e3ne.dialects.rtl.bits import (
    ConcatOp,
    ExtractOp,
    ReduceOrOp,
    ReduceXorOp,
    ReplicateOp,
    SextOp,
    ZextOp,
)
from e3ne.dialects.rtl.table import TableOp


class FlattenConcat(RewritePattern):
    """A concatenation that is used only as a part of another one becomes part of it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConcatOp, rewriter: PatternRewriter) -> None:
        parts: list[SSAValue] = []
        for part in op.operands:
            inner = part.owner
            nested = isinstance(inner, ConcatOp) and inner is not op and part.has_one_use()
            parts += inner.operands if nested and isinstance(inner, ConcatOp) else (part,)
        if len(parts) > len(op.operands):
            rewriter.replace(op, ConcatOp.create_from(parts))


class MergeAdjacentParts(RewritePattern):
    """Neighbouring bits of one value, and neighbouring constants, become one part."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConcatOp, rewriter: PatternRewriter) -> None:
        created: list[Operation] = []
        parts: list[SSAValue] = []
        for part in op.operands:
            merged = self._merge(parts[-1], part) if parts else None
            if merged is None:
                parts.append(part)
            else:
                created.append(merged)
                parts[-1] = merged.results[0]
        if created:
            # An operation made on the way may have been merged in turn; dead code elimination takes it away.
            rewriter.replace(op, [*created, ConcatOp.create_from(parts)])

    @staticmethod
    def _merge(high: SSAValue, low: SSAValue) -> Operation | None:
        upper, lower = constant_value(high), constant_value(low)
        if upper is not None and lower is not None:
            width = width_of(low)
            return ConstantOp(BitsAttr.of(upper << width | lower, width_of(high) + width))
        if not isinstance(high.owner, ExtractOp) or not isinstance(low.owner, ExtractOp):
            return None
        if high.owner.input != low.owner.input or high.owner.low != low.owner.low + low.owner.width:
            return None
        return ExtractOp.create_from(low.owner.input, low.owner.low, low.owner.width + high.owner.width)


class ExtractOfWiring(RewritePattern):
    """Bits of an extraction, concatenation, extension or repetition are taken from its operands."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ExtractOp, rewriter: PatternRewriter) -> None:
        source = op.input.owner
        if source is op:
            return
        low, width = op.low, op.width
        match source:
            case ExtractOp():
                rewriter.replace(op, ExtractOp.create_from(source.input, source.low + low, width))
            case ConcatOp():
                self._of_concat(op, source, rewriter)
            case ZextOp():
                self._of_zext(op, source, rewriter)
            case SextOp() if low + width <= width_of(source.input):
                rewriter.replace(op, ExtractOp.create_from(source.input, low, width))
            case ReplicateOp():
                copy = width_of(source.input)
                if low // copy == (low + width - 1) // copy:
                    rewriter.replace(op, ExtractOp.create_from(source.input, low % copy, width))
            case _:
                pass

    @staticmethod
    def _of_concat(op: ExtractOp, source: ConcatOp, rewriter: PatternRewriter) -> None:
        created: list[Operation] = []
        parts: list[SSAValue] = []
        position = 0
        for part in reversed(source.operands):
            start = max(op.low - position, 0)
            end = min(op.low + op.width - position, width_of(part))
            position += width_of(part)
            if start >= end:
                continue
            if end - start == width_of(part):
                parts.append(part)
                continue
            created.append(ExtractOp.create_from(part, start, end - start))
            parts.append(created[-1].results[0])
        if op.result in parts:
            return
        if len(parts) == 1:
            rewriter.replace(op, created, parts)
        else:
            rewriter.replace(op, [*created, ConcatOp.create_from(parts[::-1])])

    @staticmethod
    def _of_zext(op: ExtractOp, source: ZextOp, rewriter: PatternRewriter) -> None:
        inner = width_of(source.input)
        if op.low >= inner:
            rewriter.replace(op, ConstantOp(BitsAttr.of(0, op.width)))
            return
        kept = ExtractOp.create_from(source.input, op.low, min(op.width, inner - op.low))
        if kept.width == op.width:
            rewriter.replace(op, kept)
        else:
            rewriter.replace(op, [kept, ZextOp.create_from(kept.result, op.width)])


class ExtensionOfExtension(RewritePattern):
    """zext(zext(x)) and sext(sext(x)) are one extension; the sign of a zext is 0."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ZextOp | SextOp, rewriter: PatternRewriter) -> None:
        inner = op.input.owner
        if inner is op or not isinstance(inner, ZextOp | SextOp) or (type(inner), type(op)) == (SextOp, ZextOp):
            return
        if width_of(inner.input) < inner.width:
            rewriter.replace(op, type(inner).create_from(inner.input, op.width))


class ReductionOfZext(RewritePattern):
    """The zeros of an extension change neither an or nor an exclusive or."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReduceOrOp | ReduceXorOp, rewriter: PatternRewriter) -> None:
        if isinstance(inner := op.input.owner, ZextOp):
            rewriter.replace(op, type(op).create_from((inner.input,)))


class SmallerTable(RewritePattern):
    """Words that an extended address never reaches are dropped; a table of two bits (1, 0) is a complement."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TableOp, rewriter: PatternRewriter) -> None:
        inner = op.address.owner
        if isinstance(inner, ZextOp):
            words = op.words[: 1 << width_of(inner.input)]
            rewriter.replace(op, TableOp.create_from(inner.input, WordsAttr.of(words, op.width)))
        elif op.width == 1 and width_of(op.address) == 1 and op.words in ((1,), (1, 0)):
            rewriter.replace(op, NotOp.create_from((op.address,), 1))
