"""The width converter: the same content in beats of another width."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects import rtl
from e3ne.dialects.dataflow import Order, ResizeOp, StreamType
from e3ne.units.resize import Resize
from tests.units.bench import check, place, random_images

WIDTHS = list(product((1, 2, 4), (1, 2, 4)))
"""Lanes and parallel steps."""


def resize(taken: StreamType, lanes: int, parallel: int) -> ResizeOp:
    op = place(taken, lambda stream: ResizeOp("resize", "layer", stream, lanes, parallel))
    assert isinstance(op, ResizeOp)
    return op


@pytest.mark.parametrize(("before", "after"), list(product(WIDTHS, WIDTHS)), ids=str)
def test_every_pair_of_widths(before: tuple[int, int], after: tuple[int, int]) -> None:
    taken = StreamType.of(1, 2, 4, steps=4, lanes=before[0], parallel=before[1])
    op = resize(taken, *after)
    assert Resize().legal_choices(op) == [{}]
    assert op.output_type == taken.replaced(lanes=after[0], parallel=after[1])
    images = random_images(taken, 2, seed=3)
    check(op, images, images)


@pytest.mark.parametrize(("before", "after"), [(3, 9), (9, 3), (1, 9), (9, 1), (3, 3)])
def test_values(before: int, after: int) -> None:
    taken = StreamType.of(2, 1, 9, steps=1, bits=-6, lanes=before)
    images = random_images(taken, 2, seed=4)
    check(resize(taken, after, 1), images, images)


@pytest.mark.parametrize(("before", "after", "lanes"), [(30, 3, 30), (42, 3, 42), (3, 42, 42), (20, 4, 20)])
def test_many_beats_of_a_block(before: int, after: int, lanes: int) -> None:
    """Blocks of beats whose number is no power of two: 10, 14 and 5; all time steps at once."""
    taken = StreamType.of(1, 3, lanes, steps=2, lanes=before, parallel=2)
    images = random_images(taken, 3, seed=5)
    check(resize(taken, after, 2), images, images)


@pytest.mark.parametrize(("before", "after"), [((6, 2), (1, 2)), ((1, 2), (6, 2)), ((6, 1), (2, 2))], ids=str)
def test_cost_is_that_of_the_registers(before: tuple[int, int], after: tuple[int, int]) -> None:
    """One block where a beat is one; two where a block is collected before it is given."""
    taken = StreamType.of(1, 2, 6, steps=2, lanes=before[0], parallel=before[1])
    op = resize(taken, *after)
    built = [register for register in Resize().build(op).block.ops if isinstance(register, rtl.RegisterOp)]
    bits = sum(rtl.width_of(register.result) for register in built)
    assert abs(Resize().cost(op).ff - bits) <= 8


def test_by_hand() -> None:
    """Two lanes of two steps: step by step, both lanes at once, becomes lane by lane, both steps at once."""
    taken = StreamType.of(1, 1, 2, steps=2, lanes=2, parallel=1)
    op = resize(taken, 1, 2)
    found = Resize().compute(op, np.array([[[1, 2], [3, 4]]]))
    assert found.tolist() == [[[1, 3], [2, 4]]]


def test_widths_that_do_not_divide_each_other_are_refused() -> None:
    with pytest.raises(VerifyException, match="cannot turn 2 lanes into 3"):
        resize(StreamType.of(1, 1, 6, steps=1, lanes=2), 3, 1)
    with pytest.raises(VerifyException, match="takes pixels once, time steps inside"):
        resize(StreamType.of(1, 1, 6, steps=2, lanes=2, order=Order.STEPS_OUTER), 6, 1)
