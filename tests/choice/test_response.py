"""A unit's answer to arrivals against the schedule of its event graph, and what is derived from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.event_graph import solve
from e3ne.choice.bounds import join, reduced
from e3ne.choice.goal import Goal, area
from e3ne.choice.search import Search
from e3ne.choice.sites import GIVEN, TAKEN, Candidate, sites_of
from e3ne.semantics.dataflow import find_graph
from tests.choice.every_design import undecided
from tests.choice.networks import dense, pooled

NETWORKS = (pooled, dense)


@cache
def search_of(network: Callable[[], ModuleOp]) -> Search:
    """A search that excludes nothing yet."""
    search = Search(sites_of(find_graph(undecided(network())), {}, {}, Goal("latency")), Goal("latency"))
    search.prepare()
    return search


def chains(data: st.DataObject, search: Search) -> Iterator[Candidate]:
    """Any candidates that fit each other."""
    stream = None
    for legal in search.legal:
        candidate = data.draw(st.sampled_from(legal[stream]))
        yield candidate
        stream = candidate.given


networks = st.sampled_from(NETWORKS)


@settings(max_examples=60)
@given(networks, st.data())
def test_a_unit_answers_as_it_is_scheduled(network: Callable[[], ModuleOp], data: st.DataObject) -> None:
    """Beats that come when the schedule takes them leave when it gives them; so do others that come no later."""
    for candidate in chains(data, search_of(network)):
        if candidate.graph is None or candidate.response is None:
            continue
        beats = candidate.response.beats_taken
        gaps = np.array(data.draw(st.lists(st.integers(0, 6), min_size=beats, max_size=beats)))
        times = solve(candidate.graph, 1, {TAKEN: gaps}).times
        arrivals = times[TAKEN][:1]
        taken, left = candidate.response.taken_and_given(arrivals)
        assert np.array_equal(taken, arrivals)
        assert np.array_equal(left, times[GIVEN][:1])
        if not gaps.any():
            assert np.array_equal(candidate.response.taken_and_given(np.zeros_like(arrivals))[1], left)


@settings(max_examples=60)
@given(networks, st.data())
def test_no_arrivals_make_the_delays_smaller(network: Callable[[], ModuleOp], data: st.DataObject) -> None:
    for candidate in chains(data, search_of(network)):
        if candidate.response is None:
            continue
        beats = candidate.response.beats_taken
        arrivals = np.cumsum(data.draw(st.lists(st.integers(0, 9), min_size=beats, max_size=beats)))[None]
        left = candidate.response.taken_and_given(arrivals)[1]
        head, tail, full = candidate.delays
        assert left[0, 0] >= arrivals[0, 0] + head
        assert left[0, -1] >= max(arrivals[0, -1] + tail, arrivals[0, 0] + full)


@settings(max_examples=100)
@given(networks, st.data())
def test_a_rest_is_below_what_follows(network: Callable[[], ModuleOp], data: st.DataObject) -> None:
    """Of every design, from every site on: some rest costs no more and delays no more."""
    search = search_of(network)
    candidates = list(chains(data, search))
    whole = search.follow(candidates)
    for place in range(1, len(candidates)):
        label = search.follow(candidates[:place])
        rests = search.rests[place - 1][candidates[place - 1].given]
        cost = whole.cost.lut - label.cost.lut
        ends = np.maximum(label.last + rests[:, 2], label.first + rests[:, 3])
        assert ((rests[:, 0] <= cost + 1e-9) & (ends <= whole.last)).any()


rests = st.lists(st.tuples(*[st.integers(0, 12)] * 4), min_size=1, max_size=90).map(lambda rows: np.array(rows, float))


@given(st.lists(rests, min_size=1, max_size=3))
def test_each_rest_has_one_that_is_no_worse(parts: list[np.ndarray]) -> None:
    kept = reduced(parts)
    assert len(kept) <= 40
    every = np.concatenate(parts)
    assert (kept[None] <= every[:, None]).all(axis=2).any(axis=1).all()


def test_joined_rests() -> None:
    first = np.array([[10.0, 1, 2, 8]])
    behind = np.array([[5.0, 3, 4, 20], [7.0, 1, 1, 1]])
    assert join(first, behind).tolist() == [[15, 4, 6, 21], [17, 2, 3, 9]]


def test_costs_of_a_label_are_those_of_its_candidates() -> None:
    search = search_of(dense)
    label = search.run(64, 1.0)
    assert label is not None
    assert area(label.cost) >= sum(area(candidate.cost) for candidate in label.candidates())
    assert search.follow(label.candidates()).latency == label.latency == search.value(label)
