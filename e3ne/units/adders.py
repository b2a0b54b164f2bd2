"""Widths of numbers and depths of trees."""

from __future__ import annotations


def signed_bits(low: int, high: int) -> int:
    """The least bits of a two's complement number that holds low … high (at least one)."""
    return max(max(high, 0).bit_length(), (-low - 1).bit_length() if low < 0 else 0) + 1


def tree_depth(terms: int) -> int:
    """Levels of a tree of two-input adders."""
    return max(0, (terms - 1).bit_length())
