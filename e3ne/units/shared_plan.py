"""What a matrix-vector unit of shared sums comes to: its sums, their heaps, and when each of them is there.

A sum is built as an output is: tables of its own inputs, and a heap of bits, in which sums of others arrive later. The
plan is what both the hardware and its estimate follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product

import numpy as np

from e3ne.units.common_sums import Part, Sharing, Sum, share, unshared
from e3ne.units.drive import Column, DriveShape
from e3ne.units.matvec_matrix import Matrix
from e3ne.units.sum_prices import prices_of
from e3ne.units.synapses import Integers
from e3ne.units.table_plan import LaneTables, TableBits, tables_of_lanes

ANY_BITS = 63
"""A width that no sum reaches."""

EVERY_WAY = 1 << 14
"""Digits of matrices up to which a way takes a twentieth of a second, so that several may be compared."""


@dataclass(frozen=True, eq=False)
class SharedPlan:
    """The sums and outputs of a unit, and the tables of each of them, sums first.

    `heaps` are those of the sums, each with its levels, `shape` those of the outputs.
    """

    sharing: Sharing
    lanes: tuple[LaneTables, ...]
    heaps: tuple[tuple[Column, int], ...]
    shape: DriveShape
    tables: TableBits

    @property
    def all_heaps(self) -> tuple[tuple[Column, int], ...]:
        """The heaps of sums and outputs, each with its levels."""
        return (*self.heaps, *((column, self.shape.levels) for column in self.shape.columns))

    def luts(self, lut_inputs: int) -> int:
        """LUTs, if each part is one, and nothing is there twice."""
        heaps = sum(column.parts(levels, lut_inputs).luts for column, levels in self.all_heaps)
        return sum(self.tables.by_inputs) + heaps


def elements_of(weights: Integers, parallel: int) -> Integers:
    """The weights (1, parallel·inputs) of the digits of a beat, for the weights of inputs: the first step's first."""
    return (weights[None, :] << np.arange(parallel - 1, -1, -1)[:, None]).reshape(1, -1)


@lru_cache(maxsize=1024)
def shared_plan_of(matrix: Matrix, parallel: int, multiple: int, bits: int, lut_inputs: int) -> SharedPlan:
    """The plan for a matrix whose weights are all there at once, computed once."""
    return planned(sharing_of(matrix, parallel, lut_inputs), parallel, multiple, bits, lut_inputs)


@lru_cache(maxsize=256)
def sharing_of(matrix: Matrix, parallel: int, lut_inputs: int) -> Sharing:
    """The cheapest of some ways to share: with none of it, too, a unit is one of tables."""
    candidates = [unshared(matrix.integers()), *_ways(matrix, lut_inputs)]
    return min(candidates, key=lambda found: planned(found, parallel, 1, ANY_BITS, lut_inputs).luts(lut_inputs))


@lru_cache(maxsize=64)
def _ways(matrix: Matrix, lut_inputs: int) -> Sequence[Sharing]:
    """Ways to share: each position of the digits on its own or whole rows, in plain binary or with signed digits.

    They are found for one time step in a cycle, and serve for several. Of large matrices only the way that is best most
    often.
    """
    weights = matrix.integers()
    planes = int(np.abs(weights).max(initial=0)).bit_length()
    prices = prices_of(1, lut_inputs, weights.shape[1] * (planes + 1))
    others = (False, True) if planes > 1 and weights.size * planes <= EVERY_WAY else (False,)
    return [
        share(weights, prices, signed_digits=signed_digits, whole_rows=whole_rows)
        for signed_digits, whole_rows in product(others, others)
    ]


def planned(sharing: Sharing, parallel: int, multiple: int, bits: int, lut_inputs: int) -> SharedPlan:
    """The plan for sums that are found; offsets are multiples of `multiple`, values have `bits`."""
    rows = [*sharing.sums, *sharing.outputs]
    found, tables = tables_of_lanes([elements_of(row.weights, parallel) for row in rows], lut_inputs)
    heaps: list[tuple[Column, int]] = []
    for row, own in zip(sharing.sums, found, strict=False):
        column = _column(row, own, heaps, 1, ANY_BITS)
        heaps.append((column, column.depth(lut_inputs)))
    columns = [
        _column(row, own, heaps, multiple, bits)
        for row, own in zip(sharing.outputs, found[len(sharing.sums) :], strict=True)
    ]
    return SharedPlan(sharing, tuple(found), tuple(heaps), DriveShape.of(columns, lut_inputs), tables)


def _column(row: Sum, own: LaneTables, heaps: list[tuple[Column, int]], multiple: int, bits: int) -> Column:
    """The heap of a sum: numbers of its tables, and sums that come in the level in which they are ready."""
    late: list[tuple[int, int, int]] = []

    def with_part(total: tuple[int, int], part: Part) -> tuple[int, int]:
        column, level = heaps[part.number]
        largest = (1 << column.width) - 1
        late.append((level, column.width, part.shift))
        # Negative, it is all bits inverted, which is the largest number less what it is.
        offset = -largest - column.offset if part.negative else column.offset
        return total[0] + (largest << part.shift), total[1] + (offset << part.shift)

    high, offset = reduce(with_part, row.parts, (own.high, own.offset))
    return Column.of(own.numbers, high, offset, multiple, bits, late)
