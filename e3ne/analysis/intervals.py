"""Intervals of integers modulo 2^width: what a bundle of wires can hold, whichever way its sign is read.

`[low, high]` stands for all bit patterns that are congruent to one of low … high; 250 … 260 of eight bits are 250 … 255
and 0 … 4. Wrapped intervals keep what additions of two's complement know without deciding on a sign first (Navas,
Schachte, Søndergaard, Stuckey: "Signedness-agnostic program analysis", APLAS 2012).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Integers `low` … `high` modulo 2^`width`; fewer than 2^width of them, or all."""

    low: int
    high: int
    width: int

    @classmethod
    def whole(cls, width: int) -> Interval:
        """Any bits."""
        return cls(0, (1 << width) - 1, width)

    @classmethod
    def between(cls, low: int, high: int, width: int) -> Interval:
        """From `low` to `high`; any bits if these are too many."""
        return cls(low, high, width) if high - low < (1 << width) - 1 else cls.whole(width)

    def unsigned(self) -> tuple[int, int]:
        """The least and the greatest unsigned number."""
        return self._read(0)

    def signed(self) -> tuple[int, int]:
        """The least and the greatest number of two's complement."""
        return self._read(-(1 << self.width - 1))

    def _read(self, least: int) -> tuple[int, int]:
        """The ends, moved by a multiple of 2^width so that they are at or above `least`, or all that can be read."""
        moved = (self.low - least) % (1 << self.width) + least
        most = least + (1 << self.width) - 1
        return (moved, moved + self.high - self.low) if moved + self.high - self.low <= most else (least, most)

    def add(self, other: Interval) -> Interval:
        """The sums."""
        return Interval.between(self.low + other.low, self.high + other.high, self.width)

    def sub(self, other: Interval) -> Interval:
        """The differences."""
        return Interval.between(self.low - other.high, self.high - other.low, self.width)

    def inverted(self) -> Interval:
        """All bits inverted: −1 − n."""
        return Interval(-1 - self.high, -1 - self.low, self.width)

    def extended(self, width: int, *, signed: bool) -> Interval:
        """With more bits."""
        return Interval(*(self.signed() if signed else self.unsigned()), width)

    def bits(self, first: int, width: int) -> Interval:
        """`width` bits from bit `first` on."""
        return Interval.between(self.low >> first, self.high >> first, width)


def union(intervals: Iterable[Interval]) -> Interval:
    """One interval that holds all of several of one width: the shorter of the unsigned and the signed one."""
    parts = list(intervals)
    if len(set(parts)) == 1:
        return parts[0]
    width = parts[0].width
    readings = [[part.unsigned() for part in parts], [part.signed() for part in parts]]
    hulls = [(min(low for low, _ in ends), max(high for _, high in ends)) for ends in readings]
    low, high = min(hulls, key=lambda hull: hull[1] - hull[0])
    return Interval.between(low, high, width)


def of_numbers(numbers: Sequence[int], width: int) -> Interval:
    """The interval of some bit patterns."""
    return union(Interval(number, number, width) for number in numbers)


def joined(parts: Sequence[Interval]) -> Interval:
    """Parts side by side, the first with the highest bits: below a part that may be read either way, unsigned ones."""
    low, high, width = parts[0].low, parts[0].high, parts[0].width
    for part in parts[1:]:
        least, most = part.unsigned()
        low, high, width = (low << part.width) + least, (high << part.width) + most, width + part.width
    return Interval.between(low, high, width)
