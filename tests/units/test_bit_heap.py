"""The heap of bits: what its levels take and give, and its sums, executed."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.bit_heap import COUNTER_INPUTS, BitHeap, depth_of, levels_of
from e3ne.units.handshake import InputStream, Pipeline, taken_port
from tests.units.bench import play

QUICK = settings(deadline=None, derandomize=True)

all_heights = st.lists(st.integers(0, 40), min_size=1, max_size=9)


@settings(QUICK, max_examples=300)
@given(all_heights)
def test_levels_leave_one_bit_a_column_and_lose_none(heights: list[int]) -> None:
    left = list(heights)
    for level in levels_of(heights):
        given_bits = [0] * len(left)
        for compressor in level:
            taken = sum(count << place for place, count in enumerate(compressor.takes, compressor.column))
            columns_left = len(left) - compressor.column
            assert compressor.gives <= columns_left
            # The largest sum fits into the bits given, or these reach the end of the heap.
            largest = taken >> compressor.column
            assert largest < 1 << compressor.gives or compressor.gives == columns_left
            assert max(compressor.takes) <= (COUNTER_INPUTS if len(compressor.takes) == 1 else 2)
            for place, count in enumerate(compressor.takes, compressor.column):
                left[place] -= count
            for place in range(compressor.column, compressor.column + compressor.gives):
                given_bits[place] += 1
        assert min(left) >= 0
        left = [rest + new for rest, new in zip(left, given_bits, strict=True)]
    assert max(left) <= 1


@settings(QUICK, max_examples=200)
@given(all_heights, st.dictionaries(st.integers(1, 5), all_heights, max_size=3), st.sampled_from((4, 6)))
def test_bits_that_come_later_are_taken_too(heights: list[int], late: dict[int, list[int]], lut_inputs: int) -> None:
    width = len(heights)
    later = tuple((level, tuple((more + [0] * width)[:width])) for level, more in sorted(late.items()))
    levels = levels_of(heights, lut_inputs, later)
    assert len(levels) >= max(late, default=0)
    assert len(levels) == depth_of(tuple(heights), lut_inputs, later)
    left, arriving = list(heights), dict(later)
    for number, level in enumerate(levels):
        left = [a + b for a, b in zip(left, arriving.pop(number, (0,) * width), strict=True)]
        for compressor in level:
            for place, count in enumerate(compressor.takes, compressor.column):
                left[place] -= count
        assert min(left) >= 0
        for compressor in level:
            for place in range(compressor.column, compressor.column + compressor.gives):
                left[place] += 1
    left = [a + b for a, b in zip(left, arriving.pop(len(levels), (0,) * width), strict=True)]
    assert max(left) <= 1
    assert not arriving


def test_two_rows_wait_for_a_third() -> None:
    assert levels_of([2, 2, 2], 6, ((2, (1, 1, 1)),))[:2] == [[], []]
    assert levels_of([1, 1], 6, ((1, (0, 0)),)) == [[]]


def test_counters_need_a_column_of_six() -> None:
    (only,) = levels_of([1, 1])[:1] or [None]
    assert only is None
    assert levels_of([6, 0, 0])[0][0].takes == (6,)
    assert all(len(compressor.takes) > 1 or compressor.takes == (2,) for compressor in levels_of([5, 5, 0, 0, 0])[0])


numbers = st.tuples(st.integers(1, 4), st.integers(0, 3))


@settings(QUICK, max_examples=40)
@given(st.lists(numbers, min_size=1, max_size=24), st.integers(0, 40), st.integers(0, 2), st.integers(-2, 1))
def test_sums(terms: list[tuple[int, int]], constant: int, more: int, narrower: int) -> None:
    """Numbers (bits, shift) and a constant, in as many levels as they need or a few more; modulo 2^width."""
    largest = sum(((1 << bits) - 1) << shift for bits, shift in terms) + constant
    width = max(1, largest.bit_length() + narrower)
    m = ModuleBuilder("heap")
    total_bits = sum(bits for bits, _ in terms)
    s = InputStream.of(m, total_bits)
    heap, start = BitHeap(width), 0
    for bits, shift in terms:
        if shift < width:
            heap.add(m, m.extract(s.data, start, bits), shift)
        start += bits
    heap.add_constant(constant)
    levels = max(1, len(levels_of(heap.heights)) + more)
    pipeline = Pipeline(m, levels, taken_port(m))
    s.accept(m, pipeline.ready)
    pipeline.enter(s.valid)
    pipeline.finish(None, heap.total(m, pipeline, 0, levels))
    rng = random.Random(5)
    words = [0, (1 << total_bits) - 1, *(rng.getrandbits(total_bits) for _ in range(6))]
    expected = [_sum(word, terms, constant) & ((1 << width) - 1) for word in words]
    assert play(m.build(), words, [0] * len(words), [0] * len(words)).words == expected


def _sum(word: int, terms: list[tuple[int, int]], constant: int) -> int:
    total, start = constant, 0
    for bits, shift in terms:
        total += (word >> start & ((1 << bits) - 1)) << shift
        start += bits
    return total
