"""Longest paths in a graph whose cycles may have length 0: the least solution of many "at least so much later".

NumPy alone: the cycle-model backend prints this module into the stand-alone model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def longest_paths(earliest: Integers, targets: Integers, sources: Integers, delays: Integers) -> Integers | None:
    """The least times with times ≥ `earliest` and, edge by edge, times[target] ≥ times[source] + delay ≥ times[source].

    None when there are none: some event would be before itself. Tarjan's algorithm along the edges backwards, so that
    the strongly connected components come with their sources first; all events of a component are simultaneous.
    """
    by_target = np.argsort(targets, kind="stable")
    source: list[int] = sources[by_target].tolist()
    delay: list[int] = delays[by_target].tolist()
    bounds: list[int] = np.searchsorted(targets[by_target], np.arange(earliest.size + 1)).tolist()
    times: list[int] = earliest.tolist()
    place, low, following = [0] * len(times), [0] * len(times), bounds[:-1]
    finished = [False] * len(times)
    component: list[int] = []
    visited = 0
    for root in range(len(times)):
        path = [] if place[root] else [root]
        while path:
            node = path[-1]
            if not place[node]:
                visited += 1
                place[node] = low[node] = visited
                component.append(node)
            if following[node] < bounds[node + 1]:
                other = source[following[node]]
                following[node] += 1
                if not place[other]:
                    path.append(other)
                elif not finished[other]:
                    low[node] = min(low[node], place[other])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[node])
            if low[node] == place[node]:
                members = [component.pop()]
                while members[-1] != node:
                    members.append(component.pop())
                if not _settle(members, times, finished, bounds, source, delay):
                    return None
    return np.array(times, dtype=np.int64)


def _settle(
    members: Sequence[int],
    times: list[int],
    finished: list[bool],
    bounds: Sequence[int],
    source: Sequence[int],
    delay: Sequence[int],
) -> bool:
    """Gives all events of a component their common time; False when one has to be later than another."""
    # Most events settle alone.
    inside = members if len(members) == 1 else set(members)
    latest = max([times[node] for node in members])
    for node in members:
        for edge in range(bounds[node], bounds[node + 1]):
            other = source[edge]
            if other not in inside:
                time = times[other] + delay[edge]
                if time > latest:
                    latest = time
            elif delay[edge] > 0:
                return False
    for node in members:
        times[node], finished[node] = latest, True
    return True
