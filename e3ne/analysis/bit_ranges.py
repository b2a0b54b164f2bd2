"""Interval analysis of `rtl`: which additions and subtractions can leave their width, and whether they are meant to.

An addition that stays within its width for all that its operands can be is exact, as unsigned numbers or in two's
complement, whichever its readers take it for. Others wrap around, which two kinds of logic do on purpose: counters,
and sums that are kept modulo 2^width, where only the last one has to fit (that it does is proved for the dataflow
graph). Anything else is a mistake of a unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from e3ne.analysis.bit_values import Lanes, Values
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of


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


def sums_of(design: ModuleOp, inputs: Mapping[str, Lanes] | None = None) -> list[Sum]:
    """All additions and subtractions of all modules, in order.

    `inputs` tells for a module by its name what the elements of its port `s_data` can be.
    """
    found: list[Sum] = []
    for module in design.body.block.ops:
        if isinstance(module, rtl.ModuleOp):
            values = Values(_ports(module, inputs or {}))
            sums = [op for op in module.block.ops if isinstance(op, rtl.AddOp | rtl.SubOp)]
            kinds: dict[Operation, Kind] = {op: _kind(op, values) for op in sums}
            _mark_parts(sums, kinds)
            found += [Sum(module.sym_name.data, op, kinds[op]) for op in sums]
    return found


def _ports(module: rtl.ModuleOp, inputs: Mapping[str, Lanes]) -> dict[SSAValue, Lanes]:
    lanes = inputs.get(module.sym_name.data)
    return {} if lanes is None else {module.block.args[module.input_names.index("s_data")]: lanes}


def _kind(op: rtl.AddOp | rtl.SubOp, values: Values) -> Kind:
    if _is_exact(op, values):
        return Kind.EXACT
    constant = any(isinstance(operand.owner, rtl.ConstantOp) for operand in op.operands)
    if _comes_back(op):
        return Kind.COUNTS if constant else Kind.ACCUMULATES
    return Kind.WRAPS


def _is_exact(op: rtl.AddOp | rtl.SubOp, values: Values) -> bool:
    """Whether the result fits in the reading, unsigned or two's complement, that its readers have of it."""
    first, second = (values.of(operand) for operand in op.operands)
    size = 1 << width_of(op.result)
    unsigned = _within(op, first.unsigned(), second.unsigned(), 0, size - 1)
    signed = _within(op, first.signed(), second.signed(), -size // 2, size // 2 - 1)
    readings = set(_readings(op.result))
    return (unsigned or signed) and (unsigned or UNSIGNED not in readings) and (signed or SIGNED not in readings)


def _within(op: rtl.AddOp | rtl.SubOp, first: tuple[int, int], second: tuple[int, int], least: int, most: int) -> bool:
    low, high = first[0] + second[0], first[1] + second[1]
    if isinstance(op, rtl.SubOp):
        low, high = first[0] - second[1], first[1] - second[0]
    return least <= low and high <= most


UNSIGNED = (rtl.ZextOp, rtl.UltOp, rtl.UleOp, rtl.TableOp, rtl.MemoryReadOp, rtl.MemoryReadRegisteredOp)
SIGNED = (rtl.SextOp, rtl.SltOp, rtl.SleOp)
"""Operations that take a value for a number, unsigned or of two's complement."""


def _readings(value: SSAValue) -> Iterator[tuple[type[Operation], ...]]:
    """What the operations that a value reaches take it for."""
    for reader in _readers(value):
        for kind in (UNSIGNED, SIGNED):
            if isinstance(reader, kind):
                yield kind


def _mark_parts(sums: list[rtl.AddOp | rtl.SubOp], kinds: dict[Operation, Kind]) -> None:
    """What goes into a sum modulo 2^width of the same width, and nowhere else, may wrap around like it."""
    modular = (Kind.ACCUMULATES, Kind.PARTIAL)
    changed = True
    while changed:
        changed = False
        for op in sums:
            if kinds[op] is not Kind.WRAPS:
                continue
            users = list(_readers(op.result))
            width = width_of(op.result)
            if users and all(kinds.get(user) in modular and width_of(user.results[0]) == width for user in users):
                kinds[op] = Kind.PARTIAL
                changed = True


def _readers(value: SSAValue) -> list[Operation]:
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
