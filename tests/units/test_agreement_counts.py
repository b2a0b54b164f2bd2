"""Digits that sets have in common, counted in words, against the same one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.units import agreement_counts
from e3ne.units.agreement_counts import AgreementCounts


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 1 << 30), st.integers(1, 200), st.integers(1, 5), st.integers(1, 7), st.integers(1, 4))
def test_as_one_by_one(seed: int, digits: int, asked: int, rows: int, worths: int) -> None:
    generator = np.random.default_rng(seed)
    terms, highs = generator.integers(1, 1 + worths, (2, digits)).astype(np.float64)
    one, other = generator.random((asked, digits)) < 0.5, generator.random((rows, digits)) < 0.5
    counts = AgreementCounts.of(terms, highs)
    found = counts.agreeing(counts.packed(one), counts.packed(other))
    common = one[:, None] & other
    assert np.array_equal(found[0], (common * terms).sum(axis=2))
    assert np.array_equal(found[1], (common * highs).sum(axis=2))


@pytest.mark.parametrize("block", [1, 3, 1 << 22])
def test_in_blocks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_counts, "BLOCK", block)
    sets = np.arange(9)[:, None] % np.arange(1, 131)[None] == 0
    counts = AgreementCounts.of(np.ones(130), np.full(130, 3.0))
    packed = counts.packed(sets)
    terms, highs = counts.agreeing(packed, packed)
    assert np.array_equal(terms, (sets[:, None] & sets).sum(axis=2))
    assert np.array_equal(highs, 3 * terms)
