"""The FIFO: the same beats at every depth, and never more than it has room for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow import FifoOp, StreamType
from e3ne.units.fifo import Fifo
from tests.units.bench import check, choose, place, play, random_images

TAKEN = StreamType.of(2, 3, 8, steps=2, lanes=4)


def fifo(depth: int, taken: StreamType = TAKEN, multiplexer: str | None = None) -> FifoOp:
    op = place(taken, lambda stream: FifoOp("fifo", "layer", stream, depth, multiplexer))
    assert isinstance(op, FifoOp)
    return op


@pytest.mark.parametrize("choice", Fifo().legal_choices(fifo(1)), ids=str)
def test_every_choice(choice: dict[str, int | str]) -> None:
    op = fifo(1)
    choose(op, choice)
    op.verify()
    images = random_images(op.input_type, 2, seed=8)
    check(op, images, images)


@pytest.mark.parametrize("depth", [3, 5, 7])
def test_other_depths(depth: int) -> None:
    taken = StreamType.of(1, 7, 3, steps=1, bits=-9, lanes=3)
    images = random_images(taken, 3, seed=9)
    check(fifo(depth, taken), images, images)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    st.integers(1, 6),
    st.sampled_from([None, "input", "output"]),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20),
)
def test_order_and_room(depth: int, multiplexer: str | None, pauses: list[tuple[int, int]]) -> None:
    gaps, stalls = [gap for gap, _ in pauses], [stall for _, stall in pauses]
    words = [n * 7 % 16 for n in range(len(pauses))]
    played = play(Fifo().build(fifo(depth, multiplexer=multiplexer)), words, gaps, stalls)
    assert played.words == words
    for cycle in range(played.given[-1] + 1):
        came, gone = (sum(c <= cycle for c in each) for each in (played.taken, played.given))
        assert 0 <= came - gone <= depth


@pytest.mark.parametrize("depth", [2, 3, 4, 9])
def test_registers_in_front_of_the_choice(depth: int) -> None:
    images = random_images(TAKEN, 3, seed=10)
    check(fifo(depth, multiplexer="output"), images, images)


@pytest.mark.parametrize("multiplexer", ["input", "output"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 8])
def test_a_full_fifo_holds_as_many_beats_as_it_is_deep(depth: int, multiplexer: str) -> None:
    """The first beat is refused for 30 cycles; what came meanwhile is what there is room for."""
    played = play(Fifo().build(fifo(depth, multiplexer=multiplexer)), list(range(10)), [0] * 10, [30, *[0] * 9])
    assert sum(cycle < 30 for cycle in played.taken) == depth


def test_no_depth_is_refused() -> None:
    with pytest.raises(VerifyException, match="depth is 1 or more, not 0"):
        fifo(0)
    with pytest.raises(VerifyException, match="multiplexer is one of input, output"):
        fifo(2, multiplexer="both")
