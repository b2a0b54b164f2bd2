"""The argmax: the first of the largest, in one beat or over several."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.dialects.dataflow import ArgmaxOp, StreamType
from e3ne.units.argmax import Argmax
from tests.units.bench import Content, check, content_of, place, random_images


def argmax(taken: StreamType) -> ArgmaxOp:
    op = place(taken, lambda stream: ArgmaxOp("argmax", "layer", stream))
    assert isinstance(op, ArgmaxOp)
    assert Argmax().legal_choices(op) == [{}]
    return op


def classes(taken: StreamType, image: Content) -> Content:
    found: dict[tuple[int, int, int], int] = {}
    for pixel in range(taken.pixels):
        values = [image[pixel, channel, 0] for channel in range(taken.channels)]
        found[pixel, 0, 0] = values.index(max(values))
    return found


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(1, 3))
def test_any_values(lanes: int, chunks: int, bits: int, pixels: int) -> None:
    """Narrow values, so that many are equal."""
    taken = StreamType.of(1, pixels, lanes * chunks, steps=1, bits=-bits, lanes=lanes)
    images = random_images(taken, 3, seed=lanes * bits)
    check(argmax(taken), images, [classes(taken, image) for image in images])


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_ties_go_to_the_lowest(lanes: int) -> None:
    taken = StreamType.of(1, 1, 8, steps=1, bits=-5, lanes=lanes)
    rows = [[-16] * 8, [3, 7, 7, 1, 7, 0, 0, 7], [0] * 7 + [1], [-1, -2, -1, -1, -3, -4, -5, -1]]
    images = [content_of(taken, lambda _, channel, __, row=row: row[channel]) for row in rows]
    check(argmax(taken), images, [{(0, 0, 0): index} for index in (0, 1, 7, 0)])


@pytest.mark.parametrize(("values", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (1000, 10)])
def test_width_of_an_index(values: int, bits: int) -> None:
    given = argmax(StreamType.of(1, 1, values, steps=1, bits=-4, lanes=1)).output_type
    assert (given.bits, given.channels, given.signed) == (bits, 1, False)
