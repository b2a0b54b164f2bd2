"""Energies against the published numbers, and counts against those of small units by hand."""

from __future__ import annotations

import pytest

from e3ne.analysis.energy import Energy, access_pj, addition_pj

KIB = 8 * 1024


def test_additions_are_as_published_and_grow_with_their_bits() -> None:
    assert addition_pj(8) == pytest.approx(0.03)
    assert addition_pj(32) == pytest.approx(0.1)
    assert addition_pj(4) == pytest.approx(0.015)
    assert addition_pj(20) == pytest.approx(0.065)


@pytest.mark.parametrize(("kib", "published", "within"), [(8, 10, 1e-9), (32, 20, 1e-9), (1024, 100, 0.14)])
def test_accesses_are_as_published(kib: int, published: float, within: float) -> None:
    assert access_pj(64, kib * KIB) == pytest.approx(published, rel=within)


def test_accesses_are_proportional_to_bits() -> None:
    assert access_pj(32, 8 * KIB) == pytest.approx(5)
    assert access_pj(0, 8 * KIB) == access_pj(64, 0) == 0


def test_energies_add_up() -> None:
    total = Energy(1, 2, 3, 4000, 5000) + Energy(1, 1, 1, 500, 500)
    assert total == Energy(2, 3, 4, 4500, 5500)
    assert total.total_nj == 10
