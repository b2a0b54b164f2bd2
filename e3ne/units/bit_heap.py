"""Sums of many small unsigned numbers: a heap of bits, each with its weight, that shrinks level by level.

A level takes one clock cycle. On 6-input LUTs, while a column is tall, counters turn six bits of it into their number,
three bits: one LUT for each bit that disappears. What is left are a few long rows, which carry chains add in pairs at
the same price. A tree of short adders would cost twice as much: short adders are mostly ends. On 4-input LUTs a counter
costs four LUTs for each bit that disappears, and carry chains one: there they add from the beginning.

Bits may come some levels late, as sums of other heaps do. Two rows wait for them: the last chain is the longest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from xdsl.ir import SSAValue

from e3ne.dialects.rtl import NotOp
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.units.handshake import Pipeline

COUNTER_INPUTS = 6

Bit = SSAValue | None
"""A bit of the heap; None is a constant one."""

Later = tuple[tuple[int, tuple[int, ...]], ...]
"""The heights of bits that come after some levels: (level, heights), each level once and not 0."""


class Compressor(NamedTuple):
    """Takes `takes[i]` bits of column `column` + i and gives their sum, a bit in each of `gives` columns."""

    column: int
    takes: tuple[int, ...]
    gives: int


def levels_of(heights: Sequence[int], lut_inputs: int = COUNTER_INPUTS, later: Later = ()) -> list[list[Compressor]]:
    """What each level does, until every column of the heap has at most one bit, for LUTs of so many inputs.

    `heights` has one entry for each bit of the total: carries beyond are never set. With bits that come `later` a
    level may do nothing but wait.
    """
    levels = _levels(tuple(heights), lut_inputs, later)
    return [[compressor for number, compressor in level for _ in range(number)] for level in levels]


@lru_cache(maxsize=1 << 16)
def _levels(heights: tuple[int, ...], lut_inputs: int, later: Later) -> Sequence[Sequence[tuple[int, Compressor]]]:
    """As `levels_of`, with how many of each compressor there are behind one another."""
    levels: list[list[tuple[int, Compressor]]] = []
    current, arriving = list(heights), dict(later)
    while True:
        for column, more in enumerate(arriving.pop(len(levels), ())):
            current[column] += more
        tallest = max(current, default=0)
        if tallest <= 1 and not arriving:
            return levels
        level = [] if arriving and tallest <= 2 else _level(current, tallest, lut_inputs >= COUNTER_INPUTS)
        levels.append(level)
        for number, (low, takes, gives) in level:
            for column, taken in enumerate(takes, low):
                current[column] -= number * taken
            for column in range(low, low + gives):
                current[column] += number


def _level(heights: Sequence[int], tallest: int, counters: bool) -> list[tuple[int, Compressor]]:
    columns = len(heights)
    if counters and tallest >= COUNTER_INPUTS:
        return [
            (height // COUNTER_INPUTS, Compressor(column, (COUNTER_INPUTS,), min(3, columns - column)))
            for column, height in enumerate(heights)
            if height >= COUNTER_INPUTS
        ]
    if tallest == 2:
        low = heights.index(2)
        return [(1, Compressor(low, tuple(heights[low:]), columns - low))]
    chains: list[tuple[int, Compressor]] = []
    for row in range(1, tallest, 2):
        column = 0
        while column < columns:
            low = column
            while column < columns and heights[column] > row:
                column += 1
            if column > low:
                chains.append((1, Compressor(low, (2,) * (column - low), min(column - low + 1, columns - low))))
            column += 1
    return chains


@dataclass(frozen=True)
class HeapParts:
    """What a heap is made of: bits that counters give, bits that carry chains give, chains, register bits.

    Columns of a chain are counted by how many of their two bits are no constant; no more than two columns are no chain.
    `waits` are the levels behind which each bit of the sum is but delayed, its first register included.
    """

    counters: int
    columns: int
    half_columns: int
    chains: int
    short: int
    registers: int
    waits: tuple[int, ...] = ()

    @staticmethod
    def sum(heaps: Sequence[tuple[HeapParts, int]]) -> HeapParts:
        """The parts of several heaps, each there so many times."""
        total: dict[str, int] = defaultdict(int)
        waits: list[int] = []
        for heap, count in heaps:
            for name in ("counters", "columns", "half_columns", "chains", "short", "registers"):
                total[name] += count * cast(int, getattr(heap, name))
            waits += heap.waits * count
        return HeapParts(**total, waits=tuple(waits))

    @property
    def luts(self) -> int:
        """LUTs, if each column of a chain is one."""
        return self.counters + self.columns + self.half_columns + self.short


@lru_cache(maxsize=1 << 16)
def depth_of(heights: tuple[int, ...], lut_inputs: int = COUNTER_INPUTS, later: Later = ()) -> int:
    """How many levels a heap of these heights has."""
    return len(_levels(heights, lut_inputs, later))


@lru_cache(maxsize=1 << 16)
def heap_parts(
    heights: tuple[int, ...], constant: int, levels: int, lut_inputs: int = COUNTER_INPUTS, later: Later = ()
) -> HeapParts:
    """The parts of a heap of `heights`, the bits of `constant` last in their columns, in exactly `levels` levels."""
    plan = _levels(heights, lut_inputs, later)
    current, arriving = list(heights), dict(later)
    # Where in its column a constant one is; -1: nowhere.
    ones = [height - 1 if constant >> column & 1 else -1 for column, height in enumerate(heights)]
    counters = columns = halves = chains = short = registers = 0
    waits = [levels] * len(heights)
    for level in range(levels):
        for column, more in enumerate(arriving.get(level, ())):
            current[column] += more
        for number, (low, takes, gives) in plan[level] if level < len(plan) else ():
            if len(takes) == 1:
                counters += number * gives
            elif gives <= 2:
                short += number * gives
            else:
                full = sum(number - (0 <= ones[low + i] < number * 2) for i, count in enumerate(takes) if count == 2)
                chains, columns, halves = chains + number, columns + full, halves + number * len(takes) - full
            for column, count in enumerate(takes, low):
                current[column] -= number * count
                ones[column] = max(-1, ones[column] - number * count)
            for column in range(low, low + gives):
                current[column] += number
                waits[column] = levels - level
        registers += sum(current) - sum(place >= 0 for place in ones)
    variable = [wait for wait, height, one in zip(waits, current, ones, strict=True) if height and one < 0]
    return HeapParts(counters, columns, halves, chains, short, registers, tuple(variable))


class BitHeap:
    """The bits to be summed, by weight, for a total of `width` bits that is at most 2^`width` − 1."""

    def __init__(self, width: int, lut_inputs: int = COUNTER_INPUTS) -> None:
        self._lut_inputs = lut_inputs
        # By the level at which bits come.
        self._columns: dict[int, list[list[Bit]]] = {0: [[] for _ in range(width)]}

    def add(self, m: ModuleBuilder, value: SSAValue, shift: int = 0, *, level: int = 0, inverted: bool = False) -> None:
        """Adds 2^shift · value, or what `value` is with all bits inverted, that comes after some levels."""
        columns = self._columns.setdefault(level, [[] for _ in self._columns[0]])
        for bit in range(min(width_of(value), len(columns) - shift)):
            plain = m.extract(value, bit)
            columns[bit + shift].append(m.not_(plain) if inverted else plain)

    def add_constant(self, value: int) -> None:
        """Adds a constant."""
        for column, bits in enumerate(self._columns[0]):
            if value >> column & 1:
                bits.append(None)

    @property
    def heights(self) -> tuple[int, ...]:
        """The number of bits of each weight that are there from the beginning."""
        return _heights(self._columns[0])

    @property
    def later(self) -> Later:
        """The numbers of bits of each weight that come later."""
        return tuple((level, _heights(columns)) for level, columns in sorted(self._columns.items()) if level)

    def total(self, m: ModuleBuilder, pipeline: Pipeline, stage: int, levels: int) -> SSAValue:
        """The sum of bits that are aligned with stage `stage` − 1, after exactly `levels` registered levels.

        Bits of level l are aligned with the stage l further on.
        """
        work = levels_of(self.heights, self._lut_inputs, self.later)
        assert len(work) <= levels, "the heap needs more levels"
        columns: list[list[Bit]] = [[] for _ in self._columns[0]]
        for level in range(levels):
            columns = self._with_arrivals(columns, level)
            given: list[list[Bit]] = [[] for _ in columns]
            left = [list(column) for column in columns]
            for compressor in work[level] if level < len(work) else []:
                taken = [
                    [left[column].pop(0) for _ in range(count)]
                    for column, count in enumerate(compressor.takes, compressor.column)
                ]
                for place, bit in enumerate(_compressed(m, taken, compressor.gives), compressor.column):
                    given[place].append(bit)
            columns = [rest + new for rest, new in zip(left, given, strict=True)]
            columns = _registered(m, columns, pipeline.enable[stage + level], f"sum_{level}")
        columns = self._with_arrivals(columns, levels)
        return _joined(m, [column[0] if column else m.constant(0, 1) for column in columns])

    def _with_arrivals(self, columns: Sequence[Sequence[Bit]], level: int) -> list[list[Bit]]:
        arriving = self._columns.get(level)
        return [[*column, *(arriving[place] if arriving else [])] for place, column in enumerate(columns)]


def _heights(columns: Sequence[Sequence[Bit]]) -> tuple[int, ...]:
    return tuple(len(column) for column in columns)


def _compressed(m: ModuleBuilder, taken: Sequence[Sequence[Bit]], gives: int) -> list[Bit]:
    """The bits of the sum of some columns."""
    if len(taken) == 1:
        variable = [bit for bit in taken[0] if bit is not None]
        ones = len(taken[0]) - len(variable)
        words = [(address.bit_count() + ones) & ((1 << gives) - 1) for address in range(1 << len(variable))]
        total = m.table(m.concat(*variable), words, gives)
    else:
        zero = m.constant(0, 1)
        ordered = [_inverted_last(column) for column in taken]
        rows = [[column[row] if len(column) > row else zero for column in ordered] for row in range(2)]
        total = m.add(*(m.zext(_joined(m, row), gives) if gives > len(row) else _joined(m, row) for row in rows))
    return [m.extract(total, place) for place in range(gives)]


def _inverted_last(bits: Sequence[Bit]) -> Sequence[Bit]:
    """The first bit of a column of a carry chain bypasses the LUT, so that an inverter would need one of its own."""
    return sorted(bits, key=_is_inverted)


def _is_inverted(bit: Bit) -> bool:
    return bit is not None and isinstance(bit.owner, NotOp)


def _joined(m: ModuleBuilder, bits: Sequence[Bit]) -> SSAValue:
    return m.concat(*(m.constant(1, 1) if bit is None else bit for bit in reversed(bits)))


def _registered(m: ModuleBuilder, columns: Sequence[Sequence[Bit]], enable: SSAValue, name: str) -> list[list[Bit]]:
    """All bits a stage later, in a register for each column; constants need none.

    A register keeps what is inverted and not its inverse: in the end the inverter is part of what takes it.
    """
    result: list[list[Bit]] = []
    for number, column in enumerate(columns):
        variable = [bit for bit in column if bit is not None]
        if variable:
            plain = [bit.owner.operands[0] if isinstance(bit.owner, NotOp) else bit for bit in variable]
            word = m.reg(m.concat(*reversed(plain)), enable=enable, name=f"{name}_column{number}")
            kept = [m.extract(word, place) for place in range(len(plain))]
            variable = [m.not_(new) if _is_inverted(old) else new for new, old in zip(kept, variable, strict=True)]
        result.append([*variable, *[None] * (len(column) - len(variable))])
    return result
