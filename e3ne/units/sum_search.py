"""Patterns of digits that rows have in common, found greedily: what saves most is taken first.

A pattern of two rows is the set of digits in which they agree, as they are or negated, one row perhaps shifted by some
digits against the other; for all pairs of rows its size is a product of matrices. Further rows join as long as the
smaller pattern that is left saves more. What is found is a row itself and takes part from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.units.agreement_counts import AgreementCounts
from e3ne.units.sum_prices import LEAST, Prices, Reals

Small = NDArray[np.int8]
Singles = NDArray[np.float32]

MOST = 2
"""Sums found at most, as a multiple of the rows' digits."""


@dataclass(frozen=True)
class Digits:
    """Digits −1, 0, 1 of rows (rows, digits, columns), lowest first; bits and the largest value of each column."""

    digits: Small
    bits: NDArray[np.int64]
    highs: NDArray[np.int64]


@dataclass(frozen=True)
class FoundSum:
    """Digits that are left, (digits, columns), and parts: (number of a sum, shift, sign)."""

    digits: Small
    parts: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Found:
    """Sums, each after those that it uses, and the rows in terms of them."""

    sums: tuple[FoundSum, ...]
    rows: tuple[FoundSum, ...]


@dataclass(frozen=True)
class _Member:
    """A row that has a pattern: at `shift` digits higher, with this sign."""

    row: int
    shift: int
    sign: int


def find_sums(given: Digits, prices: Prices) -> Found:
    """The sums that are worth sharing."""
    search = _Search(given, prices)
    while search.step():
        pass
    return search.found()


class _Search:
    """Rows and what they agree in; row numbers from `given` on are sums that were found."""

    def __init__(self, given: Digits, prices: Prices) -> None:
        self.given, self.planes, self.columns = given.digits.shape
        self.prices = prices
        self.count = self.given
        room = self.given + max(16, MOST * self.given * self.planes)
        self.digits = np.zeros((room, self.planes, self.columns), dtype=np.int8)
        self.digits[: self.given] = given.digits
        self.parts: list[list[tuple[int, int, int]]] = [[] for _ in range(self.given)]
        # What a digit is worth, in inputs, and its largest value.
        self.terms: Reals = np.tile(given.bits / prices.parallel, self.planes)
        shifted = given.highs[None, :] << np.arange(self.planes, dtype=np.int64)[:, None]
        self.highs: Reals = np.asarray(shifted, dtype=np.float64).reshape(-1)
        self.counts = AgreementCounts.of(np.tile(self.terms, 2), np.tile(self.highs, 2))
        # Ones and minus ones of each row side by side.
        self.flat = np.zeros((room, self.counts.words), dtype=np.uint64)
        self.directions = 2 * (2 * self.planes - 1)
        # By row, direction and other row; of each row the best, and with which other row.
        self.gains = np.full((room, self.directions, room), -1, dtype=np.float32)
        self.best = np.full(room, -1, dtype=np.float32)
        self.partner = np.zeros(room, dtype=np.int64)
        for row in range(self.given):
            self._flatten(row)
        self._renew(range(self.given))

    def step(self) -> bool:
        """Takes the pattern that saves most; False if none is left."""
        row = int(self.best.argmax())
        if self.best[row] <= LEAST or self.count == len(self.digits):
            return False
        direction, other = divmod(int(self.gains[row].argmax()), len(self.digits))
        shift, sign = self._shift_and_sign(direction)
        pattern = self._agreeing(self.digits[row], _Member(other, shift, sign))
        members, pattern, gain = self._with_more_rows(pattern, [_Member(row, 0, 1), _Member(other, shift, sign)])
        if gain <= LEAST:
            self.gains[row, direction, other] = self.gains[other, self._reverse(direction), row] = -1
            self._note_best([row, other])
        else:
            self._take(pattern, members)
        return True

    def found(self) -> Found:
        """The result, sums in an order in which each comes after those that it uses."""
        order: list[int] = []

        def visit(row: int) -> None:
            if row not in order:
                for used, _, _ in self.parts[row]:
                    visit(used)
                order.append(row)

        for row in range(self.given, self.count):
            visit(row)
        number = {row: place for place, row in enumerate(order)}

        def result(row: int) -> FoundSum:
            parts = tuple((number[used], shift, sign) for used, shift, sign in self.parts[row])
            return FoundSum(self.digits[row].copy(), parts)

        return Found(tuple(result(row) for row in order), tuple(result(row) for row in range(self.given)))

    def _shift_and_sign(self, direction: int) -> tuple[int, int]:
        sign, shift = divmod(direction, 2 * self.planes - 1)
        return shift - (self.planes - 1), 1 - 2 * sign

    def _reverse(self, direction: int) -> int:
        """The same pattern, seen from the other row."""
        shifts = 2 * self.planes - 1
        return direction // shifts * shifts + shifts - 1 - direction % shifts

    def _moved(self, pattern: Small, shift: int) -> Small:
        """A pattern (…, digits, columns) some digits higher; what leaves the digits is lost."""
        result = np.zeros_like(pattern)
        if shift >= 0:
            result[..., shift:, :] = pattern[..., : self.planes - shift, :]
        else:
            result[..., :shift, :] = pattern[..., -shift:, :]
        return result

    def _agreeing(self, pattern: Small, member: _Member) -> Small:
        """The digits of a pattern that a row has too."""
        other = member.sign * self._moved(self.digits[member.row], -member.shift)
        return np.where(pattern == other, pattern, 0).astype(np.int8)

    def _agreements(self, patterns: Small, users: int) -> Singles:
        """What is saved if rows share with patterns (patterns, digits, columns) what they agree in.

        By pattern, direction and row.
        """
        shifts = range(1 - self.planes, self.planes)
        moved = np.stack([self._moved(patterns, shift) for shift in shifts], axis=1)
        moved = moved.reshape(len(patterns), len(shifts), -1)
        ones, minus = moved == 1, moved == -1
        asked = np.concatenate([np.concatenate(pair, axis=2) for pair in ((ones, minus), (minus, ones))], axis=1)
        asked = self.counts.packed(asked.reshape(-1, asked.shape[2]))
        terms, highs = self.counts.agreeing(asked, self.flat[: self.count])
        shape = (len(patterns), self.directions, self.count)
        return self.prices.gains(terms.reshape(shape), highs.reshape(shape), users).astype(np.float32)

    def _with_more_rows(self, pattern: Small, members: list[_Member]) -> tuple[list[_Member], Small, float]:
        """Rows are added while that saves more; the part of the pattern that is best, and what it saves."""
        kept, gain = self._best_part(pattern, len(members))
        while True:
            gains = self._agreements(pattern[None], len(members) + 1)[0]
            gains[:, [member.row for member in members]] = -1
            direction, row = divmod(int(gains.argmax()), self.count)
            if gains[direction, row] <= gain:
                return members, kept, gain
            added = _Member(row, *self._shift_and_sign(direction))
            smaller = self._agreeing(pattern, added)
            part, more = self._best_part(smaller, len(members) + 1)
            if more <= gain:
                return members, kept, gain
            members, pattern, kept, gain = [*members, added], smaller, part, more

    def _best_part(self, pattern: Small, users: int) -> tuple[Small, float]:
        """All of a pattern or as many digits as save more: those that the fewest other rows have."""
        where = np.flatnonzero(pattern)
        gain = self._gain(where, users)
        wanted = int(self.prices.best_gains(users)[1][min(int(self.terms[where].sum()), self.prices.terms)])
        if not 0 < wanted < len(where):
            return pattern, gain
        plane, column = np.unravel_index(where, pattern.shape)
        others = np.count_nonzero(self.digits[: self.count, plane, column], axis=0)
        chosen = where[np.argsort(others, kind="stable")[:wanted]]
        more = self._gain(chosen, users)
        if more <= gain:
            return pattern, gain
        part = np.zeros_like(pattern)
        part.reshape(-1)[chosen] = pattern.reshape(-1)[chosen]
        return part, more

    def _gain(self, where: NDArray[np.intp], users: int) -> float:
        if not where.size:
            return 0.0
        lowest = int(where.min()) // self.columns
        return self.prices.gain(float(self.terms[where].sum()), int(self.highs[where].sum()) >> lowest, users)

    def _take(self, pattern: Small, members: list[_Member]) -> None:
        """Makes a pattern a sum, and puts it into its rows; a sum that is all of the pattern is there already."""
        size = int(np.count_nonzero(pattern))
        whole = [m for m in members if m.row >= self.given and self._is_plain(m.row, size)]
        if whole:
            number, base = whole[0].row, whole[0]
        else:
            lowest = int(np.flatnonzero(pattern)[0]) // self.columns
            number, base = self.count, _Member(self.count, -lowest, 1)
            self.count += 1
            self.parts.append([])
            self.digits[number] = self._moved(pattern, -lowest)
            self._flatten(number)
        changed = [member for member in members if member.row != number]
        for member in changed:
            self.digits[member.row] -= member.sign * self._moved(pattern, member.shift)
            self.parts[member.row].append((number, member.shift - base.shift, member.sign * base.sign))
            self._flatten(member.row)
        self._renew([*(member.row for member in changed), number])

    def _is_plain(self, row: int, size: int) -> bool:
        """Whether a row has so many digits and nothing else."""
        return not self.parts[row] and np.count_nonzero(self.digits[row]) == size

    def _flatten(self, row: int) -> None:
        digits = self.digits[row].reshape(-1)
        self.flat[row] = self.counts.packed(np.concatenate([digits == 1, digits == -1])[None])[0]

    def _renew(self, rows: range | list[int]) -> None:
        """Compares some rows with all others."""
        changed = sorted(set(rows))
        reverse = [self._reverse(direction) for direction in range(self.directions)]
        for row, gains in zip(changed, self._agreements(self.digits[changed], 2), strict=True):
            gains[:, row] = -1
            self.gains[row, :, : self.count] = gains
            self.gains[: self.count, :, row] = gains[reverse].T
        new = self.gains[: self.count, :, changed].max(axis=1)
        place = new.argmax(axis=1)
        new = new[np.arange(self.count), place]
        gone = np.isin(self.partner[: self.count], changed) & (new < self.best[: self.count])
        better = new > self.best[: self.count]
        self.best[: self.count][better] = new[better]
        self.partner[: self.count][better] = np.array(changed)[place[better]]
        self._note_best([*np.flatnonzero(gone).tolist(), *changed])

    def _note_best(self, rows: list[int]) -> None:
        for row in rows:
            place = int(self.gains[row].argmax())
            self.best[row] = self.gains[row].reshape(-1)[place]
            self.partner[row] = place % len(self.digits)
