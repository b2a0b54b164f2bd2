"""The window: every place of the kernel on the padded map, by its definition."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from e3ne.analysis.event_graph import interval_and_latency
from e3ne.dialects.dataflow import WINDOW_MEMORIES, StreamType, WindowOp, number
from e3ne.units.window import Window
from tests.units.bench import Content, check, choose, content_of, place, random_images

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def window(
    taken: StreamType, kernel: Pair, stride: Pair = (1, 1), padding: Padding = (0, 0, 0, 0), dilation: Pair = (1, 1)
) -> WindowOp:
    op = place(taken, lambda stream: WindowOp("window", "layer", stream, kernel, stride, padding, dilation))
    assert isinstance(op, WindowOp)
    return op


def windows_of(
    taken: StreamType, image: Content, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> list[list[int]]:
    """Window by window in raster order: its trains by channel, row and column, digit after digit."""
    found: list[list[int]] = []
    for top in range(-padding[0], taken.height + padding[2], stride[0]):
        for left in range(-padding[1], taken.width + padding[3], stride[1]):
            rows = [top + row * dilation[0] for row in range(kernel[0])]
            columns = [left + column * dilation[1] for column in range(kernel[1])]
            if rows[-1] >= taken.height + padding[2] or columns[-1] >= taken.width + padding[3]:
                continue
            found.append(
                [
                    image[y * taken.width + x, channel, step] if 0 <= y < taken.height and 0 <= x < taken.width else 0
                    for channel, y, x in itertools.product(range(taken.channels), rows, columns)
                    for step in range(taken.steps)
                ]
            )
    return found


def check_window(
    taken: StreamType,
    kernel: Pair,
    stride: Pair = (1, 1),
    padding: Padding = (0, 0, 0, 0),
    dilation: Pair = (1, 1),
    parallel_out: int = 0,
    *,
    op: WindowOp | None = None,
    hardware: bool = True,
) -> None:
    op = op or window(taken, kernel, stride, padding, dilation)
    if parallel_out:
        choose(op, {"parallel_out": parallel_out})
        op.settle()
        op.verify()
    images, expected = random_images(taken, 2, seed=7), list[Content]()
    for image in images:
        found = windows_of(taken, image, kernel, stride, padding, dilation)
        assert len(found) == op.output_type.pixels
        expected.append(
            {
                (pixel, *divmod(element, taken.steps)): value
                for pixel, window in enumerate(found)
                for element, value in enumerate(window)
            }
        )
    check(op, images, expected, hardware=hardware)


Problem = tuple[StreamType, Pair, Pair, Padding, Pair, int]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A stream, then kernel, stride, padding and dilation that leave at least one window, and steps of a beat given."""
    lanes, chunks, out, parts, times = (draw(st.integers(1, 2)) for _ in range(5))
    parts += parts == 2 and draw(st.booleans())
    parallel = out * parts
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    if draw(st.integers(0, 3)):
        taken = StreamType.of(height, width, lanes * chunks, steps=parallel * times, lanes=lanes, parallel=parallel)
    else:
        taken = StreamType.of(height, width, lanes * chunks, steps=1, bits=-5, lanes=lanes)
        out = 0
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(*[st.integers(0, 3)] * 4))
    assume((kernel[0] - 1) * dilation[0] < height + padding[0] + padding[2])
    assume((kernel[1] - 1) * dilation[1] < width + padding[1] + padding[3])
    return taken, kernel, stride, padding, dilation, out


@settings(deadline=None, derandomize=True, max_examples=100)
@given(problems())
def test_model_of_any_window(problem: Problem) -> None:
    check_window(*problem, hardware=False)


# A failure that takes a second is not made smaller.
@settings(deadline=None, derandomize=True, max_examples=8, phases=[Phase.generate])
@given(problems())
def test_hardware_of_any_window(problem: Problem) -> None:
    check_window(*problem)


SMALL = StreamType.of(3, 4, 2, steps=2)


def test_choices_are_every_layout_in_every_memory() -> None:
    found = [tuple(choice.values()) for choice in Window().legal_choices(window(SMALL, (2, 2)))]
    assert len(found) == len(set(found))
    layouts = [(lanes, *steps) for lanes in (1, 2) for steps in ((1, 1), (2, 1), (2, 2))]
    assert set(found) == {(*layout, memory) for layout in layouts for memory in WINDOW_MEMORIES}


@pytest.mark.parametrize("choice", Window().legal_choices(window(SMALL, (2, 2))), ids=str)
def test_every_choice(choice: dict[str, int | str]) -> None:
    op = window(SMALL.replaced(lanes=int(choice["lanes"]), parallel=int(choice["parallel_steps"])), (2, 2))
    choose(op, choice)
    op.settle()
    op.verify()
    check_window(op.input_type, (2, 2), op=op)


# Kernel, stride, padding (top, left, bottom, right) and dilation over 4 x 5 pixels; rows and columns stepped through.
SWEPT: dict[str, tuple[Pair, Pair, Padding, Pair, Pair]] = {
    "none": ((3, 3), (1, 1), (0, 0, 0, 0), (1, 1), (4, 5)),
    "same": ((3, 3), (1, 1), (1, 1, 1, 1), (1, 1), (5, 6)),
    "full": ((3, 3), (1, 1), (2, 2, 2, 2), (1, 1), (6, 7)),
    "above": ((3, 3), (1, 1), (2, 0, 0, 0), (1, 1), (4, 5)),
    "below": ((3, 3), (1, 1), (0, 0, 2, 0), (1, 1), (6, 5)),
    "left": ((3, 3), (1, 1), (0, 2, 0, 0), (1, 1), (4, 7)),
    "right": ((3, 3), (1, 1), (0, 0, 0, 2), (1, 1), (4, 7)),
    "more_left": ((3, 4), (1, 1), (1, 2, 2, 1), (1, 1), (6, 7)),
    "more_right": ((3, 4), (1, 1), (2, 1, 1, 2), (1, 1), (5, 7)),
    "left_of_one_row": ((1, 3), (1, 1), (0, 1, 0, 1), (1, 1), (4, 6)),
    "beyond_the_kernel": ((2, 2), (1, 1), (3, 3, 3, 3), (1, 1), (4 + 3 + 2, 5 + 3 + 2)),
    "beyond_before_only": ((2, 2), (1, 1), (3, 3, 0, 0), (1, 1), (4 + 2, 5 + 3)),
    "beyond_behind_only": ((2, 2), (1, 1), (0, 0, 3, 3), (1, 1), (4 + 3, 5 + 3)),
    "one_element": ((1, 1), (1, 1), (1, 2, 2, 1), (1, 1), (4 + 3, 5 + 3)),
    "stride_leaves_what_is_behind": ((3, 3), (2, 3), (1, 1, 1, 1), (1, 1), (4, 6)),
    "stride_leaves_pixels": ((2, 2), (3, 4), (0, 0, 0, 0), (1, 1), (4, 5)),
    "dilation": ((2, 3), (1, 1), (2, 2, 2, 2), (2, 2), (4 + 2, 5 + 2)),
    "dilation_rows_skipped": ((3, 2), (1, 1), (3, 1, 1, 1), (2, 1), (4 + 1, 5 + 1)),
    "kernel_wider_than_a_row": ((3, 9), (1, 1), (1, 4, 1, 4), (1, 1), (5, 9)),
    "kernel_higher_than_the_map": ((9, 3), (1, 1), (5, 1, 5, 1), (1, 1), (4 + 5, 6)),
}


@pytest.mark.parametrize("memory", WINDOW_MEMORIES)
@pytest.mark.parametrize("name", SWEPT)
def test_padding_of_every_kind(name: str, memory: str) -> None:
    """Two time steps of a beat, in two beats; two beats a pixel."""
    kernel, stride, padding, dilation, steps = SWEPT[name]
    taken = StreamType.of(4, 5, 2, steps=2, lanes=1, parallel=2)
    op = window(taken, kernel, stride, padding, dilation)
    choose(op, {"memory": memory, "parallel_out": 1})
    op.settle()
    assert Window().model(op).swept == steps
    check_window(taken, kernel, stride, padding, dilation, op=op)


@pytest.mark.parametrize("name", SWEPT)
def test_nothing_of_one_image_is_in_the_next(name: str) -> None:
    """One beat a pixel; an image of ones before and behind one of zeros."""
    kernel, stride, padding, dilation, _ = SWEPT[name]
    taken = StreamType.of(4, 5, 1, steps=2, lanes=1, parallel=2)
    op = window(taken, kernel, stride, padding, dilation)
    images = [content_of(taken, lambda *_, value=value: value) for value in (1, 0, 1)]
    expected: list[Content] = []
    for image in images:
        found = windows_of(taken, image, kernel, stride, padding, dilation)
        expected.append(content_of(op.output_type, lambda pixel, tap, step, w=found: w[pixel][2 * tap + step]))
    check(op, images, expected)


@pytest.mark.parametrize(("width", "lanes", "kernel", "columns", "cycles"), [(28, 1, 5, 2, 900), (14, 2, 3, 1, 450)])
def test_cycles_of_a_padded_image(width: int, lanes: int, kernel: int, columns: int, cycles: int) -> None:
    """The first layer of LeNet-5, a pixel a beat and two: its windows are those of 30 rows of 30 pixels."""
    taken = StreamType.of(28, width, lanes, steps=4, lanes=lanes, parallel=4)
    op = window(taken, (5, kernel), padding=(2, columns, 2, columns))
    assert Window().cost(op).cycles == cycles
    # The first step takes the first pixel, the last one completes the last window.
    assert interval_and_latency(Window().schedule(op, "taken", "given"), "taken", "given") == (cycles, cycles + 1)


def test_by_hand() -> None:
    """A map of 2 × 2 pixels of two channels; a kernel of 1 × 2 with a column of padding on the right."""
    taken = StreamType.of(2, 2, 2, steps=1, bits=-8, lanes=2)
    op = window(taken, (1, 2), padding=(0, 0, 0, 1))
    image = {(pixel, channel, 0): 10 * pixel + channel for pixel in range(4) for channel in range(2)}
    windows = [[0, 10, 1, 11], [10, 0, 11, 0], [20, 30, 21, 31], [30, 0, 31, 0]]
    check(op, [image], [content_of(op.output_type, lambda pixel, channel, _: windows[pixel][channel])])


def test_wanted_lanes_are_those_that_come() -> None:
    op = window(SMALL.replaced(lanes=2), (2, 2))
    op.lanes = number(1)
    with pytest.raises(Exception, match="is to take 1 lanes, not 2"):
        op.verify()
