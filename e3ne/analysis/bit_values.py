"""What the values of an `rtl` module can be: intervals, followed through registers and through bundles of wires.

A slice of a value is looked up where its bits come from, so that lanes that travel side by side keep what is known of
each. A register holds its reset value or what it took; without a reset value it matters only once it has taken a beat
(that no unknown bit matters is shown by `e3ne.verification.four_state`). What a port has while nothing is valid there
is not meant. What depends on itself, what comes from a memory, and ports of which nothing is said are anything that
their bits can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.ir import BlockArgument, SSAValue

from e3ne.analysis.intervals import Interval, joined, of_numbers, union
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of


@dataclass(frozen=True)
class Lanes:
    """A port of equal elements side by side: their bits, and the integers that each of them can be."""

    bits: int
    low: int
    high: int


@dataclass(frozen=True)
class Slice:
    """`width` bits of a value, from bit `first` on."""

    value: SSAValue
    first: int
    width: int

    @property
    def is_all(self) -> bool:
        """Whether these are all bits of the value."""
        return self.width == width_of(self.value)


Rule = tuple[Sequence[Slice], Callable[[Sequence[Interval]], Interval]]
"""What a slice depends on, and how its interval follows from theirs."""


@dataclass
class Values:
    """Intervals of the values of a module whose ports are as told."""

    ports: Mapping[SSAValue, Lanes] = field(default_factory=dict[SSAValue, Lanes])
    _known: dict[Slice, Interval] = field(default_factory=dict[Slice, Interval], init=False)

    def of(self, value: SSAValue) -> Interval:
        """What a value can be."""
        asked = _all_of(value)
        # Pipelines are deeper than Python's stack.
        todo = [asked]
        begun: dict[Slice, Rule] = {}
        while todo:
            current = todo[-1]
            if current in self._known:
                todo.pop()
            elif current in begun:
                given, result = begun[current]
                # What is not known by now depends on itself.
                self._known[current] = result([self._known.get(each, Interval.whole(each.width)) for each in given])
            else:
                begun[current] = rule = self._rule(current)
                todo += [each for each in rule[0] if each not in begun]
        return self._known[asked]

    def _rule(self, wanted: Slice) -> Rule:
        whole = Interval.whole(wanted.width)
        if isinstance(wanted.value, BlockArgument):
            lanes = self.ports.get(wanted.value)
            if lanes is None or wanted.first % lanes.bits or wanted.width > lanes.bits:
                return (), lambda _: whole
            return (), lambda _: Interval(lanes.low, lanes.high, lanes.bits).bits(0, wanted.width)
        op, first, width = wanted.value.owner, wanted.first, wanted.width
        match op:
            case rtl.ConstantOp():
                return (), lambda _: of_numbers([op.value.value], op.value.width).bits(first, width)
            case rtl.RegisterOp():
                start = [] if op.reset is None else [of_numbers([op.reset.value], op.width).bits(first, width)]
                return [Slice(op.next, first, width)], lambda given: union([*given, *start])
            case rtl.MuxOp():
                return [Slice(each, first, width) for each in (op.if_true, op.if_false)], union
            case rtl.ExtractOp():
                return [Slice(op.input, op.low + first, width)], _only
            case rtl.ConcatOp():
                return _parts(op, first, width), joined
            case rtl.ZextOp() | rtl.SextOp() if first + width <= width_of(op.input):
                return [Slice(op.input, first, width)], _only
            case _ if not wanted.is_all:
                return [_all_of(wanted.value)], lambda given: given[0].bits(first, width)
            case _:
                return _computed(wanted.value)


def _computed(value: SSAValue) -> Rule:
    """All bits of the result of an operation that computes."""
    op, width = value.owner, width_of(value)
    match op:
        case rtl.ZextOp() | rtl.SextOp():
            signed = isinstance(op, rtl.SextOp)
            return [_all_of(op.input)], lambda given: given[0].extended(width, signed=signed)
        case rtl.AddOp():
            return [_all_of(each) for each in op.operands], lambda given: given[0].add(given[1])
        case rtl.SubOp():
            return [_all_of(each) for each in op.operands], lambda given: given[0].sub(given[1])
        case rtl.NotOp():
            return [_all_of(op.operands[0])], lambda given: given[0].inverted()
        case rtl.AndOp():
            return [_all_of(each) for each in op.operands], lambda given: Interval(
                0, min(each.unsigned()[1] for each in given), width
            )
        case rtl.TableOp():
            missing = [] if len(op.words) == 1 << width_of(op.address) else [0]
            return (), lambda _: of_numbers([*op.words, *missing], width)
        case _:
            return (), lambda _: Interval.whole(width)


def _only(given: Sequence[Interval]) -> Interval:
    return given[0]


def _all_of(value: SSAValue) -> Slice:
    return Slice(value, 0, width_of(value))


def _parts(op: rtl.ConcatOp, first: int, width: int) -> list[Slice]:
    """The slices of operands that make up a slice, the highest bits first as in the operation."""
    found: list[Slice] = []
    start = 0
    for operand in reversed(op.operands):
        end = start + width_of(operand)
        low, high = max(start, first), min(end, first + width)
        if low < high:
            found.append(Slice(operand, low - start, high - low))
        start = end
    return found[::-1]
