"""How many digits sets have in common, weighed: sets as bits in words, so that they are counted and not multiplied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.units.sum_prices import Reals

Words = NDArray[np.uint64]
"""Sets of digits, shape (sets, words)."""

WORD = 64

BLOCK = 1 << 22
"""Words that are compared at once."""


@dataclass(frozen=True)
class AgreementCounts:
    """Digits of equal worth stand in words of their own.

    `order` is the digit at each place of the words, −1 for none; `starts` are the first words of each worth, and
    `worth` (worths, 2) how many inputs a digit counts for and its largest value.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    worth: Reals

    @staticmethod
    def of(terms: Reals, highs: Reals) -> AgreementCounts:
        """For digits that count for so many inputs and have these largest values."""
        worth, which = np.unique(np.stack([terms, highs], axis=1), axis=0, return_inverse=True)
        members = [np.flatnonzero(which.reshape(-1) == number) for number in range(len(worth))]
        lengths = [-(-each.size // WORD) for each in members]
        padded = [
            np.pad(each, (0, length * WORD - each.size), constant_values=-1)
            for each, length in zip(members, lengths, strict=True)
        ]
        starts = np.cumsum([0, *lengths], dtype=np.int64)[:-1]
        return AgreementCounts(np.concatenate(padded), starts, worth)

    @property
    def words(self) -> int:
        """Words of a set."""
        return self.order.size // WORD

    def packed(self, sets: NDArray[np.bool_]) -> Words:
        """Sets (sets, digits) in words."""
        bits = sets[:, self.order] & (self.order >= 0)
        return np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64)

    def agreeing(self, asked: Words, rows: Words) -> tuple[Reals, Reals]:
        """For each of the sets asked for and each row: how many inputs they have in common, and the largest value."""
        result = np.zeros((2, len(asked), len(rows)))
        step = max(1, BLOCK // max(1, rows.size))
        for start in range(0, len(asked), step):
            common = np.bitwise_count(asked[start : start + step, None] & rows)
            counts = np.add.reduceat(common, self.starts, axis=2, dtype=np.int64)
            result[:, start : start + step] = np.moveaxis(counts @ self.worth, 2, 0)
        return result[0], result[1]
