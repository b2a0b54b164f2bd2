"""The radix neuron: the closed form for its model, its thresholds and its hardware."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow import SEARCHES, FireOp, StreamType
from e3ne.units.fire import Fire
from e3ne.units.fire_thresholds import search_thresholds
from e3ne.units.interface import Choice
from tests.units.bench import Content, check, choose, place, random_images

EXACT = settings(deadline=None, derandomize=True)


def fire(
    taken: StreamType,
    threshold: list[int],
    bias: list[int],
    fraction_bits: int,
    steps: int,
    choice: Choice | None = None,
    even: bool = False,
) -> FireOp:
    parameters = {"t": np.array(threshold), "b": np.array(bias)}
    op = place(
        taken,
        lambda stream: FireOp("fire", "layer", stream, "t", "b", fraction_bits, steps, ties_to_even=even),
        parameters,
    )
    assert isinstance(op, FireOp)
    search = (choice or {}).get("search", "direct")
    choice = {name: value for name, value in (choice or {}).items() if name != "search"}
    assert not choice or choice in Fire().legal_choices(op)
    choose(op, {**choice, "search": search})
    op.settle()
    op.verify()
    return op


def choices(steps: int) -> list[Choice]:
    """The legal choices for trains of so many steps."""
    return list(Fire().legal_choices(fire(StreamType.of(1, 1, 1, steps=1, bits=-4, lanes=1), [1], [0], 0, steps)))


def code(value: int, threshold: int, bias: int, fraction_bits: int, steps: int, even: bool = False) -> int:
    """clamp(⌊(V·2^f + b)/θ⌋, 0, 2^T − 1), counting threshold by threshold; `even`: no odd code that nothing exceeds."""
    rest, found = value * 2**fraction_bits + bias, 0
    while rest >= threshold and found < 2**steps - 1:
        rest, found = rest - threshold, found + 1
    return found - 1 if even and rest == 0 and found % 2 else found


@settings(EXACT, max_examples=200)
@given(
    st.integers(1, 9) | st.integers(1, 900),
    st.integers(-900, 900),
    st.integers(0, 5),
    st.integers(1, 5),
    st.integers(1, 8),
    st.booleans(),
)
def test_thresholds_are_where_the_code_changes(
    threshold: int, bias: int, fraction: int, steps: int, bits: int, even: bool
) -> None:
    values = range(-(1 << (bits - 1)), 1 << (bits - 1))
    found = search_thresholds(threshold, bias, fraction, steps, bits, ties_to_even=even)
    assert len(found) == 1 << steps
    assert found[0] == 0
    for value in values:
        expected = code(value, threshold, bias, fraction, steps, even)
        assert [value >= tau for tau in found[1:]] == [expected >= k for k in range(1, 1 << steps)]
    assert all(values[0] <= tau <= values[-1] + 1 for tau in found)
    assert found[1:] == sorted(found[1:])


@settings(EXACT, max_examples=100)
@given(
    st.integers(1, 90),
    st.integers(-90, 90),
    st.integers(0, 3),
    st.sets(st.integers(1, 31), min_size=1),
    st.integers(1, 9),
)
def test_thresholds_where_numbers_are_left_out(
    threshold: int, bias: int, fraction: int, others: set[int], bits: int
) -> None:
    numbers, steps = [0, *sorted(others)], max(others).bit_length()
    values = range(-(1 << (bits - 1)), 1 << (bits - 1))
    found = search_thresholds(threshold, bias, fraction, steps, bits, numbers)
    assert found[1:] == sorted(found[1:])
    for value in values:
        rounded = code(value, threshold, bias, fraction, steps)
        expected = max(number for number in numbers if number <= rounded)
        assert sum(value >= tau for tau in found[1:]) == expected


@settings(EXACT, max_examples=50)
@given(
    st.integers(-(2**40), 2**40),
    st.integers(1, 2**30),
    st.integers(-(2**40), 2**40),
    st.integers(0, 20),
    st.integers(1, 8),
)
def test_thresholds_of_large_numbers(value: int, threshold: int, bias: int, fraction: int, steps: int) -> None:
    expected = min(max((value * 2**fraction + bias) // threshold, 0), 2**steps - 1)
    found = search_thresholds(threshold, bias, fraction, steps, 42)
    assert sum(value >= tau for tau in found[1:]) == expected


def check_fire(
    taken: StreamType,
    threshold: list[int],
    bias: list[int],
    fraction: int,
    steps: int,
    *,
    choice: Choice | None = None,
    even: bool = False,
    hardware: bool = True,
) -> None:
    op = fire(taken, threshold, bias, fraction, steps, choice, even)
    images, expected = random_images(taken, 2, seed=steps + len(bias)), list[Content]()
    for image in images:
        digits: dict[tuple[int, int, int], int] = {}
        for (pixel, channel, _), value in image.items():
            which = threshold[channel % len(threshold)], bias[channel % len(bias)]
            train = f"{code(value, *which, fraction, steps, even):0{steps}b}"
            digits |= {(pixel, channel, step): int(digit) for step, digit in enumerate(train)}
        expected.append(digits)
    check(op, images, expected, hardware=hardware)


@settings(EXACT, max_examples=60)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 10),
    st.integers(0, 4),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
    st.data(),
)
def test_any_neuron(
    sizes: tuple[int, int, int],
    bits: int,
    fraction: int,
    steps: int,
    own_threshold: bool,
    own_bias: bool,
    even: bool,
    rarely: int,
    data: st.DataObject,
) -> None:
    """Lanes, chunks and pixels; one threshold and bias for each channel or one for all."""
    lanes, chunks, pixels = sizes
    channels = lanes * chunks
    taken = StreamType.of(1, pixels, channels, steps=1, bits=-bits, lanes=lanes)
    whole = 1 << (bits + fraction)
    thresholds = st.integers(1, max(1, whole >> steps)) | st.integers(1, 2 * whole)
    threshold = data.draw(st.lists(thresholds, min_size=1, max_size=1)) * (1 if not own_threshold else channels)
    count = channels if own_bias else 1
    bias = data.draw(st.lists(st.integers(-whole, whole), min_size=count, max_size=count))
    threshold = [theta + 3 * channel for channel, theta in enumerate(threshold)]
    choice = {**data.draw(st.sampled_from(choices(steps))), "search": data.draw(st.sampled_from(SEARCHES))}
    check_fire(taken, threshold, bias, fraction, steps, choice=choice, even=even, hardware=rarely == 0)


@pytest.mark.parametrize("steps", [1, 4, 6])
def test_choices_are_stages_that_divide_beats_that_divide_trains(steps: int) -> None:
    found = [
        tuple(choice[name] for name in ("parallel_steps", "stages", "threshold_memory")) for choice in choices(steps)
    ]
    numbers = range(1, steps + 1)
    assert len(found) == len(set(found))
    assert set(found) == {
        (parallel, stages, memory)
        for parallel, stages, memory in itertools.product(numbers, numbers, ("distributed", "block"))
        if steps % parallel == 0 and parallel % stages == 0
    }


@pytest.mark.parametrize("lanes", [1, 2, 3, 6])
@pytest.mark.parametrize("steps", [1, 4, 6])
def test_every_choice(steps: int, lanes: int) -> None:
    taken = StreamType.of(1, 5, 6, steps=1, bits=-7, lanes=lanes)
    for number, choice in enumerate(choices(steps)):
        if number % 4 == lanes % 4 or lanes == 3:
            choice = {**choice, "search": SEARCHES[number // 4 % 2]}
            check_fire(taken, [3, 5, 2, 7, 1, 6], [0, 9, -9, 4, -4, 20], 1, steps, choice=choice)


@pytest.mark.parametrize(("lanes", "steps"), [(1, 1), (1, 4), (2, 4), (6, 4), (18, 5), (18, 6)])
def test_stages_of_one_digit_look_ahead(lanes: int, steps: int) -> None:
    """The first threshold in a register, and the two that may be next in two of them: one group of channels or many."""
    taken = StreamType.of(1, 3, 18, steps=1, bits=-7, lanes=lanes)
    choice = {"parallel_steps": steps, "stages": steps, "threshold_memory": "distributed", "search": "ahead"}
    thresholds, biases = [1 + 5 * n % 7 for n in range(18)], [7 * n % 41 - 20 for n in range(18)]
    check_fire(taken, thresholds, biases, 1, steps, choice=choice)


def test_no_block_memory_where_thresholds_are_looked_up_ahead() -> None:
    taken = StreamType.of(1, 1, 1, steps=1, bits=-4, lanes=1)
    op = fire(taken, [1], [0], 0, 4, {"search": "ahead"})
    assert {choice["threshold_memory"] for choice in Fire().legal_choices(op)} == {"distributed"}


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_every_value(steps: int) -> None:
    """All 256 values of 8 bits; trains that fit into a byte and that do not."""
    taken = StreamType.of(16, 16, 1, steps=1, bits=-8, lanes=1)
    op = fire(taken, [5], [3], 2, steps)
    image = {(pixel, 0, 0): pixel - 128 for pixel in range(256)}
    digits = {
        (pixel, 0, step): code(pixel - 128, 5, 3, 2, steps) >> (steps - 1 - step) & 1
        for pixel in range(256)
        for step in range(steps)
    }
    check(op, [image], [digits], hardware=steps < 9)


@pytest.mark.parametrize("lanes", [1, 2, 3, 6])
def test_each_channel_has_its_own_numbers(lanes: int) -> None:
    taken = StreamType.of(2, 8, 6, steps=1, bits=-6, lanes=lanes)
    check_fire(taken, [2, 3, 5, 7, 4, 6], [0, 9, -9, 4, -4, 20], 0, 3)


@pytest.mark.parametrize(("threshold", "fraction", "steps"), [(2, 0, 3), (8, 1, 4), (6, 2, 1), (3, 1, 2), (1, 0, 4)])
def test_ties_to_even(threshold: int, fraction: int, steps: int) -> None:
    """All 64 values of 6 bits; thresholds that many of them reach exactly."""
    taken = StreamType.of(8, 8, 1, steps=1, bits=-6, lanes=1)
    op = fire(taken, [threshold], [threshold // 2], fraction, steps, even=True)
    image = {(pixel, 0, 0): pixel - 32 for pixel in range(64)}
    digits: Content = {}
    for pixel in range(64):
        nearest = min(max(round(Fraction((pixel - 32) << fraction, threshold)), 0), 2**steps - 1)
        expected = nearest if threshold % 2 == 0 else code(pixel - 32, threshold, threshold // 2, fraction, steps, True)
        digits |= {(pixel, 0, step): expected >> (steps - 1 - step) & 1 for step in range(steps)}
    check(op, [image], [digits])


@pytest.mark.parametrize(("threshold", "bias"), [(1, -1000), (1000, 0), (1, 1000), (1000, -1000)])
def test_codes_beyond_all_values(threshold: int, bias: int) -> None:
    """Neurons that never fire, or whose code is always the largest."""
    check_fire(StreamType.of(1, 4, 2, steps=1, bits=-5, lanes=2), [threshold], [bias], 0, 3)


def test_what_is_refused() -> None:
    taken = StreamType.of(1, 1, 3, steps=1, bits=-5, lanes=3)
    with pytest.raises(VerifyException, match="thresholds are positive"):
        fire(taken, [4, 0, 4], [0], 0, 3)
    with pytest.raises(VerifyException, match=r"@b has shape \[2\]"):
        fire(taken, [4], [0, 1], 0, 3)
    with pytest.raises(VerifyException, match="takes signed values, once"):
        fire(StreamType.of(1, 1, 3, steps=1, lanes=3), [4], [0], 0, 3)
