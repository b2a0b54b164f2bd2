"""What the heaps of shared sums are made of, bit by bit: what several of them do alike is there once.

A shared sum waits in several heaps for their other bits, and equal outputs are all one: synthesis keeps one register of
those that hold the same. So the levels of all heaps are gone through with names for bits instead of signals.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

from e3ne.units.bit_heap import Compressor, HeapParts, levels_of
from e3ne.units.common_sums import Sum
from e3ne.units.drive import Column
from e3ne.units.shared_plan import SharedPlan
from e3ne.units.table_plan import LaneTables

ONE = 0
"""The name of a constant one."""


@lru_cache(maxsize=256)
def shared_parts(plan: SharedPlan, lut_inputs: int) -> HeapParts:
    """The parts of all heaps of a plan."""
    count = _Count()
    sums: list[list[int]] = []
    rows = (*plan.sharing.sums, *plan.sharing.outputs)
    for number, (row, own, (column, levels)) in enumerate(zip(rows, plan.lanes, plan.all_heaps, strict=True)):
        arriving = _bits(count, number, row, own, column, plan, sums)
        work = levels_of(column.heights, lut_inputs, column.later)
        sums.append(count.heap(arriving, work, levels, column.width))
    return HeapParts(count.counters, count.columns, count.halves, count.chains, count.short, count.registers)


def _bits(
    count: _Count, number: int, row: Sum, own: LaneTables, column: Column, plan: SharedPlan, sums: list[list[int]]
) -> dict[int, list[list[int]]]:
    """The names of the bits of each weight that come at each level, in the order in which the hardware has them."""
    found: dict[int, list[list[int]]] = {}

    def add(level: int, names: Sequence[int], shift: int) -> None:
        columns = found.setdefault(level, [[] for _ in range(column.width)])
        for place, name in enumerate(names[: max(0, column.width - shift)], shift):
            columns[place].append(name)

    for bits, shift, source in own.numbers.tolist():
        add(0, [count.name(("table", number, source, place)) for place in range(bits)], shift)
    for part in row.parts:
        names = sums[part.number]
        # An inverted bit is another input of what takes it, but the same register.
        add(plan.heaps[part.number][1], [-name for name in names] if part.negative else names, part.shift)
    add(0, [], 0)
    for place, names in enumerate(found[0]):
        if column.remainder >> place & 1:
            names.append(ONE)
    return found


class _Count:
    """Parts as they are met for the first time; names are numbers from 1 on, negative for an inverted bit."""

    def __init__(self) -> None:
        self.counters = self.columns = self.halves = self.chains = self.short = self.registers = 0
        self._names: dict[Hashable, int] = {}

    def name(self, of: Hashable) -> int:
        """The name of what is described, always the same."""
        return self._names.setdefault(of, len(self._names) + 1)

    def heap(
        self, arriving: dict[int, list[list[int]]], work: Sequence[Sequence[Compressor]], levels: int, width: int
    ) -> list[int]:
        """Goes through the levels of a heap; the bits of its sum."""
        columns: list[list[int]] = [[] for _ in range(width)]
        for level in range(levels):
            columns = _joined(columns, arriving.get(level))
            given: list[list[int]] = [[] for _ in columns]
            for compressor in work[level] if level < len(work) else ():
                taken = [
                    tuple(columns[place].pop(0) for _ in range(number))
                    for place, number in enumerate(compressor.takes, compressor.column)
                ]
                for place, name in enumerate(self._compressed(tuple(taken), compressor.gives), compressor.column):
                    given[place].append(name)
            columns = [[self._register(name, level) for name in names] for names in _joined(columns, given)]
        columns = _joined(columns, arriving.get(levels))
        # What is never set has no bit.
        return [names[0] if names else self.name("zero") for names in columns]

    def _compressed(self, taken: tuple[tuple[int, ...], ...], gives: int) -> list[int]:
        before = len(self._names)
        names = [self.name((taken, gives, place)) for place in range(gives)]
        if len(self._names) > before:
            if len(taken) == 1:
                self.counters += gives
            elif gives <= 2:
                self.short += gives
            else:
                full = sum(len(column) == 2 and ONE not in column for column in taken)
                self.chains, self.columns, self.halves = (
                    self.chains + 1,
                    self.columns + full,
                    self.halves + len(taken) - full,
                )
        return names

    def _register(self, name: int, level: int) -> int:
        if name == ONE:
            return ONE
        before = len(self._names)
        kept = self.name(("register", abs(name), level))
        self.registers += len(self._names) > before
        return kept if name > 0 else -kept


def _joined(columns: Sequence[Sequence[int]], more: Sequence[Sequence[int]] | None) -> list[list[int]]:
    return [[*column, *(more[place] if more else ())] for place, column in enumerate(columns)]
