"""Patterns of registers and memories."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from e3ne.dialects.rtl.base import constant_value
from e3ne.dialects.rtl.memory import MemoryOp, MemoryWriteOp
from e3ne.dialects.rtl.register import RegisterOp


class DropEnable(RewritePattern):
    """An enable that is always high is none."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: RegisterOp, rewriter: PatternRewriter) -> None:
        if op.enable is not None and constant_value(op.enable) == 1:
            rewriter.replace(op, RegisterOp.create_from(op.next, None, op.reset, op.register_name))


class EraseUnreadMemory(RewritePattern):
    """A memory that is written but never read."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MemoryOp, rewriter: PatternRewriter) -> None:
        write = op.write
        if write is not None and op.result.has_one_use():
            rewriter.erase(write)
            rewriter.erase(op)


class EraseDisabledWrite(RewritePattern):
    """A write that never happens; without it the memory is a ROM, and must have contents."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MemoryWriteOp, rewriter: PatternRewriter) -> None:
        if constant_value(op.enable) == 0 and op.memory_op.init is not None:
            rewriter.erase(op)
