"""Shared sums: what they stand for, what they find, what they cost, and how long a plan takes."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.units.common_sums import digits_of, share, unshared
from e3ne.units.matvec_matrix import Matrix
from e3ne.units.shared_parts import shared_parts
from e3ne.units.shared_plan import SharedPlan, elements_of, shared_plan_of
from e3ne.units.shared_plan import planned as plan_of
from e3ne.units.sum_prices import prices_of
from e3ne.units.synapses import Fold, Integers
from e3ne.units.table_plan import table_plan

EXACT = settings(deadline=None, derandomize=True)


def drawn(outputs: int, inputs: int, most: int, seed: int = 0) -> Integers:
    """Weights as training leaves them."""
    real = np.random.default_rng(seed).laplace(size=(outputs, inputs)) * most / 2.5
    return np.clip(np.rint(real), -most, most).astype(np.int64)


def planned(weights: Integers, parallel: int = 1, lut_inputs: int = 6) -> SharedPlan:
    """The plan, for values of 20 bits."""
    return shared_plan_of(Matrix(weights.tobytes(), weights), parallel, 1, 20, lut_inputs)


@settings(EXACT, max_examples=80)
@given(st.integers(1, 9), st.integers(1, 12), st.sampled_from((1, 2, 7, 100)), st.integers(1, 4), st.integers(0, 99))
def test_sums_are_the_matrix(outputs: int, inputs: int, most: int, parallel: int, seed: int) -> None:
    weights = drawn(outputs, inputs, most, seed)
    if seed % 3 == 0:
        # Rows and columns that are alike.
        weights = np.concatenate([weights, -4 * weights], axis=0)[:, np.arange(4 * inputs) // 4]
    prices = prices_of(parallel, 6, weights.shape[1] * 8)
    for signed_digits, whole_rows in product((False, True), repeat=2):
        found = share(weights, prices, signed_digits=signed_digits, whole_rows=whole_rows)
        assert np.array_equal(found.matrix(), weights)
        for number, each in enumerate(found.sums):
            assert all(part.number < number and part.shift >= 0 for part in each.parts)


def test_no_weights_no_sums() -> None:
    nothing = np.zeros((3, 4), dtype=np.int64)
    found = share(nothing, prices_of(1, 6, 8), signed_digits=False, whole_rows=True)
    assert found.sums == ()
    assert np.array_equal(found.matrix(), nothing)


@pytest.mark.parametrize("signed_digits", [False, True])
def test_digits(signed_digits: bool) -> None:
    weights = np.arange(-9, 10, dtype=np.int64)[None]
    digits = digits_of(weights, signed_digits).astype(np.int64)
    assert np.array_equal(digits.transpose(0, 2, 1) @ (1 << np.arange(digits.shape[1])), weights)
    neighbours = (digits[:, 1:] * digits[:, :-1]).any()
    assert neighbours != signed_digits


def test_rows_that_are_alike_are_computed_once() -> None:
    row = drawn(1, 20, 3)[0]
    weights = np.stack([row, -row, 4 * row, row, 0 * row])
    plan = planned(weights)
    whole = plan.sharing.outputs[0].parts[0].number
    assert [part.number for output in plan.sharing.outputs for part in output.parts] == [whole] * 4
    alone, _ = table_plan([elements_of(row, 1)], 1, 20)
    # The outputs are bits of the one sum that is there.
    assert shared_parts(plan, 6).counters <= alone.columns[0].parts(alone.levels, 6).counters + 3
    assert sum(plan.tables.by_inputs) <= 20


def test_columns_that_are_alike_are_added_first() -> None:
    weights = np.repeat(drawn(12, 5, 3), 6, axis=1)
    plan = planned(weights)
    sizes = [np.count_nonzero(each.weights) for each in plan.sharing.sums[:5]]
    assert sizes == [6] * 5
    assert not any(output.weights.any() for output in plan.sharing.outputs)


def test_the_pattern_of_two_rows_is_found() -> None:
    weights = np.zeros((2, 36), dtype=np.int64)
    weights[0, :24], weights[1, 12:] = 1, -1
    prices = prices_of(1, 6, 72)
    (only,) = share(weights, prices, signed_digits=False, whole_rows=True).sums
    assert np.flatnonzero(only.weights).tolist() == list(range(12, 24))


@pytest.mark.parametrize(("parallel", "lut_inputs"), [*product((1, 2, 4), (4, 6))])
def test_sharing_is_never_dearer_than_tables(parallel: int, lut_inputs: int) -> None:
    for outputs, inputs, most in ((3, 10, 1), (8, 30, 3), (16, 60, 7)):
        weights = drawn(outputs, inputs, most)
        shape, tables = table_plan(Fold(1, 1, 1).lane_weights(weights, outputs, inputs, parallel), 1, 20, lut_inputs)
        alone = sum(tables.by_inputs) + sum(c.parts(shape.levels, lut_inputs).luts for c in shape.columns)
        plan = planned(weights, parallel, lut_inputs)
        parts = shared_parts(plan, lut_inputs)
        assert plan.luts(lut_inputs) <= alone
        # Bit by bit, what is there once is not counted twice.
        assert sum(plan.tables.by_inputs) + parts.luts <= plan.luts(lut_inputs)


def test_without_sums_parts_are_those_of_the_heaps() -> None:
    plan = planned(drawn(6, 9, 1))
    assert plan.sharing.outputs == () or not plan.sharing.sums
    assert shared_parts(plan, 6).luts == plan.luts(6) - sum(plan.tables.by_inputs)


def test_sparse_weights_and_shared_kernels_are_smaller() -> None:
    """A layer of 16 outputs and 6 channels of 5 x 5: LUTs of tables, and of shared sums."""
    rng = np.random.default_rng(0)
    dense = drawn(16, 150, 3)
    pruned = np.where(rng.random(dense.shape) < 0.7, 0, dense)
    masks = np.stack([rng.permutation(25) < 8 for _ in range(4)])
    patterns = (dense.reshape(16, 6, 25) * masks[rng.integers(4, size=(16, 6))]).reshape(16, 150)
    kernels = np.tile(dense[:, :25], 6)
    luts: dict[str, tuple[int, int]] = {}
    for name, weights in (("dense", dense), ("pruned", pruned), ("patterns", patterns), ("kernels", kernels)):
        tables = planned_without(weights).luts(6)
        luts[name] = tables, planned(weights).luts(6)
    assert all(shared <= tables for tables, shared in luts.values())
    assert luts["dense"][1] < 0.95 * luts["dense"][0]
    assert max(luts["pruned"]) < 0.55 * luts["dense"][1]
    assert max(luts["patterns"]) < 0.55 * luts["dense"][1]
    assert luts["kernels"][1] < 0.65 * min(luts["kernels"][0], luts["dense"][1])


def planned_without(weights: Integers) -> SharedPlan:
    """The plan of tables alone."""
    return plan_of(unshared(weights), 1, 1, 20, 6)


def test_a_large_plan_is_quick() -> None:
    """84 x 120: half a second; a machine that does other things too may take some more."""
    weights = drawn(84, 120, 3)
    start = time.process_time()
    plan = planned(weights, 4)
    assert time.process_time() - start < 4
    assert plan.sharing.sums
