"""The plan of tables in bulk is that of the tables one by one."""

from __future__ import annotations

import numpy as np
import pytest

from e3ne.units.bit_heap import heap_parts
from e3ne.units.matvec_table import output_tables, table_shape
from e3ne.units.synapses import Fold
from e3ne.units.table_plan import table_plan

FOLDS = [(Fold(1, 1, 1), 4, 23, 1), (Fold(1, 1, 2), 5, 40, 2), (Fold(2, 1, 1), 3, 20, 1), (Fold(3, 3, 1), 2, 7, 2)]


@pytest.mark.parametrize("most", [1, 3, 7, 60])
@pytest.mark.parametrize("lut_inputs", [4, 6])
@pytest.mark.parametrize(("fold", "outputs", "inputs", "parallel"), FOLDS)
def test_the_same_heaps(fold: Fold, outputs: int, inputs: int, parallel: int, lut_inputs: int, most: int) -> None:
    rng = np.random.default_rng(most)
    shape = (outputs * fold.groups, inputs * fold.chunks)
    matrix = np.clip(np.rint(rng.laplace(size=shape) * most / 3), -most, most).astype(np.int64)
    matrix[0] = 0
    lanes = fold.lane_weights(matrix, outputs, inputs, parallel)
    for granularity in (1, 4):
        one_by_one = [output_tables(weights, lut_inputs) for weights in lanes]
        found, bits = table_plan(lanes, granularity, 12, lut_inputs)
        assert found == table_shape(one_by_one, granularity, 12, lut_inputs)
        assert bits.total == sum(table.bits for lane in one_by_one for table in lane.tables)
        assert sum(bits.by_inputs) <= bits.total


def test_bits_by_inputs() -> None:
    """Weights 1, 1 and 2: the sum's lowest bit depends on two inputs, the others on three; twice the same row."""
    row = np.array([1, 1, 2, 0], dtype=np.int64)
    shape, bits = table_plan([row[None], row[None]], 1, 8)
    assert bits.total == 6
    assert bits.by_inputs == (0, 0, 1, 2, 0, 0, 0)
    assert shape.levels == 0


@pytest.mark.parametrize(
    ("heights", "constant", "levels", "expected"),
    [
        # A counter takes six bits; its three are the sum.
        ((6, 0, 0), 0, 1, (3, 0, 0, 0, 0, 3)),
        # A chain of three columns, the lowest with a constant one.
        ((2, 2, 2), 0b001, 1, (0, 2, 1, 1, 0, 3)),
        # Two equal chains are two.
        ((4, 4, 4, 0, 0), 0, 1, (0, 6, 0, 2, 0, 8)),
        # Two bits more are too short for a chain.
        ((2, 0), 0, 1, (0, 0, 0, 0, 2, 2)),
        # A level without work delays what is there, but no constant.
        ((1, 1, 0), 0b10, 2, (0, 0, 0, 0, 0, 2)),
        # Two chains side by side, of which the first has a constant one; then a chain of their sums.
        ((4, 4, 4, 0), 0b001, 2, (0, 5 + 4, 1, 3, 0, 8 + 4)),
    ],
)
def test_parts_of_heaps(heights: tuple[int, ...], constant: int, levels: int, expected: tuple[int, ...]) -> None:
    found = heap_parts(heights, constant, levels)
    counts = (found.counters, found.columns, found.half_columns, found.chains, found.short, found.registers)
    assert counts == expected


def test_bits_of_a_sum_wait_for_higher_heaps() -> None:
    """The lowest bit is there after the first of four levels, the others a level later."""
    assert heap_parts((1, 2, 3, 0), 0, 4).waits == (4, 4, 3, 3)
    assert heap_parts((1, 1), 0b10, 3).waits == (3,)
