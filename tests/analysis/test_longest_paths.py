"""Longest paths against relaxation, edge by edge, until nothing moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.analysis.longest_paths import longest_paths

Edge = tuple[int, int, int]


def relaxed(earliest: list[int], edges: list[Edge]) -> list[int] | None:
    """After as many rounds as there are nodes, only what is on a cycle of positive length still moves."""
    times = list(earliest)
    for _ in range(len(times) + 1):
        before = list(times)
        for target, source, delay in edges:
            times[target] = max(times[target], times[source] + delay)
        if times == before:
            return times
    return None


def found(earliest: list[int], edges: list[Edge]) -> list[int] | None:
    targets, sources, delays = np.array(edges, dtype=np.int64).reshape(-1, 3).T
    times = longest_paths(np.array(earliest, dtype=np.int64), targets, sources, delays)
    return None if times is None else times.tolist()


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], list[Edge]]:
    """Up to 8 nodes; edges mostly towards higher numbers, and many of length 0, so that cycles of length 0 occur."""
    nodes = draw(st.integers(1, 8))
    earliest = draw(st.lists(st.integers(-5, 20), min_size=nodes, max_size=nodes))
    node = st.integers(0, nodes - 1)
    forward = st.tuples(node, node, st.integers(0, 9)).map(lambda e: (max(e[:2]), min(e[:2]), e[2] * (e[0] != e[1])))
    level = st.tuples(node, node, st.just(0))
    any_edge = st.tuples(node, node, st.integers(0, 2))
    kinds = forward | level | any_edge if draw(st.booleans()) else forward | level
    return earliest, draw(st.lists(kinds, max_size=16))


@settings(deadline=None, derandomize=True, max_examples=250)
@given(problems())
def test_equals_relaxation(problem: tuple[list[int], list[Edge]]) -> None:
    assert found(*problem) == relaxed(*problem)


def test_a_cycle_of_no_length_is_simultaneous() -> None:
    ring = [(1, 0, 0), (2, 1, 0), (0, 2, 0)]
    assert found([3, 9, 4, 0], [*ring, (3, 1, 2)]) == [9, 9, 9, 11]
    assert found([3, 9, 4, 0], [*ring, (3, 1, 2), (0, 3, 0)]) is None


def test_long_chains_need_no_recursion() -> None:
    nodes = 50_000
    node = np.arange(1, nodes)
    for targets, sources in ((node, node - 1), (node - 1, node)):
        times = longest_paths(np.zeros(nodes, dtype=np.int64), targets, sources, np.ones(nodes - 1, dtype=np.int64))
        assert times is not None
        assert sorted(times.tolist()) == list(range(nodes))
