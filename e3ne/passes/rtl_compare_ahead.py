"""`rtl-compare-ahead`: what is asked of a counter comes out of a register.

Whether a counter is at its end, a FIFO full, or a pixel in the padding often decides over many registers of other units
in the same cycle. The question is asked in the cycle before instead, of the value that the counter will have, and the
answer kept in a register of its own beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from e3ne.dialects.rtl.arithmetic import AddOp, EqOp, MuxOp, NeOp, SubOp
from e3ne.dialects.rtl.attributes import BitsAttr, WordsAttr
from e3ne.dialects.rtl.base import ConstantOp, constant_value
from e3ne.dialects.rtl.register import RegisterOp
from e3ne.dialects.rtl.table import TableOp

NARROWEST, WIDEST = 2, 16
"""Bits of a counter from which on a question takes half of a 4-input LUT or more, and up to which it is a table."""

Answers = int
"""A yes or no for each value of a counter: the bit at its place."""


@dataclass(frozen=True)
class RtlCompareAheadPass(ModulePass):
    """Replaces `eq` and `ne` with a constant, and tables of one bit, by registers with the same value in every cycle.

    A counter is a register with a reset value that, where it changes, becomes a constant, or itself plus or minus one:
    of others the question would only move behind more logic.
    """

    name = "rtl-compare-ahead"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        largest: dict[RegisterOp, int] = {}
        for question, register, answers in list(_questions(op)):
            if register not in largest:
                # To be seen as long as the question that ends the count is what it was.
                largest[register] = _largest(register)
            ahead = _Ahead(register, (2 << largest[register]) - 1)
            following = ahead.ask(register.next, answers)
            if following is not None:
                _replace(question, register, answers, ahead, following)


def _questions(module: ModuleOp) -> Iterator[tuple[Operation, RegisterOp, Answers]]:
    """The operations that ask for one bit that follows from a counter, and the answers."""
    for op in module.walk():
        if isinstance(op, EqOp | NeOp):
            value, constant = op.lhs, constant_value(op.rhs)
            if constant is None:
                value, constant = op.rhs, constant_value(op.lhs)
            if constant is not None and (counter := _counter(value)) is not None:
                answers = 1 << constant
                yield op, counter, answers if isinstance(op, EqOp) else _all(counter) ^ answers
        elif isinstance(op, TableOp) and op.width == 1 and (counter := _counter(op.address)) is not None:
            yield op, counter, sum(word << place for place, word in enumerate(op.words))


def _counter(value: SSAValue) -> RegisterOp | None:
    """The register that a value comes from, if it may be a counter by its width and its reset."""
    register = value.owner
    if not isinstance(register, RegisterOp) or register.reset is None:
        return None
    return register if NARROWEST <= register.width <= WIDEST else None


def _all(register: RegisterOp) -> Answers:
    return (1 << (1 << register.width)) - 1


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


def _replace(question: Operation, register: RegisterOp, answers: Answers, ahead: _Ahead, following: SSAValue) -> None:
    (asked,) = question.results
    assert register.reset is not None
    name = asked.name_hint or f"{register.result.name_hint or 'counter'}_ahead"
    reset = BitsAttr.of(answers >> register.reset.value & 1, 1)
    flag = RegisterOp.create_from(following, register.enable, reset, StringAttr(name))
    flag.result.name_hint = name
    Rewriter.insert_op([*ahead.created, flag], InsertPoint.after(register))
    asked.replace_all_uses_with(flag.result)
    Rewriter.erase_op(question)


@dataclass
class _Ahead:
    """What is asked of the value that a register has next, and the operations that were made for that.

    `possible` are the values that the register can have.
    """

    register: RegisterOp
    possible: Answers
    created: list[Operation] = field(default_factory=list[Operation])

    def ask(self, value: SSAValue, answers: Answers) -> SSAValue | None:
        """The answer for a value, from the register as it is now; None where that takes more."""
        known = constant_value(value)
        if known is not None:
            return self._constant(answers >> known & 1)
        if value == self.register.result:
            return self._now(answers)
        op = value.owner
        if isinstance(op, MuxOp):
            if_true, if_false = self.ask(op.if_true, answers), self.ask(op.if_false, answers)
            if if_true is None or if_false is None:
                return None
            return self._made(MuxOp.create_from(op.condition, if_true, if_false))
        if isinstance(op, AddOp | SubOp) and op.lhs == self.register.result and constant_value(op.rhs) == 1:
            # A value answers for the one before it when there will be one more, and for the one behind it otherwise.
            ones = (1 << self.register.width) - 1
            turned = 1 if isinstance(op, AddOp) else ones
            return self._now((answers >> turned | answers << ones + 1 - turned) & _all(self.register))
        return None

    def _now(self, answers: Answers) -> SSAValue:
        """The answer for the register's value; what it cannot be does not matter."""
        yes, no = answers & self.possible, ~answers & self.possible
        if not yes or not no:
            return self._constant(int(not no))
        value = self.register.result
        for kind, places in ((EqOp, yes), (NeOp, no)):
            if places.bit_count() == 1:
                number = self._made(ConstantOp(BitsAttr.of(places.bit_length() - 1, self.register.width)))
                return self._made(kind.create_from((value, number)))
        words = [yes >> place & 1 for place in range(1 << self.register.width)]
        return self._made(TableOp.create_from(value, WordsAttr.of(words, 1)))

    def _constant(self, bit: int) -> SSAValue:
        return self._made(ConstantOp(BitsAttr.of(bit, 1)))

    def _made(self, op: Operation) -> SSAValue:
        self.created.append(op)
        return op.results[0]
