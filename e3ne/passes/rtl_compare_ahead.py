"""`rtl-compare-ahead`: comparisons of a counter with a number come out of registers.

Whether a counter is at its end, or a FIFO full, often decides over many registers of other units in the same cycle. The
comparison is made in the cycle before instead, on the value that the counter will have, and its result kept in a
register of its own beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from e3ne.dialects.rtl.arithmetic import AddOp, CompareOp, EqOp, MuxOp, NeOp, NotOp, SubOp
from e3ne.dialects.rtl.attributes import BitsAttr
from e3ne.dialects.rtl.base import ConstantOp, constant_value
from e3ne.dialects.rtl.register import RegisterOp

NARROWEST = 2
"""Bits of a counter from which on a comparison takes half of a 4-input LUT, or more."""


@dataclass(frozen=True)
class RtlCompareAheadPass(ModulePass):
    """Replaces `eq` and `ne` of a counter and a constant by registers with the same value in every cycle.

    A counter is a register with a reset value that, where it changes, becomes a constant, or itself plus or minus one:
    for others the comparison would only move behind more logic.
    """

    name = "rtl-compare-ahead"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        largest: dict[RegisterOp, int] = {}
        for comparison in [found for found in op.walk() if isinstance(found, EqOp | NeOp)]:
            compared = _counter(comparison)
            if compared is None:
                continue
            register, constant = compared
            if register not in largest:
                # To be seen as long as the comparison at its end is what it was.
                largest[register] = _largest(register)
            ahead = _Ahead(register, largest[register])
            following = ahead.equals(register.next, constant)
            if following is not None:
                _replace(comparison, register, constant, ahead, following)


def _counter(comparison: CompareOp) -> tuple[RegisterOp, int] | None:
    """The register and the number that are compared."""
    for value, other in ((comparison.lhs, comparison.rhs), (comparison.rhs, comparison.lhs)):
        register, constant = value.owner, constant_value(other)
        if isinstance(register, RegisterOp) and register.reset is not None and constant is not None:
            return (register, constant) if register.width >= NARROWEST else None
    return None


def _largest(register: RegisterOp) -> int:
    """The largest value of a register that goes up by one to some number and begins again; of others all ones."""
    ones = (1 << register.width) - 1
    choice = register.next.owner
    if not isinstance(choice, MuxOp) or not isinstance(choice.condition.owner, EqOp) or register.reset is None:
        return ones
    ended, again, more = choice.condition.owner, constant_value(choice.if_true), choice.if_false.owner
    end = constant_value(ended.rhs) if ended.lhs == register.result else None
    steps = isinstance(more, AddOp) and more.lhs == register.result and constant_value(more.rhs) == 1
    if end is None or again is None or not steps or max(again, register.reset.value) > end:
        return ones
    return end


def _replace(comparison: CompareOp, register: RegisterOp, constant: int, ahead: _Ahead, following: SSAValue) -> None:
    assert register.reset is not None
    is_equal = isinstance(comparison, EqOp)
    created = list(ahead.created)
    if not is_equal:
        inverted = NotOp.create_from((following,), 1)
        created.append(inverted)
        following = inverted.result
    name = comparison.result.name_hint or f"{register.result.name_hint or 'count'}_is_{constant}"
    reset = BitsAttr.of(int((register.reset.value == constant) == is_equal), 1)
    flag = RegisterOp.create_from(following, register.enable, reset, StringAttr(name))
    flag.result.name_hint = name
    Rewriter.insert_op([*created, flag], InsertPoint.after(register))
    comparison.result.replace_all_uses_with(flag.result)
    Rewriter.erase_op(comparison)


@dataclass
class _Ahead:
    """Comparisons with the value that a register has next, and the operations that were made for them."""

    register: RegisterOp
    largest: int
    created: list[Operation] = field(default_factory=list[Operation])

    def equals(self, value: SSAValue, constant: int) -> SSAValue | None:
        """Whether a value is a constant, from the register as it is now; None where that takes more than comparing."""
        known = constant_value(value)
        if known is not None:
            return self._bit(known == constant)
        if value == self.register.result:
            if constant > self.largest:
                return self._bit(False)
            number = self._made(ConstantOp(BitsAttr.of(constant, self.register.width)))
            return self._made(EqOp.create_from((value, number)))
        op = value.owner
        if isinstance(op, MuxOp):
            if_true, if_false = self.equals(op.if_true, constant), self.equals(op.if_false, constant)
            if if_true is None or if_false is None:
                return None
            return self._made(MuxOp.create_from(op.condition, if_true, if_false))
        if isinstance(op, AddOp | SubOp) and op.lhs == self.register.result:
            step = constant_value(op.rhs)
            if step is not None:
                before = constant + step if isinstance(op, SubOp) else constant - step
                return self.equals(op.lhs, before & ((1 << self.register.width) - 1))
        return None

    def _bit(self, value: bool) -> SSAValue:
        return self._made(ConstantOp(BitsAttr.of(int(value), 1)))

    def _made(self, op: Operation) -> SSAValue:
        self.created.append(op)
        return op.results[0]
