"""One way to build a unit: its cost, how its beats flow, and how it gets on with what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from e3ne.analysis.event_graph import EventGraph, Process, interval_and_latency
from e3ne.analysis.response import Response
from e3ne.dialects.dataflow import StreamType
from e3ne.units.interface import Choice, Cost

TAKEN, GIVEN = "taken", "given"
FAR = 1 << 24
"""Cycles by which the last beat is late when only what follows it counts."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to build a site's unit, with the converters in front of it, for one layout that comes in.

    `timing` is equal for candidates through which beats flow alike; `depth` is the delay in cycles in which they may
    differ even so.
    """

    choice: Choice
    given: StreamType
    cost: Cost
    graph: EventGraph | None
    timing: object = None
    depth: int = 0
    _intervals: dict[int | Candidate, int] = field(default_factory=lambda: {})
    _latencies: dict[int | Candidate, int] = field(default_factory=lambda: {})

    @cached_property
    def response(self) -> Response | None:
        """From arrivals to departures; None for a site that is no hardware."""
        return None if self.graph is None else Response(self.graph, TAKEN, GIVEN)

    @cached_property
    def pace(self) -> int:
        """Cycles from one beat taken to the next, at least."""
        return 1 if self.graph is None else self._process(TAKEN).interval

    def interval(self, behind: int | Candidate = 1) -> int:
        """Cycles between images of the unit, with nothing between it and what is `behind`.

        That is another unit, or (a number) something that takes a beat every so many cycles at best.
        """
        if behind not in self._intervals:
            graph = self._with(behind)
            self._intervals[behind] = 0 if graph is None else interval_and_latency(graph, TAKEN, GIVEN)[0]
        return self._intervals[behind]

    def latency(self, behind: int | Candidate = 1) -> int:
        """Cycles from the first beat taken to the last one given, of one image that is there all at once."""
        if behind not in self._latencies:
            graph, last = self._with(behind), -1
            if graph is not None:
                response = Response(graph, TAKEN, GIVEN)
                last = int(response.taken_and_given(np.zeros((1, response.beats_taken), dtype=np.int64))[1][0, -1])
            self._latencies[behind] = last + 1
        return self._latencies[behind]

    def _with(self, behind: int | Candidate) -> EventGraph | None:
        if self.graph is None:
            return behind.graph if isinstance(behind, Candidate) else None
        if isinstance(behind, int):
            slow = Process(GIVEN, self._process(GIVEN).events, behind)
            return EventGraph.union([self.graph, EventGraph((slow,), ())])
        if behind.graph is None:
            return self.graph
        return EventGraph.union([_renamed(self.graph, TAKEN, "before"), _renamed(behind.graph, GIVEN, "behind")])

    def flows_as(self, other: Candidate) -> bool:
        """Whether beats pass both in the same cycles, whatever comes and however they are taken."""
        return self is other or (self.timing is not None and (self.timing, self.depth) == (other.timing, other.depth))

    def _process(self, name: str) -> Process:
        assert self.graph is not None
        return next(process for process in self.graph.processes if process.name == name)

    @cached_property
    def least_interval(self) -> int:
        """A lower bound of `interval` that needs no schedule."""
        return 0 if self.graph is None else max(p.events * p.interval for p in self.graph.processes)

    @cached_property
    def delays(self) -> tuple[int, int, int]:
        """Cycles (head, tail, full) from the first beat to the first, from the last to the last, and first to last.

        No arrivals make them smaller: what comes between the beats can only delay more.
        """
        if self.response is None:
            return 0, 0, 0
        beats = self.response.beats_taken
        arrivals = np.zeros((2, beats), dtype=np.int64)
        arrivals[1, -1] = FAR
        given = self.response.taken_and_given(arrivals)[1]
        return int(given[0, 0]), int(given[1, -1]) - FAR, int(given[0, -1])


def _renamed(graph: EventGraph, end: str, side: str) -> EventGraph:
    """The graph with names of its own for everything but the stream at its `end`; the other one is called "between"."""

    def name(process: str) -> str:
        if process in (TAKEN, GIVEN):
            return process if process == end else "between"
        return f"{side}.{process}"

    return EventGraph(
        tuple(replace(process, name=name(process.name)) for process in graph.processes),
        tuple(replace(edge, target=name(edge.target), source=name(edge.source)) for edge in graph.edges),
    )
