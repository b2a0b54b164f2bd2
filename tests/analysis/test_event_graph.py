"""The solver against event graphs and handshakes that are played cycle by cycle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.analysis import event_graph
from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process, ScheduleError, interval_and_latency, solve
from tests.analysis.cycle_by_cycle import Delays, Fifo, Stage, Times, Worker, play, simulate

EXACT = settings(deadline=None, derandomize=True)


@st.composite
def graphs(draw: st.DrawFn) -> EventGraph:
    """Any processes and any edges between them, within an image and to the three before it."""
    processes = [
        Process(name, draw(st.integers(1, 4)), draw(st.integers(1, 3))) for name in "abcd"[: draw(st.integers(1, 4))]
    ]
    edges: list[After] = []
    for _ in range(draw(st.integers(0, 6))):
        target, source = draw(st.sampled_from(processes)), draw(st.sampled_from(processes))
        back = draw(st.sampled_from((0, 0, 1, 3)))
        # Mostly later events after earlier ones, so that many graphs have a schedule.
        index = st.integers(-back * source.events, source.events - 1) | st.just(NEVER)
        chosen = draw(st.lists(index, min_size=target.events, max_size=target.events))
        ordered = sorted(chosen) if draw(st.integers(0, 3)) else chosen
        edges.append(After(target.name, source.name, np.array(ordered), draw(st.integers(0, 3))))
    return EventGraph(tuple(processes), tuple(edges))


def pauses(data: st.DataObject, graph: EventGraph, images: int) -> Delays:
    numbers = st.integers(0, 4)
    return {
        process.name: data.draw(st.lists(numbers, min_size=images * process.events, max_size=images * process.events))
        for process in graph.processes
        if data.draw(st.booleans())
    }


def solved(graph: EventGraph, images: int, delays: Delays) -> Times | None:
    try:
        schedule = solve(graph, images, {name: np.array(given) for name, given in delays.items()})
    except ScheduleError as error:
        assert "some events wait for each other" in str(error)  # noqa: PT017
        return None
    assert all(
        times.shape == (images, process.events)
        for process in graph.processes
        for times in [schedule.times[process.name]]
    )
    return {name: times.reshape(-1).tolist() for name, times in schedule.times.items()}


@settings(EXACT, max_examples=250)
@given(graphs(), st.integers(1, 4), st.sampled_from((event_graph.SWEEPS, 1)), st.data())
def test_any_graph(graph: EventGraph, images: int, sweeps: int, data: st.DataObject) -> None:
    """Solved by sweeps, and event by event as graphs are that ask for more sweeps."""
    delays = pauses(data, graph, images)
    with patch.object(event_graph, "SWEEPS", sweeps):
        assert solved(graph, images, delays) == play(graph, images, delays)


fifos = st.builds(Fifo, st.integers(1, 4))
workers = st.builds(Worker, st.integers(1, 4), st.integers(1, 5))
# A pause counts from when the stream could move on, so the unit at the input is to be as fast as the one who pauses.
chains = st.tuples(fifos, st.lists(fifos | workers, max_size=4)).map(lambda pair: [pair[0], *pair[1]])


def chained(chain: Sequence[Stage], beats: int) -> EventGraph:
    return EventGraph.union([stage.graph(beats, f"s{i}", f"s{i + 1}") for i, stage in enumerate(chain)])


@settings(EXACT, max_examples=100)
@given(chains, st.integers(1, 4), st.integers(1, 4), st.data())
def test_chains_of_handshakes(chain: list[Stage], beats: int, images: int, data: st.DataObject) -> None:
    total = beats * images
    gaps, stalls = (data.draw(st.lists(st.integers(0, 6), min_size=total, max_size=total)) for _ in range(2))
    last = f"s{len(chain)}"
    schedule = solve(chained(chain, beats), images, {"s0": np.array(gaps), last: np.array(stalls)})
    for number, stream in enumerate(simulate(chain, gaps, stalls)):
        assert schedule.times[f"s{number}"].reshape(-1).tolist() == stream.taken[:total]
        assert schedule.offers(f"s{number}").reshape(-1).tolist() == stream.offered[:total]


@settings(EXACT, max_examples=40)
@given(chains, st.integers(1, 3))
def test_repetition_of_the_steady_state(chain: list[Stage], beats: int) -> None:
    """A hundred images: one after another, as with pauses of no cycles, or as soon as possible repeated."""
    graph, images = chained(chain, beats), 100
    repeated = solve(graph, images).times
    direct = solve(graph, images, {"s0": np.zeros(beats * images, dtype=np.int64)}).times
    assert all(np.array_equal(repeated[name], direct[name]) for name in direct)
    played = simulate(chain, [0] * beats * images, [0] * beats * images)
    assert [repeated[f"s{i}"].reshape(-1).tolist() for i in range(len(played))] == [s.taken for s in played]


@settings(EXACT, max_examples=60)
@given(graphs())
def test_repetition_of_any_graph(graph: EventGraph) -> None:
    images = 25
    nothing = {graph.processes[0].name: [0] * (images * graph.processes[0].events)}
    assert solved(graph, images, {}) == solved(graph, images, nothing)


def test_repetition_is_used() -> None:
    """Of a million images only the first few are solved."""
    times = solve(chained([Fifo(2), Worker(2, 7)], 3), 100_000).times
    assert times["s2"][-1].tolist() == [99_999 * 21 + 3, 99_999 * 21 + 10, 99_999 * 21 + 17]


def test_what_looks_steady_may_wait_for_an_image_long_ago() -> None:
    graph = EventGraph((Process("a", 1),), (edge("a", "a", [-6], 20),))
    assert solve(graph, 14).times["a"].reshape(-1).tolist() == [0, 1, 2, 3, 4, 5, 20, 21, 22, 23, 24, 25, 40, 41]


def edge(target: str, source: str, index: Sequence[int], delay: int) -> After:
    return After(target, source, np.array(index), delay)


AB = (Process("a", 3), Process("b", 3))
DEAD = {
    "itself": EventGraph(AB, (edge("a", "a", [0, 1, 2], 1),)),
    "later_event_of_itself": EventGraph(AB, (edge("a", "a", [NEVER, 2, NEVER], 0),)),
    "each_other": EventGraph(AB, (edge("a", "b", [0, 1, 2], 0), edge("b", "a", [0, 1, 2], 1))),
    "too_shallow": EventGraph(AB, (edge("b", "a", [2, 2, 2], 1), edge("a", "b", [-2, -1, 0], 1))),
    "second_image": EventGraph(AB, (edge("b", "a", [0, 1, 2], 1), edge("a", "b", [-3, -2, 2], 1))),
}


@pytest.mark.parametrize("name", DEAD)
@pytest.mark.parametrize("images", [1, 1000])
def test_deadlock(name: str, images: int) -> None:
    with pytest.raises(ScheduleError, match=r"deadlock in image 0: some events wait for each other"):
        solve(DEAD[name], images)


def test_a_place_more_is_no_deadlock() -> None:
    graph = EventGraph(AB, (edge("b", "a", [2, 2, 2], 1), edge("a", "b", [-3, -2, -1], 1)))
    times = solve(graph, 2).times
    assert times["a"].tolist() == [[0, 1, 2], [4, 5, 6]]
    assert times["b"].tolist() == [[3, 4, 5], [7, 8, 9]]


def test_a_deadlock_of_many_events_is_found_quickly() -> None:
    """Each round around the ring moves every event by a cycle: without end, or a cycle in each of 20,000 rounds."""
    events = 20_000
    beat = np.arange(events)
    ahead = np.minimum(beat + 5, events - 1)
    graph = EventGraph(
        (Process("a", events), Process("b", events)), (After("b", "a", ahead, 1), After("a", "b", beat - 5, 1))
    )
    start = time.perf_counter()
    with pytest.raises(ScheduleError, match="deadlock"):
        solve(graph, 3)
    assert time.perf_counter() - start < 5


def test_an_event_that_never_comes() -> None:
    with pytest.raises(ScheduleError, match="b waits for an event of a that never comes"):
        solve(EventGraph(AB, (edge("b", "a", [0, 1, 3], 1),)), 2)


def test_union_shares_streams() -> None:
    parts = [EventGraph((Process("a", 4, interval),), (edge("a", "a", [NEVER] * 4, 1),)) for interval in (2, 5, 3)]
    joined = EventGraph.union(parts)
    assert joined.processes == (Process("a", 4, 5),)
    assert len(joined.edges) == 3
    with pytest.raises(ScheduleError, match="a: 4 beats are given, 3 are taken"):
        EventGraph.union([*parts, EventGraph((Process("a", 3),), ())])


def test_interval_and_latency_by_hand() -> None:
    """A worker of 3 cycles for each of 2 beats: in 0, 3 out 2, 5; the next image 6 cycles later."""
    assert interval_and_latency(chained([Worker(2, 3)], 2), "s0", "s1") == (6, 6)


def test_interval_of_the_slowest_and_latency_of_all() -> None:
    """Beat 0 is in at 0, out of the FIFO at 1, out of the first worker at 3 and of the second at 6."""
    assert interval_and_latency(chained([Fifo(1), Worker(2, 1), Worker(3, 4)], 1), "s0", "s3") == (4, 7)


def test_latency_is_that_of_one_image_alone() -> None:
    """Later images wait in the FIFO, the first one does not."""
    graph = chained([Fifo(20), Worker(1, 9)], 1)
    assert interval_and_latency(graph, "s0", "s2") == (9, 3)
    times = solve(graph, 24).times
    assert (times["s2"][-1] - times["s0"][-1]).item() > 9 * 19


def test_no_steady_state() -> None:
    """An event waits for the one two before: 0, 1, 5, 6, 10, 11, …"""
    graph = EventGraph((Process("a", 1),), (edge("a", "a", [-2], 5),))
    assert solve(graph, 6).times["a"].reshape(-1).tolist() == [0, 1, 5, 6, 10, 11]
    with pytest.raises(ScheduleError, match="no steady state within 24 images"):
        interval_and_latency(graph, "a", "a")
    with pytest.raises(ScheduleError, match="no steady state within 3 images"):
        interval_and_latency(chained([Fifo(1)], 1), "s0", "s1", images=3)
