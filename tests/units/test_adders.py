"""Widths by brute force, and sums of trees, executed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.units.adders import Term, adder_tree, bits_for, signed_bits, tree_depth
from e3ne.units.handshake import InputStream, Pipeline, taken_port
from tests.units.bench import play

QUICK = settings(deadline=None, derandomize=True)


def holds(low: int, high: int, bits: int, signed: bool) -> bool:
    numbers = range(-(1 << (bits - 1)), 1 << (bits - 1)) if signed else range(1 << bits)
    return low in numbers and high in numbers


@pytest.mark.parametrize("low", [-300, *range(-34, 35), 255, 256])
def test_widths_are_the_least_that_hold_the_interval(low: int) -> None:
    for high in (*range(max(low, -34), 35), *(n for n in (127, 128, 255, 256, 300) if n >= low)):
        assert signed_bits(low, high) == next(b for b in range(1, 20) if holds(low, high, b, signed=True))
        assert bits_for(low, high) == next(b for b in range(1, 20) if holds(low, high, b, signed=low < 0))


@pytest.mark.parametrize("terms", range(1, 70))
def test_depth_of_a_tree(terms: int) -> None:
    levels, left = 0, terms
    while left > 1:
        left, levels = (left + 1) // 2, levels + 1
    assert tree_depth(terms) == levels


intervals = st.tuples(st.integers(-40, 40), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(QUICK, max_examples=30)
@given(st.lists(intervals, min_size=1, max_size=7), st.integers(0, 2))
def test_sums(terms: list[tuple[int, int]], more: int) -> None:
    """Every term at either end or between, in a tree of as many levels as it needs or a few more."""
    levels = tree_depth(len(terms)) + more
    if levels == 0:
        return
    m = ModuleBuilder("tree")
    widths = [bits_for(*term) for term in terms]
    s = InputStream.of(m, sum(widths))
    pipeline = Pipeline(m, levels, taken_port(m))
    s.accept(m, pipeline.ready)
    pipeline.enter(s.valid)
    starts = [sum(widths[:i]) for i in range(len(terms))]
    parts = [
        Term(m.extract(s.data, start, width), *term) for start, width, term in zip(starts, widths, terms, strict=True)
    ]
    total = adder_tree(m, pipeline, parts, 0, levels)
    pipeline.finish(None, total.value)
    low, high = sum(low for low, _ in terms), sum(high for _, high in terms)
    assert (total.low, total.high) == (low, high)
    bits = width_of(total.value)
    assert bits == bits_for(low, high)
    rng = random.Random(5)
    drawn = [[term[0] for term in terms], [term[1] for term in terms]]
    drawn += [[rng.randint(*term) for term in terms] for _ in range(6)]
    words = [
        sum((number & ((1 << width) - 1)) << start for number, width, start in zip(row, widths, starts, strict=True))
        for row in drawn
    ]
    found = play(m.build(), words, [0] * len(words), [0] * len(words)).words
    assert found == [sum(row) & ((1 << bits) - 1) for row in drawn]
