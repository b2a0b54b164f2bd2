"""How a unit answers: the cycles in which its beats leave, for the cycles in which its beats come.

The unit stands alone, with whatever comes behind it always ready, and sees one image. Its event graph is then a
max-plus linear function from arrivals to departures, evaluated here for many candidates at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import EventGraph, ScheduleError

Cycles = NDArray[np.int64]

NEVER = -(1 << 40)


class Response:
    """The function from arrivals at `taken` to departures at `given` of one event graph."""

    def __init__(self, graph: EventGraph, taken: str, given: str) -> None:
        self._taken, self._given = taken, given
        self._events = {process.name: process.events for process in graph.processes}
        self._spacing = {
            process.name: process.interval * np.arange(process.events, dtype=np.int64) for process in graph.processes
        }
        # The index is None where an event follows the one of its number.
        self._incoming: dict[str, list[tuple[str, Cycles | None, Cycles]]] = {name: [] for name in self._events}
        self._readers: dict[str, set[str]] = {name: set() for name in self._events}
        for edge in graph.edges:
            if edge.index.max(initial=-1) < 0:
                continue
            # Before the first image nothing happens, so that these edges delay nothing.
            delay = np.where(edge.index < 0, NEVER, edge.delay)
            index = np.maximum(edge.index, 0)
            same = np.array_equal(index, np.arange(self._events[edge.source]))
            self._incoming[edge.target].append((edge.source, None if same else index, delay))
            self._readers[edge.source].add(edge.target)

    @property
    def beats_taken(self) -> int:
        """Beats of an image that come."""
        return self._events[self._taken]

    def taken_and_given(self, arrivals: Cycles) -> tuple[Cycles, Cycles]:
        """Arrivals (cases, beats taken) → cycles in which beats are taken, and in which they leave.

        Raises ScheduleError for a unit that never comes to an end.
        """
        cases = arrivals.shape[0]
        times = {name: np.zeros((cases, events), dtype=np.int64) for name, events in self._events.items()}
        times[self._taken] = np.maximum(arrivals, 0)
        dirty = set(self._events)
        forward = list(self._events)
        order, sweeps = forward, 0
        while dirty:
            sweeps += 1
            if sweeps > 2 + 2 * sum(self._events.values()):
                raise ScheduleError(f"{self._given}: some events wait for each other")
            for name in order:
                if name in dirty:
                    dirty.discard(name)
                    if self._relax(name, times):
                        dirty |= self._readers[name]
            order = order[::-1]
        return times[self._taken], times[self._given]

    def _relax(self, name: str, times: dict[str, Cycles]) -> bool:
        before = times[name]
        now = before
        for source, index, delay in self._incoming[name]:
            earlier = times[source] if index is None else times[source].take(index, axis=1)
            now = np.maximum(now, earlier + delay)
        spacing = self._spacing[name]
        now = now - spacing
        np.maximum.accumulate(now, axis=1, out=now)
        now += spacing
        if not (now != before).any():
            return False
        times[name] = now
        return True
