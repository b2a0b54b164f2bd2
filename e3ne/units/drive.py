"""The drive: what the spikes of a step add to the membrane of each output lane, summed in a heap of bits.

Heaps hold unsigned numbers. What is missing to the true drive is a constant, and most of it goes into the value with
which the membrane starts: there it costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.units.bit_heap import HeapParts, Later, depth_of, heap_parts


@dataclass(frozen=True)
class Drive:
    """For each output lane a sum, registered in pipeline stage `stage`; with its offset it is the drive of a step."""

    sums: Sequence[SSAValue]
    offsets: Sequence[int]
    stage: int


@dataclass(frozen=True)
class Column:
    """The heap of one output lane: its bits by weight, those that come later, and the offset that is not in it.

    `remainder` is the part of the missing constant that is in the heap.
    """

    heights: tuple[int, ...]
    offset: int
    remainder: int
    later: Later = ()

    @staticmethod
    def of(
        numbers: Sequence[tuple[int, int]] | NDArray[np.int32],
        high: int,
        missing: int,
        granularity: int,
        bits: int,
        late: Sequence[tuple[int, int, int]] = (),
    ) -> Column:
        """A heap for unsigned numbers (bits, shift) and `late` ones (level, bits, shift), for values modulo 2^`bits`.

        Their sum is at most `high`. The offset is a multiple of `granularity`. In an array each number is a row, and
        what is right of its bits and shift does not matter.
        """
        remainder = missing % granularity
        width = max(1, min(bits, (high + remainder).bit_length()))
        rows = np.asarray(numbers, dtype=np.int32)
        sizes, shifts = (rows[:, 0], rows[:, 1]) if rows.ndim == 2 else (rows, rows)
        changes = np.bincount(np.minimum(shifts, width), minlength=width + 1)
        changes -= np.bincount(np.minimum(shifts + sizes, width), minlength=width + 1)
        own = np.cumsum(changes[:width]).tolist()
        first = _heights(late, 0, width)
        heights = [own[place] + first[place] + (remainder >> place & 1) for place in range(width)]
        levels = sorted({level for level, _, _ in late if level})
        later = tuple((level, tuple(_heights(late, level, width))) for level in levels)
        return Column(tuple(heights), missing - remainder, remainder, later)

    @property
    def width(self) -> int:
        """Bits of the sum."""
        return len(self.heights)

    def depth(self, lut_inputs: int) -> int:
        """Levels of the heap."""
        return depth_of(self.heights, lut_inputs, self.later)

    def parts(self, levels: int, lut_inputs: int) -> HeapParts:
        """What the heap is made of."""
        return heap_parts(self.heights, self.remainder, levels, lut_inputs, self.later)


def _heights(late: Sequence[tuple[int, int, int]], level: int, width: int) -> list[int]:
    heights = [0] * width
    for when, size, shift in late:
        if when == level:
            for place in range(shift, min(shift + size, width)):
                heights[place] += 1
    return heights


@dataclass(frozen=True)
class DriveShape:
    """The heaps of all output lanes and the levels that the tallest one needs."""

    columns: tuple[Column, ...]
    levels: int

    @staticmethod
    def of(columns: Sequence[Column], lut_inputs: int) -> DriveShape:
        """The levels follow from the heaps, and from what they are built of."""
        # Often all columns are one.
        heaps = {(column.heights, column.later) for column in {id(each): each for each in columns}.values()}
        return DriveShape(tuple(columns), max(depth_of(heights, lut_inputs, later) for heights, later in heaps))
