"""What a sum of one-bit inputs costs in LUTs, and what it saves to share it: the price list of common sums.

A LUT of a heap of bits removes about one bit (e3ne.units.bit_heap), so that a sum which several rows have saves each
of them as many LUTs as it has fewer bits than its terms, and costs what its own heap does. Small sums are tables: six
inputs of one weight become three bits for three LUTs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from e3ne.units.drive import Column

Reals = NDArray[np.float64]

EXACT = 48
"""Terms up to which a heap is planned; larger ones cost in proportion."""

LEAST = 0.5
"""LUTs that a shared sum must save: the estimate is not finer."""


@dataclass(frozen=True)
class Prices:
    """Prices of sums of inputs that have `parallel` bits each, at most `terms` of them, for LUTs of so many inputs."""

    parallel: int
    lut_inputs: int
    terms: int
    _best: dict[int, tuple[Reals, NDArray[np.int64]]] = field(default_factory=lambda: {}, compare=False)

    @property
    def input_high(self) -> int:
        """The largest value of an input."""
        return (1 << self.parallel) - 1

    @cached_property
    def luts(self) -> Reals:
        """LUTs of a sum of n inputs, by n."""
        exact = [_sum_luts(n, self.parallel, self.lut_inputs) for n in range(min(self.terms, EXACT) + 1)]
        slope = (exact[-1] - exact[len(exact) // 2]) / max(1, len(exact) - 1 - len(exact) // 2)
        more = [exact[-1] + slope * n for n in range(1, self.terms + 1 - EXACT)]
        return np.array([*exact, *more], dtype=np.float64)

    @cached_property
    def bits(self) -> Reals:
        """Bits of a sum of n inputs, by n."""
        return bit_lengths(np.arange(self.terms + 1) * self.input_high)

    def gain(self, terms: float, high: int, users: int) -> float:
        """LUTs saved where `users` rows share a sum that is worth so many inputs and at most `high`."""
        n = min(self.terms, -int(-terms // 1))
        bits = high.bit_length()
        return float(users * (terms * self.parallel - bits) - self.luts[n] - max(0.0, bits - self.bits[n]))

    def best_gains(self, users: int) -> tuple[Reals, NDArray[np.int64]]:
        """The most that `users` rows save if up to n inputs are shared, and by how many of them, by n."""
        if users not in self._best:
            n = np.arange(self.terms + 1)
            gains = users * (n * self.parallel - self.bits) - self.luts
            gains[0] = 0.0
            best = np.maximum.accumulate(gains)
            self._best[users] = best, np.maximum.accumulate(np.where(gains == best, n, 0))
        return self._best[users]

    def gains(self, terms: Reals, highs: Reals, users: int) -> Reals:
        """As `gain`, for many sums at once, each with as many of its terms as are best."""
        n = np.minimum(np.floor(terms).astype(np.int64), self.terms)
        more = np.maximum(bit_lengths(highs) - self.bits[n], 0)
        return self.best_gains(users)[0][n] - (users + 1) * more


@lru_cache(maxsize=256)
def prices_of(parallel: int, lut_inputs: int, terms: int) -> Prices:
    """The price list, computed once."""
    return Prices(parallel, lut_inputs, terms)


def bit_lengths(values: NDArray[np.number]) -> Reals:
    """Bits of numbers that are not negative."""
    return np.frexp(values.astype(np.float64))[1].astype(np.float64)


def _sum_luts(terms: int, parallel: int, lut_inputs: int) -> int:
    """LUTs of a sum of inputs of weight one: tables, each of digits of one step as far as they go, and a heap."""
    high = terms * ((1 << parallel) - 1)
    if terms * parallel <= lut_inputs:
        return high.bit_length()
    whole, rest = divmod(terms, lut_inputs)
    numbers: list[tuple[int, int]] = []
    for shift in range(parallel):
        numbers += [(lut_inputs.bit_length(), shift)] * whole
        if rest:
            numbers.append((rest.bit_length(), shift))
    column = Column.of(numbers, high, 0, 1, 64)
    tables = sum(bits for bits, _ in numbers)
    return tables + column.parts(column.depth(lut_inputs), lut_inputs).luts
