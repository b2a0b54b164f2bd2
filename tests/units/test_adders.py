"""Widths and depths by brute force."""

from __future__ import annotations

import pytest

from e3ne.units.adders import signed_bits, tree_depth


def holds(low: int, high: int, bits: int) -> bool:
    numbers = range(-(1 << (bits - 1)), 1 << (bits - 1))
    return low in numbers and high in numbers


@pytest.mark.parametrize("low", [-300, *range(-34, 35), 255, 256])
def test_widths_are_the_least_that_hold_the_interval(low: int) -> None:
    for high in (*range(max(low, -34), 35), *(n for n in (127, 128, 255, 256, 300) if n >= low)):
        assert signed_bits(low, high) == next(bits for bits in range(1, 20) if holds(low, high, bits))


@pytest.mark.parametrize("terms", range(1, 70))
def test_depth_of_a_tree(terms: int) -> None:
    levels, left = 0, terms
    while left > 1:
        left, levels = (left + 1) // 2, levels + 1
    assert tree_depth(terms) == levels
