"""Sums of many small numbers, with a register after every level.

Widths follow the exact interval of each partial sum. Registered levels keep synthesis from merging the tree into
carry-save logic, which costs twice as much on 6-input LUTs (reference: Yosys 0.70, xcup).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.units.handshake import Pipeline


def signed_bits(low: int, high: int) -> int:
    """The least bits of a two's complement number that holds low … high (at least one)."""
    return max(max(high, 0).bit_length(), (-low - 1).bit_length() if low < 0 else 0) + 1


@dataclass(frozen=True)
class Term:
    """A number in hardware with its interval; unsigned when `low` is not negative."""

    value: SSAValue
    low: int
    high: int

    def extended(self, m: ModuleBuilder, bits: int) -> SSAValue:
        """The number in `bits` bits."""
        return m.sext(self.value, bits) if self.low < 0 else m.zext(self.value, bits)


def bits_for(low: int, high: int) -> int:
    """Bits of a term with this interval."""
    return signed_bits(low, high) if low < 0 else max(1, high.bit_length())


def add(m: ModuleBuilder, a: Term, b: Term) -> Term:
    """The sum of two terms at its exact width."""
    low, high = a.low + b.low, a.high + b.high
    bits = bits_for(low, high)
    wide = max(bits, width_of(a.value), width_of(b.value))
    total = m.add(a.extended(m, wide), b.extended(m, wide))
    return Term(m.extract(total, 0, bits) if wide > bits else total, low, high)


def tree_depth(terms: int) -> int:
    """Levels of a tree of two-input adders."""
    return max(0, (terms - 1).bit_length())


def adder_tree(m: ModuleBuilder, pipeline: Pipeline, terms: Sequence[Term], stage: int, levels: int) -> Term:
    """The sum of the terms, aligned with stage `stage` − 1, after exactly `levels` registered levels.

    `levels` is at least the depth of the tree; further levels are plain registers.
    """
    level = sorted(terms, key=lambda term: term.high - term.low)
    assert levels >= tree_depth(len(level))
    for depth in range(levels):
        enable = pipeline.enable[stage + depth]
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        sums = [add(m, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
        level = [Term(m.reg(term.value, enable=enable, name=f"sum_{depth}"), term.low, term.high) for term in sums]
    return level[0]
