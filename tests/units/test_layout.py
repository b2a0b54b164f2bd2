"""The arrangement of beats against plain loops over the order that the stream type documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.dialects.dataflow import Order, StreamType
from e3ne.units.interface import layout_of
from e3ne.units.layout import codes_of, digits_of
from tests.units.bench import places

QUICK = settings(deadline=None, derandomize=True, max_examples=100)


@st.composite
def streams(draw: st.DrawFn) -> StreamType:
    height, width, lanes, chunks, parallel, times, repeat = (draw(st.integers(1, 3)) for _ in range(7))
    order = draw(st.sampled_from(Order))
    return StreamType.of(
        height,
        width,
        lanes * chunks,
        steps=parallel * times,
        lanes=lanes,
        parallel=parallel,
        repeat=repeat,
        order=order,
    )


@QUICK
@given(streams(), st.integers(1, 3))
def test_spread_and_gather(stream: StreamType, images: int) -> None:
    layout = layout_of(stream)
    order = places(stream)
    shape = (images, layout.pixels, layout.repeat, layout.channels, layout.steps)
    content = np.arange(np.prod(shape)).reshape(shape)
    # A beat's repetition is its number among the beats of its pixel.
    again = [beat // (layout.beats // layout.pixels // layout.repeat) % layout.repeat for beat in range(layout.beats)]
    beats = np.array(
        [[[image[p, again[b], c, t] for p, c, t in elements] for b, elements in enumerate(order)] for image in content]
    )
    assert np.array_equal(layout.gather(content), beats)
    assert np.array_equal(layout.spread(beats), content)


@QUICK
@given(streams())
def test_sizes(stream: StreamType) -> None:
    layout, order = layout_of(stream), places(stream)
    assert (layout.beats, layout.elements) == (len(order), len(order[0]))
    first = [place for beat in order[: layout.pixel_beats] for place in beat]
    assert sorted(first) == [(0, c, t) for c in range(stream.channels) for t in range(stream.steps)]
    assert layout.chunks * layout.step_beats == layout.pixel_beats
    assert stream.beats_per_image == len(order)
    assert stream.beat_bits == len(order[0])


@pytest.mark.parametrize("steps", range(1, 17))
def test_the_largest_code_fits(steps: int) -> None:
    assert codes_of(np.ones((2, steps), dtype=np.uint8)).tolist() == [2**steps - 1] * 2


@QUICK
@given(st.integers(1, 16).flatmap(lambda steps: st.tuples(st.just(steps), st.lists(st.integers(0, (1 << steps) - 1)))))
def test_codes_and_digits(drawn: tuple[int, list[int]]) -> None:
    steps, codes = drawn
    digits = digits_of(np.array(codes, dtype=np.int64), steps)
    assert digits.dtype == np.uint8
    assert digits.tolist() == [[int(digit) for digit in f"{code:0{steps}b}"] for code in codes]
    assert codes_of(digits).tolist() == codes
