"""Interval analysis of `rtl`: which additions and subtractions can leave their width, and whether they are meant to.

Values of a module are read as unsigned numbers; what comes from a port, a register or a memory is anything that its
bits can be. An addition that stays within its width for all of that is exact. Others wrap around, which two kinds of
logic do on purpose: counters, and sums that are kept modulo 2^width, where only the last one has to fit (that it does
is proved for the dataflow graph). Anything else is a mistake of a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of

Interval = tuple[int, int]


class Kind(Enum):
    """Why an addition or subtraction is right."""

    EXACT = "stays within its width"
    COUNTS = "counts: a register and a constant, back into the register"
    ACCUMULATES = "sums up modulo 2^width: the result comes back to it through registers or a memory"
    PARTIAL = "a part of a sum modulo 2^width, as wide as the sum"
    WRAPS = "may leave its width"


@dataclass(frozen=True, eq=False)
class Sum:
    """An addition or subtraction of a module."""

    module: str
    op: rtl.AddOp | rtl.SubOp
    kind: Kind

    def message(self) -> str:
        """For people."""
        return f"module @{self.module}: {self.op.name} of {width_of(self.op.result)} bits {self.kind.value}"


def sums_of(design: ModuleOp) -> list[Sum]:
    """All additions and subtractions of all modules, in order."""
    found: list[Sum] = []
    for module in design.body.block.ops:
        if isinstance(module, rtl.ModuleOp):
            ranges = _Ranges()
            kinds: dict[Operation, Kind] = {}
            sums = [op for op in module.block.ops if isinstance(op, rtl.AddOp | rtl.SubOp)]
            for op in sums:
                kinds[op] = _kind(op, ranges)
            _mark_parts(sums, kinds)
            found += [Sum(module.sym_name.data, op, kinds[op]) for op in sums]
    return found


def _kind(op: rtl.AddOp | rtl.SubOp, ranges: _Ranges) -> Kind:
    first, second = (ranges.of(operand) for operand in op.operands)
    low, high = (first[0] + second[0], first[1] + second[1])
    if isinstance(op, rtl.SubOp):
        low, high = (first[0] - second[1], first[1] - second[0])
    if low >= 0 and high < 1 << width_of(op.result):
        return Kind.EXACT
    constant = any(isinstance(operand.owner, rtl.ConstantOp) for operand in op.operands)
    if _comes_back(op):
        return Kind.COUNTS if constant else Kind.ACCUMULATES
    return Kind.WRAPS


def _mark_parts(sums: list[rtl.AddOp | rtl.SubOp], kinds: dict[Operation, Kind]) -> None:
    """What goes into a sum modulo 2^width of the same width, and nowhere else, may wrap around like it."""
    modular = (Kind.ACCUMULATES, Kind.PARTIAL)
    changed = True
    while changed:
        changed = False
        for op in sums:
            if kinds[op] is not Kind.WRAPS:
                continue
            users = list(_sums_behind(op.result))
            width = width_of(op.result)
            if users and all(kinds.get(user) in modular and width_of(user.results[0]) == width for user in users):
                kinds[op] = Kind.PARTIAL
                changed = True


def _sums_behind(value: SSAValue) -> list[Operation]:
    """The operations that a value reaches through registers and choices that keep its width."""
    found: list[Operation] = []
    seen: set[SSAValue] = set()
    todo = [value]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for use in current.uses:
            if isinstance(use.operation, rtl.RegisterOp | rtl.MuxOp):
                todo.append(use.operation.results[0])
            else:
                found.append(use.operation)
    return found


def _comes_back(op: rtl.AddOp | rtl.SubOp) -> bool:
    """Whether the result reaches an operand of its own, in whatever form."""
    seen: set[Operation] = set()
    todo: list[Operation] = [use.operation for use in op.result.uses]
    while todo:
        current = todo.pop()
        if current is op:
            return True
        if current in seen or isinstance(current, rtl.InstanceOp):
            continue
        seen.add(current)
        if isinstance(current, rtl.MemoryWriteOp):
            todo += [use.operation for use in current.memory.uses]
        for result in current.results:
            todo += [use.operation for use in result.uses]
    return False


class _Ranges:
    """Intervals of the values of a module."""

    def __init__(self) -> None:
        self._known: dict[SSAValue, Interval] = {}

    def of(self, value: SSAValue) -> Interval:
        """The least and the greatest unsigned number that a value can be."""
        if value not in self._known:
            whole = 0, (1 << width_of(value)) - 1
            self._known[value] = whole  # what depends on itself within a cycle is anything
            low, high = self._computed(value)
            self._known[value] = (low, high) if low <= high <= whole[1] else whole
        return self._known[value]

    def _computed(self, value: SSAValue) -> Interval:
        op, most = value.owner, (1 << width_of(value)) - 1
        match op:
            case rtl.ConstantOp():
                return op.value.value, op.value.value
            case rtl.ZextOp():
                return self.of(op.operands[0])
            case rtl.MuxOp():
                one, other = (self.of(operand) for operand in op.operands[1:])
                return min(one[0], other[0]), max(one[1], other[1])
            case rtl.ConcatOp():
                return self._joined(op)
            case rtl.TableOp():
                complete = len(op.words) == 1 << width_of(op.address)
                return min(op.words) if complete else 0, max(op.words)
            case rtl.AndOp():
                return 0, min(self.of(operand)[1] for operand in op.operands)
            case rtl.AddOp():
                ends = [self.of(operand) for operand in op.operands]
                low, high = sum(end[0] for end in ends), sum(end[1] for end in ends)
                return (low, high) if high <= most else (0, most)
            case rtl.ExtractOp():
                return self._extracted(op)
            case _:
                return 0, most

    def _joined(self, op: rtl.ConcatOp) -> Interval:
        """The first operand has the highest bits."""
        low = high = 0
        for operand in op.operands:
            width, (least, greatest) = width_of(operand), self.of(operand)
            low, high = low << width | least, high << width | greatest
        return low, high

    def _extracted(self, op: rtl.ExtractOp) -> Interval:
        """The bits above the lowest ones of something small."""
        low, high = self.of(op.operands[0])
        start, width = op.low, width_of(op.result)
        low, high = low >> start, high >> start
        return (low, high) if high < 1 << width else (0, (1 << width) - 1)
