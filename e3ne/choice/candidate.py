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


@dataclass(frozen=True)
class Speed:
    """Cycles between images, and of the latency of one image alone."""

    interval: int
    latency: int


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
    _speeds: dict[int, Speed] = field(default_factory=dict[int, Speed])
    _pairs: dict[Candidate, Speed] = field(default_factory=lambda: {})

    @cached_property
    def response(self) -> Response | None:
        """From arrivals to departures; None for a site that is no hardware."""
        return None if self.graph is None else Response(self.graph, TAKEN, GIVEN)

    @cached_property
    def pace(self) -> int:
        """Cycles from one beat taken to the next, at least."""
        return 1 if self.graph is None else self._process(TAKEN).interval

    @property
    def interval(self) -> int:
        """Cycles between images of the unit alone."""
        return self.speed().interval

    def speed(self, pace: int = 1) -> Speed:
        """The unit alone, with all input there, and a consumer that takes a beat every `pace` cycles at best."""
        if self.graph is None:
            return Speed(0, 0)
        if pace not in self._speeds:
            slow = Process(GIVEN, self._process(GIVEN).events, pace)
            paced = EventGraph.union([self.graph, EventGraph((slow,), ())])
            self._speeds[pace] = Speed(*interval_and_latency(paced, TAKEN, GIVEN))
        return self._speeds[pace]

    def speed_with(self, behind: Candidate) -> Speed:
        """The unit and the one behind it, with nothing between them."""
        if self.graph is None or behind.graph is None:
            return behind.speed() if self.graph is None else self.speed()
        if behind not in self._pairs:
            joined = EventGraph.union([_renamed(self.graph, TAKEN, "before"), _renamed(behind.graph, GIVEN, "behind")])
            self._pairs[behind] = Speed(*interval_and_latency(joined, TAKEN, GIVEN))
        return self._pairs[behind]

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
