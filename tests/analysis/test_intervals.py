"""Intervals modulo 2^width hold every result of their operations, by counting, and no more than they must."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from e3ne.analysis.intervals import Interval, joined, of_numbers, union

WIDTH = 4
SIZE = 1 << WIDTH


@st.composite
def intervals(draw: st.DrawFn, width: int = WIDTH) -> Interval:
    low = draw(st.integers(-2 << width, 2 << width))
    return Interval.between(low, low + draw(st.integers(0, (1 << width) - 1)), width)


def patterns(interval: Interval) -> set[int]:
    return {number % (1 << interval.width) for number in range(interval.low, interval.high + 1)}


def as_signed(pattern: int, width: int = WIDTH) -> int:
    return pattern - (1 << width) if pattern >> width - 1 else pattern


@given(intervals(), intervals())
def test_sums_and_differences(one: Interval, other: Interval) -> None:
    pairs = [(a, b) for a in patterns(one) for b in patterns(other)]
    assert patterns(one.add(other)) == {(a + b) % SIZE for a, b in pairs}
    assert patterns(one.sub(other)) == {(a - b) % SIZE for a, b in pairs}


@given(intervals())
def test_readings_are_tight_where_they_do_not_wrap(interval: Interval) -> None:
    held = patterns(interval)
    for (low, high), numbers in (
        (interval.unsigned(), held),
        (interval.signed(), {as_signed(pattern) for pattern in held}),
    ):
        assert low <= min(numbers)
        assert max(numbers) <= high
        if max(numbers) - min(numbers) + 1 == len(numbers):
            assert (low, high) == (min(numbers), max(numbers))


@given(intervals(), st.integers(0, WIDTH - 1), st.data())
def test_bits(interval: Interval, first: int, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, WIDTH - first))
    assert {pattern >> first & (1 << width) - 1 for pattern in patterns(interval)} <= patterns(
        interval.bits(first, width)
    )


@given(intervals())
def test_inverted_and_extended(interval: Interval) -> None:
    held = patterns(interval)
    assert patterns(interval.inverted()) == {SIZE - 1 - pattern for pattern in held}
    assert held <= patterns(interval.extended(WIDTH + 2, signed=False))
    assert {as_signed(pattern) % (4 * SIZE) for pattern in held} <= patterns(interval.extended(WIDTH + 2, signed=True))


@given(st.lists(intervals(), min_size=1, max_size=4))
def test_union(parts: list[Interval]) -> None:
    assert set[int]().union(*map(patterns, parts)) <= patterns(union(parts))


@given(intervals())
def test_the_union_of_one_is_itself(interval: Interval) -> None:
    assert union([interval, interval]) == interval


@given(intervals(), intervals(2))
def test_joined(high: Interval, low: Interval) -> None:
    assert {a << 2 | b for a in patterns(high) for b in patterns(low)} <= patterns(joined([high, low]))


@pytest.mark.parametrize(
    ("numbers", "unsigned", "signed"),
    [([3, 5], (3, 5), (3, 5)), ([14, 1], (0, 15), (-2, 1)), ([7, 8], (7, 8), (-8, 7)), ([9], (9, 9), (-7, -7))],
)
def test_numbers(numbers: list[int], unsigned: tuple[int, int], signed: tuple[int, int]) -> None:
    interval = of_numbers(numbers, WIDTH)
    assert (interval.unsigned(), interval.signed()) == (unsigned, signed)
