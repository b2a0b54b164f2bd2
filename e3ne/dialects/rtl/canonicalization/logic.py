"""Patterns of arithmetic, bitwise logic, comparison and selection."""

from __future__ import annotations

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from e3ne.dialects.rtl.arithmetic import AddOp, AndOp, BitwiseOp, EqOp, MuxOp, NeOp, NotOp, XorOp
from e3ne.dialects.rtl.attributes import BitsAttr, width_of
from e3ne.dialects.rtl.base import ConstantOp, constant_value


class ConstantOperandLast(RewritePattern):
    """add(constant, x) = add(x, constant), so that cse finds more."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp, rewriter: PatternRewriter) -> None:
        if constant_value(op.lhs) is not None and constant_value(op.rhs) is None:
            rewriter.replace(op, AddOp.create_from((op.rhs, op.lhs), op.width))


class MergeOperands(RewritePattern):
    """Bitwise operations: constants become one, and vanish where they are neutral; an operand counts once.

    In an exclusive or a pair of equal operands cancels, and all ones is a complement.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BitwiseOp, rewriter: PatternRewriter) -> None:
        if op.result in op.operands:
            return  # a combinational loop, which is reported elsewhere
        ones = (1 << op.width) - 1
        neutral = ones if isinstance(op, AndOp) else 0
        constants = [value for operand in op.operands if (value := constant_value(operand)) is not None]
        constant = op.evaluate([neutral, *constants])
        variables: dict[SSAValue, int] = {}
        for operand in op.operands:
            if constant_value(operand) is None:
                variables[operand] = variables.get(operand, 0) + 1
        if isinstance(op, XorOp):
            variables = {operand: 1 for operand, count in variables.items() if count % 2}
        kept = tuple(variables)
        if isinstance(op, XorOp) and constant == ones and len(kept) == 1:
            rewriter.replace(op, NotOp.create_from(kept, op.width))
            return
        needs_constant = constant != neutral or not kept
        if len(kept) + needs_constant == len(op.operands):
            return
        extra = [ConstantOp(BitsAttr.of(constant, op.width))] if needs_constant else []
        operands = (*kept, *(each.result for each in extra))
        if len(operands) == 1:
            rewriter.replace(op, extra, operands)
        else:
            rewriter.replace(op, [*extra, type(op).create_from(operands, op.width)])


class CompareBit(RewritePattern):
    """A bit compared with a constant is the bit or its complement."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: EqOp | NeOp, rewriter: PatternRewriter) -> None:
        if width_of(op.lhs) != 1:
            return
        for value, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            constant = constant_value(other)
            if constant is None or value == op.result:
                continue
            if constant == int(isinstance(op, EqOp)):
                rewriter.replace(op, (), (value,))
            else:
                rewriter.replace(op, NotOp.create_from((value,), 1))
            return


class MuxOfConditions(RewritePattern):
    """mux(not c, a, b) = mux(c, b, a); mux(c, 0, 1) = not c; mux(c, mux(c, a, _), b) = mux(c, a, b)."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MuxOp, rewriter: PatternRewriter) -> None:
        inverted = op.condition.owner
        if isinstance(inverted, NotOp):
            rewriter.replace(op, MuxOp.create_from(inverted.input, op.if_false, op.if_true))
            return
        if op.width == 1 and constant_value(op.if_true) == 0 and constant_value(op.if_false) == 1:
            rewriter.replace(op, NotOp.create_from((op.condition,), 1))
            return
        if_true, if_false = op.if_true, op.if_false
        if isinstance(inner := if_true.owner, MuxOp) and inner is not op and inner.condition == op.condition:
            if_true = inner.if_true
        if isinstance(inner := if_false.owner, MuxOp) and inner is not op and inner.condition == op.condition:
            if_false = inner.if_false
        if op.result not in (if_true, if_false) and (if_true, if_false) != (op.if_true, op.if_false):
            rewriter.replace(op, MuxOp.create_from(op.condition, if_true, if_false))
