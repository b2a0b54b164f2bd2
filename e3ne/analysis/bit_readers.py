"""What the readers of a value of `rtl` take it for: an unsigned number, or one of two's complement.

A value is followed forwards: through registers and choices, into bundles of wires and memories, and out of them again.
What leaves a module, and what is told apart bit by bit, is nobody's number here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from xdsl.ir import Operation, SSAValue, Use

from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of

ADDRESS, DATA = 1, 2
"""Operands of ports of memories."""


class Reading(Enum):
    """What bits stand for."""

    UNSIGNED = "an unsigned number"
    SIGNED = "a number of two's complement"


@dataclass(frozen=True)
class Place:
    """Where a number is: `width` bits of a value, from bit `first` on; the lower ones may have been cut off."""

    value: SSAValue
    first: int
    width: int

    @property
    def is_top(self) -> bool:
        """Whether its highest bit is the value's."""
        return self.first + self.width == width_of(self.value)


def readings(value: SSAValue, *, in_sums: bool = False) -> dict[Reading, set[int]]:
    """All that a value is taken for, each with the numbers of other bits that are below it then.

    With `in_sums` also what the sums are taken for that it goes into.
    """
    found: dict[Reading, set[int]] = {}
    seen: set[Place] = set()
    todo = [Place(value, 0, width_of(value))]
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        for use in place.value.uses:
            reading = _reading(use, place)
            if reading is not None:
                found.setdefault(reading, set()).add(place.first)
            else:
                todo += _onwards(use, place)
                if in_sums and isinstance(use.operation, rtl.AddOp | rtl.SubOp):
                    todo.append(Place(use.operation.result, place.first, place.width))
    return found


def _reading(use: Use, place: Place) -> Reading | None:
    op = use.operation
    if isinstance(op, rtl.MemoryPortOp) and use.index == ADDRESS:
        return Reading.UNSIGNED
    if not place.is_top:
        return None
    match op:
        case rtl.ZextOp() | rtl.UltOp() | rtl.UleOp() | rtl.TableOp():
            return Reading.UNSIGNED
        case rtl.SextOp() | rtl.SltOp() | rtl.SleOp():
            return Reading.SIGNED
        case rtl.ExtractOp() if op.low == place.first + place.width - 1 and place.width > 1:
            return Reading.SIGNED  # its sign alone
        case _:
            return None


def _onwards(use: Use, place: Place) -> Iterator[Place]:
    """Where the number is behind an operation that only passes it on."""
    op = use.operation
    match op:
        case rtl.RegisterOp() if use.index == 0:
            yield Place(op.result, place.first, place.width)
        case rtl.MuxOp() if use.index > 0:
            yield Place(op.result, place.first, place.width)
        case rtl.ZextOp() | rtl.SextOp():
            yield Place(op.result, place.first, place.width)
        case rtl.ConcatOp():
            below = sum(width_of(operand) for operand in op.operands[use.index + 1 :])
            yield Place(op.result, place.first + below, place.width)
        case rtl.ExtractOp():
            yield from _extracted(op, place)
        case rtl.MemoryWriteOp() if use.index == DATA:
            for other in op.memory.uses:
                if isinstance(other.operation, rtl.MemoryReadOp | rtl.MemoryReadRegisteredOp):
                    yield Place(other.operation.result, place.first, place.width)
        case _:
            pass


def _extracted(op: rtl.ExtractOp, place: Place) -> Iterator[Place]:
    """What is left of a number of which the highest bit, and not that alone, is among those taken."""
    top = place.first + place.width
    first = max(place.first, op.low)
    if op.low + op.width >= top and (top - first > 1 or place.width == 1) and first < top:
        yield Place(op.result, first - op.low, top - first)


def counts(op: Operation) -> bool:
    """Whether the sum of a register and a constant, or one of some, goes back there, past choices alone."""
    registers = {each.owner for each in op.operands if isinstance(each.owner, rtl.RegisterOp)}
    if not registers or not any(_is_chosen_constant(each) for each in op.operands):
        return False
    return any(use.operation in registers and use.index == 0 for use in ends(op.results[0], rtl.MuxOp))


def is_address(value: SSAValue) -> bool:
    """Whether a value is an address of memories, and nothing else."""
    found = list(ends(value, rtl.MuxOp, rtl.RegisterOp))
    return bool(found) and all(isinstance(use.operation, rtl.MemoryPortOp) and use.index == ADDRESS for use in found)


def _is_chosen_constant(value: SSAValue) -> bool:
    op = value.owner
    if isinstance(op, rtl.MuxOp):
        return _is_chosen_constant(op.if_true) and _is_chosen_constant(op.if_false)
    return isinstance(op, rtl.ConstantOp)


def ends(value: SSAValue, *passed: type[Operation]) -> Iterator[Use]:
    """The uses of a value by operations that do not pass it on; enables and conditions are uses like others."""
    seen: set[SSAValue] = set()
    todo = [value]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for use in current.uses:
            op = use.operation
            chooses = isinstance(op, rtl.MuxOp) and use.index == 0
            enables = isinstance(op, rtl.RegisterOp) and use.index > 0
            if isinstance(op, passed) and not chooses and not enables:
                todo.append(op.results[0])
            else:
                yield use
