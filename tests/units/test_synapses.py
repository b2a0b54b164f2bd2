"""Folded and grouped weights sum up to the matrix-vector product; every weight is met exactly once."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.units.matvec_table import LUT_INPUTS, group_terms, partial_sums
from e3ne.units.synapses import Fold

QUICK = settings(deadline=None, derandomize=True, max_examples=80)

folds = st.builds(Fold, st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))


@st.composite
def matrices(draw: st.DrawFn, outputs: int, inputs: int) -> np.ndarray:
    """Some weights are zero, some outputs and some inputs have none at all."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    weights = rng.integers(-5, 6, (outputs, inputs))
    weights[rng.random(weights.shape) < draw(st.sampled_from((0, 0.3, 0.9)))] = 0
    return weights


@QUICK
@given(folds, st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.data())
def test_folds_sum_up_to_the_product(fold: Fold, outputs: int, lanes: int, parallel: int, data: st.DataObject) -> None:
    """Spike by spike: element p·lanes + l of a beat is lane l of the p-th of its time steps."""
    matrix = data.draw(matrices(fold.groups * outputs, fold.chunks * lanes))
    steps = fold.step_beats * parallel
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 2, (matrix.shape[1], steps)).tolist()
    codes = [int("".join(map(str, train)), 2) for train in digits]
    tables = fold.lane_weights(matrix, outputs, lanes, parallel)
    groupings = [group_terms(table) for table in tables]
    for group, output in product(range(fold.groups), range(outputs)):
        total = 0
        for chunk, time in product(range(fold.chunks), range(fold.step_beats)):
            beat = [digits[chunk * lanes + lane][time * parallel + p] for p in range(parallel) for lane in range(lanes)]
            row = (group << fold.chunk_bits) + chunk
            drive = 0
            for elements in groupings[output]:
                column = sum(beat[element] << bit for bit, element in enumerate(elements))
                drive += int(partial_sums(tables[output], elements)[row, column])
            total += drive << (parallel * (fold.step_beats - 1 - time))
        weights = matrix[group * outputs + output].tolist()
        assert total == sum(weight * code for weight, code in zip(weights, codes, strict=True))


@QUICK
@given(folds, st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.data())
def test_every_weight_is_in_one_fold(fold: Fold, outputs: int, lanes: int, parallel: int, data: st.DataObject) -> None:
    matrix = data.draw(matrices(fold.groups * outputs, fold.chunks * lanes))
    tables = fold.lane_weights(matrix, outputs, lanes, parallel)
    assert [table.shape for table in tables] == [(1 << fold.address_bits, lanes * parallel)] * outputs
    assert fold.words == fold.groups * fold.chunks <= 1 << fold.address_bits
    expected = np.zeros((outputs, 1 << fold.address_bits, lanes * parallel), dtype=np.int64)
    for (row, column), weight in np.ndenumerate(matrix):
        address = (row // outputs << fold.chunk_bits) + column // lanes
        for p in range(parallel):
            expected[row % outputs, address, p * lanes + column % lanes] = weight * 2 ** (parallel - 1 - p)
    assert np.array_equal(np.stack(tables), expected)


@QUICK
@given(st.integers(1, 16), st.integers(1, 40), st.data())
def test_each_element_with_a_weight_is_in_one_table(folds: int, elements: int, data: st.DataObject) -> None:
    weights = data.draw(matrices(folds, elements))
    groups = group_terms(weights)
    used = [element for element in range(elements) if any(weights[:, element])]
    assert sorted(element for group in groups for element in group) == used
    address_bits = next(bits for bits in range(8) if 1 << bits >= folds)
    assert all(address_bits + len(group) <= LUT_INPUTS for group in groups)
    assert len(groups) == max(1, -(-len(used) // (LUT_INPUTS - address_bits))), "more tables than are needed"


def test_equal_magnitudes_share_a_table() -> None:
    """Twelve weights of magnitude 1 and six of magnitude 3, in any order: no table has both."""
    weights = np.array([[1, -3, -1, 0, 1, 3, 1, -1, 3, 1, 0, -1, 1, 3, -3, 1, 1, -3, -1, 1]])
    magnitudes = [{abs(int(weights[0, element])) for element in group} for group in group_terms(weights)]
    assert sorted(map(sorted, magnitudes)) == [[1], [1], [3]]


@pytest.mark.parametrize("folds", [1, 4])
def test_no_weights(folds: int) -> None:
    weights = np.zeros((folds, 5), dtype=np.int64)
    assert group_terms(weights) == [[]]
    assert partial_sums(weights, []).tolist() == [[0]] * folds


def test_partial_sums_by_hand() -> None:
    weights = np.array([[1, -2, 4], [0, 3, 8]])
    assert partial_sums(weights, [2, 0]).tolist() == [[0, 4, 1, 5], [0, 8, 0, 8]]
