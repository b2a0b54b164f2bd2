"""The replay: the beats of each pixel again for each group of outputs, in the order asked for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow import REPLAY_MEMORIES, Order, ReplayOp, StreamType, number
from e3ne.units.replay import Replay
from tests.units.bench import check, choose, place, random_images

SIZES = list(product((1, 2, 3), (1, 2, 3)))
"""Chunks of lanes and beats of time steps."""


def replay(taken: StreamType, repeat: int, order: Order = Order.STEPS_INNER, memory: str = "block") -> ReplayOp:
    op = place(taken, lambda stream: ReplayOp("replay", "layer", stream, repeat, order, memory))
    assert isinstance(op, ReplayOp)
    return op


@pytest.mark.parametrize(("chunks", "times"), SIZES)
@pytest.mark.parametrize("order", Order)
def test_every_order_and_memory(chunks: int, times: int, order: Order) -> None:
    """Repeated as often as beats make sense; two lanes and two steps in each beat."""
    taken = StreamType.of(1, 2, 2 * chunks, steps=2 * times, lanes=2, parallel=2)
    images = random_images(taken, 2, seed=5)
    for repeat in (1, 2, 3):
        op = replay(taken, repeat, order)
        choices = Replay().legal_choices(op)
        assert list(choices) == [{"memory": memory} for memory in REPLAY_MEMORIES]
        for choice in choices:
            choose(op, choice)
            op.verify()
            check(op, images, images, hardware=repeat != 1 or order is Order.STEPS_OUTER)


def test_by_hand() -> None:
    """Two pixels of two chunks × two steps, twice, steps outside."""
    op = replay(StreamType.of(1, 2, 2, steps=2, lanes=1), 2, Order.STEPS_OUTER)
    found = Replay().compute(op, np.arange(8).reshape(1, 8, 1))
    assert found.reshape(-1).tolist() == [0, 2, 1, 3, 0, 2, 1, 3, 4, 6, 5, 7, 4, 6, 5, 7]


def test_values() -> None:
    taken = StreamType.of(1, 3, 6, steps=1, bits=-7, lanes=2)
    images = random_images(taken, 3, seed=6)
    check(replay(taken, 4), images, images)


def test_what_is_refused() -> None:
    taken = StreamType.of(1, 3, 6, steps=2, lanes=2)
    op = replay(taken, 2)
    op.repeat = number(0)
    with pytest.raises(VerifyException, match="repeat is 1 or more, not 0"):
        op.verify()
    with pytest.raises(VerifyException, match="memory is one of distributed, block, not registers"):
        replay(taken, 2, memory="registers")
    with pytest.raises(VerifyException, match="takes pixels once, time steps inside"):
        replay(taken.replaced(repeat=2), 2)
