"""The max pool: the largest of each window's trains or values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow import PoolOp, StreamType
from e3ne.units.pool import Pool
from tests.units.bench import Content, check, content_of, place, random_images


def pool(taken: StreamType, size: int) -> PoolOp:
    op = place(taken, lambda stream: PoolOp("pool", "layer", stream, size))
    assert isinstance(op, PoolOp)
    assert Pool().legal_choices(op) == [{}]
    return op


def largest(taken: StreamType, image: Content, size: int) -> Content:
    """The window's largest member as a whole: trains compare like words, the first digit first."""
    found: dict[tuple[int, int, int], int] = {}
    for pixel in range(taken.pixels):
        for window in range(taken.channels // size):
            members = [
                [image[pixel, window * size + member, step] for step in range(taken.steps)] for member in range(size)
            ]
            found |= {(pixel, window, step): digit for step, digit in enumerate(max(members))}
    return found


sizes = st.integers(1, 9)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(sizes, st.integers(1, 3), st.integers(1, 2), st.integers(1, 5), st.integers(1, 3))
def test_trains(size: int, windows: int, chunks: int, steps: int, pixels: int) -> None:
    taken = StreamType.of(1, pixels, size * windows * chunks, steps=steps, lanes=size * windows)
    images = random_images(taken, 2, seed=size + steps)
    check(pool(taken, size), images, [largest(taken, image, size) for image in images])


@settings(deadline=None, derandomize=True, max_examples=25)
@given(sizes, st.integers(1, 3), st.integers(1, 2), st.integers(1, 12), st.integers(1, 3))
def test_values(size: int, windows: int, chunks: int, bits: int, pixels: int) -> None:
    taken = StreamType.of(pixels, 1, size * windows * chunks, steps=1, bits=-bits, lanes=size * windows)
    images = random_images(taken, 2, seed=size + bits)
    check(pool(taken, size), images, [largest(taken, image, size) for image in images])


def test_long_trains() -> None:
    """Codes that do not fit into a byte."""
    taken = StreamType.of(1, 2, 4, steps=12, lanes=4)
    images = random_images(taken, 3, seed=1)
    check(pool(taken, 2), images, [largest(taken, image, 2) for image in images])


@pytest.mark.parametrize(
    ("trains", "expected"),
    [(([1, 0, 0], [0, 1, 1]), [1, 0, 0]), (([0, 1, 0], [0, 0, 1]), [0, 1, 0]), (([1, 0, 1], [1, 1, 0]), [1, 1, 0])],
)
def test_a_train_that_falls_behind_stays_behind(trains: tuple[list[int], list[int]], expected: list[int]) -> None:
    """The largest code is no digit-by-digit maximum."""
    taken = StreamType.of(1, 1, 2, steps=3, lanes=2)
    image = content_of(taken, lambda _, channel, step: trains[channel][step])
    check(pool(taken, 2), [image], [{(0, 0, step): digit for step, digit in enumerate(expected)}])


def test_negative_values() -> None:
    taken = StreamType.of(1, 1, 3, steps=1, bits=-4, lanes=3)
    check(pool(taken, 3), [{(0, 0, 0): -8, (0, 1, 0): -3, (0, 2, 0): -5}], [{(0, 0, 0): -3}])


def test_only_whole_windows() -> None:
    with pytest.raises(VerifyException, match="takes whole windows"):
        pool(StreamType.of(1, 1, 8, steps=1, lanes=2), 4)
