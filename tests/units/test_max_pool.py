"""The running max pool: the largest value of every whole window, by its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from e3ne.analysis.event_graph import solve
from e3ne.dialects import rtl
from e3ne.dialects.dataflow import MaxPoolOp, PoolOp, StreamType, WindowOp
from e3ne.units.max_pool import MaxPool
from e3ne.units.registry import unit_for
from tests.units.bench import Content, check, content_of, place, places, random_images

Pair = tuple[int, int]


def max_pool(taken: StreamType, kernel: Pair, pixels: int = 1) -> MaxPoolOp:
    op = place(taken, lambda stream: MaxPoolOp("pool", "layer", stream, kernel, pixels))
    assert isinstance(op, MaxPoolOp)
    assert MaxPool().legal_choices(op) == [{}]
    return op


def largest(taken: StreamType, image: Content, kernel: Pair, pixels: int) -> Content:
    """The largest member of each window, window by window; what fills no window is left out."""
    (rows, columns), found = kernel, dict[tuple[int, int, int], int]()
    across = taken.width // columns
    for top, left, channel in itertools.product(
        range(taken.height // rows), range(across), range(taken.channels // pixels)
    ):
        found[top * across + left, channel, 0] = max(
            image[y * taken.width + x, channel * pixels + pixel, 0]
            for y in range(top * rows, (top + 1) * rows)
            for x in range(left * columns, (left + 1) * columns)
            for pixel in range(pixels)
        )
    return found


def values(height: int, width: int, channels: int, lanes: int, bits: int = 5) -> StreamType:
    return StreamType.of(height, width, channels, steps=1, bits=-bits, lanes=lanes)


def check_pool(taken: StreamType, kernel: Pair, pixels: int = 1, images: int = 2) -> None:
    contents = random_images(taken, images, seed=taken.pixels + kernel[0])
    check(max_pool(taken, kernel, pixels), contents, [largest(taken, image, kernel, pixels) for image in contents])


KERNELS = list(itertools.product((1, 2, 3), repeat=2))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_every_kernel_on_every_map(kernel: Pair, pixels: int) -> None:
    """Maps of a single window, of several, and with rows and columns that fill none."""
    rows, columns = kernel
    for height, width in itertools.product(range(rows, 2 * rows + 1), range(columns, 3 * columns + 1)):
        check_pool(values(height, width, pixels, pixels, bits=3), kernel, pixels)


@pytest.mark.parametrize("pixels", [1, 2])
@pytest.mark.parametrize("channels", [2, 3, 6])
@pytest.mark.parametrize("kernel", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2)], ids=str)
def test_every_number_of_lanes(kernel: Pair, channels: int, pixels: int) -> None:
    for lanes in (n for n in range(1, channels + 1) if channels % n == 0):
        check_pool(values(5, 5, channels * pixels, lanes * pixels), kernel, pixels)


@st.composite
def problems(draw: st.DrawFn) -> tuple[StreamType, Pair, int]:
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    pixels, lanes, chunks = (draw(st.integers(1, high)) for high in (5, 3, 3))
    height, width = (draw(st.integers(size, size + 6)) for size in kernel)
    return values(height, width, pixels * lanes * chunks, pixels * lanes, draw(st.integers(1, 14))), kernel, pixels


# A failure that takes a second is not made smaller.
@settings(deadline=None, derandomize=True, max_examples=25, phases=[Phase.generate])
@given(problems())
def test_any_pool(problem: tuple[StreamType, Pair, int]) -> None:
    check_pool(*problem, images=3)


def test_by_hand() -> None:
    """Two rows of five columns: the fifth fills no window; all are negative but one."""
    taken = values(2, 5, 1, 1, bits=4)
    rows = (-8, -3, -1, -2, 7), (-7, -4, -5, 6, 7)
    image = content_of(taken, lambda pixel, channel, step: rows[pixel // 5][pixel % 5])
    op = max_pool(taken, (2, 2))
    check(op, [image], [content_of(op.output_type, lambda pixel, channel, step: (-3, 6)[pixel])])


@pytest.mark.parametrize("pixels", [1, 2])
def test_it_is_what_a_window_and_a_pool_are(pixels: int) -> None:
    """Elements of a window are ordered channel, row, column; pixels side by side are neighbours among channels."""
    taken, kernel = values(5, 4, 3 * pixels, pixels), (2, 2)
    (image,) = random_images(taken, 1, seed=3)
    window = place(taken, lambda stream: WindowOp("window", "layer", stream, kernel, kernel, (0, 0, 0, 0)))
    pool = place(window.output_type, lambda stream: PoolOp("pool", "layer", stream, 4 * pixels))
    op = max_pool(taken, kernel, pixels)
    assert op.output_type == pool.output_type
    beats = np.array([[[image[where] for where in beat] for beat in places(taken)]])
    gathered = unit_for(pool).compute(pool, unit_for(window).compute(window, beats))
    assert (unit_for(op).compute(op, beats) == gathered).all()


def test_values_are_taken_while_a_result_is_refused() -> None:
    """A refused maximum holds the next one back, but not the values of the windows after it."""
    taken = values(2, 6, 1, 1)
    op = max_pool(taken, (2, 2))
    graph = MaxPool().schedule(op, "taken", "given")
    times = solve(graph, 1, {"given": np.array([0, 5, 0])}).times
    # The row of the second window is complete in cycle 9, joins the other, is offered in 12, and refused until 16.
    assert times["given"].tolist() == [[10, 16, 17]]
    # The third result has to stay in the memory, and its row, once complete, in the registers.
    assert times["taken"].tolist() == [list(range(12))]


def test_memories() -> None:
    """None for one window across; one for each lane where rows are kept in registers, else one for all."""
    for width, chunks, memories in ((2, 1, 0), (3, 1, 0), (4, 1, 2), (2, 2, 1)):
        module = MaxPool().build(max_pool(values(4, width, 2 * chunks, 2), (2, 2)))
        assert sum(isinstance(op, rtl.MemoryOp) for op in module.block.ops) == memories


def test_a_map_smaller_than_the_kernel() -> None:
    with pytest.raises(VerifyException, match="the kernel is larger than the map"):
        max_pool(values(2, 1, 1, 1), (2, 2))


def test_only_whole_pixels_side_by_side() -> None:
    with pytest.raises(VerifyException, match="takes 2 pixels side by side"):
        max_pool(values(2, 2, 6, 3), (2, 2), 2)
