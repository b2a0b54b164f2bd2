"""Timed event graphs: the exact cycle of every beat, without simulation.

A *process* is something that happens over and over in a fixed order, at most once every `interval` cycles: the
transfers of a stream, the steps of a unit. An *after* edge delays it: event n of the target happens at least `delay`
cycles after event `index[n]` of the source. Indices count within one image; a negative one reaches back into the
images before. The earliest times that satisfy every edge are what the hardware does, because each unit acts as soon
as it can; they are the least fixed point of a max-plus system, computed for a whole image at a time.

This module needs NumPy alone: the cycle-model backend prints it into the stand-alone model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.longest_paths import longest_paths
from e3ne.errors import E3neError

Cycles = NDArray[np.int64]

NEVER = -(1 << 60)
"""The time of an event before the first image, and the index of an edge that does not constrain an event."""


SWEEPS = 32
"""Sweeps over all processes after which an image is solved event by event; common graphs need a tenth."""


class ScheduleError(E3neError):
    """The graph has no finite schedule: the design would deadlock."""


@dataclass(frozen=True)
class Process:
    """A sequence of `events` events per image, at least `interval` cycles apart."""

    name: str
    events: int
    interval: int = 1


@dataclass(frozen=True, eq=False)
class After:
    """Event n of `target` happens at least `delay` cycles after event `index[n]` of `source`.

    `offers` marks an edge that a stream's producer imposes on its transfers: without the other edges the
    transfer would happen then, so these edges give the cycle in which `valid` rises.
    """

    target: str
    source: str
    index: Cycles
    delay: int
    offers: bool = False


@dataclass(frozen=True)
class EventGraph:
    """Processes by name and the edges between them."""

    processes: tuple[Process, ...]
    edges: tuple[After, ...]

    @staticmethod
    def union(parts: Sequence[EventGraph]) -> EventGraph:
        """Joins graphs; a process that several name is shared, with the largest interval that any of them asks."""
        merged: dict[str, Process] = {}
        for process in (process for part in parts for process in part.processes):
            known = merged.setdefault(process.name, process)
            if known.events != process.events:
                raise ScheduleError(f"{process.name}: {known.events} beats are given, {process.events} are taken")
            if process.interval > known.interval:
                merged[process.name] = process
        return EventGraph(tuple(merged.values()), tuple(edge for part in parts for edge in part.edges))


@dataclass(frozen=True, eq=False)
class Schedule:
    """The cycle of each event: `times[process]` has shape (images, events)."""

    times: Mapping[str, Cycles]
    graph: EventGraph
    delays: Mapping[str, Cycles]

    @property
    def end(self) -> int:
        """The cycle of the last event of all, which may come after the last output."""
        return max(int(times.max(initial=0)) for times in self.times.values())

    def offers(self, process: str) -> Cycles:
        """The cycle in which each beat of a stream is first valid, shape (images, events).

        A stream that no unit offers comes from outside, which offers a beat when its delay is over; a delay of any
        other stream is a refusal of what is offered.
        """
        taken = self.times[process].reshape(-1)
        first = np.zeros(taken.shape, dtype=np.int64)
        first[1:] = taken[:-1] + 1
        offering = [edge for edge in self.graph.edges if edge.target == process and edge.offers]
        if not offering and process in self.delays:
            first += self.delays[process]
        for edge in offering:
            np.maximum(first, self._source_times(edge).reshape(-1), out=first)
        return first.reshape(self.times[process].shape)

    def _source_times(self, edge: After) -> Cycles:
        source = self.times[edge.source]
        images, events = source.shape
        position = edge.index[None, :] + events * np.arange(images, dtype=np.int64)[:, None]
        return np.where(position < 0, NEVER, source.reshape(-1)[np.maximum(position, 0)] + edge.delay)


class _Solver:
    """Solves a graph image by image; `delays[p]` makes event n of p wait that many cycles more than its interval."""

    def __init__(self, graph: EventGraph, images: int, delays: Mapping[str, Cycles]) -> None:
        self.graph, self.images, self.delays = graph, images, delays
        self.order = [process.name for process in graph.processes]
        self.process = {process.name: process for process in graph.processes}
        self.incoming: dict[str, list[tuple[After, Cycles]]] = {name: [] for name in self.order}
        self.readers: dict[str, set[str]] = {name: set() for name in self.order}
        self.lookback = 1
        for edge in graph.edges:
            events = self.process[edge.source].events
            reach = edge.index[edge.index > NEVER]
            if reach.size and int(reach.max()) >= events:
                raise ScheduleError(f"{edge.target} waits for an event of {edge.source} that never comes")
            if reach.size:
                self.lookback = max(self.lookback, -(int(reach.min()) // events))
                self.incoming[edge.target].append((edge, np.where(edge.index == NEVER, -1 << 40, edge.index)))
                self.readers[edge.source].add(edge.target)
        # One image of history more than needed, filled with NEVER, makes every look-back an ordinary index.
        self.pad = self.lookback + 1
        self.times = {
            name: np.full((self.pad + images) * self.process[name].events, NEVER, dtype=np.int64) for name in self.order
        }

    def gather(self, edge: After, index: Cycles, image: int) -> Cycles:
        events = self.process[edge.source].events
        position = np.maximum(index + (self.pad + image) * events, 0)
        return self.times[edge.source][position] + edge.delay

    def spacing(self, name: str, image: int) -> Cycles:
        """The least cycles from the time at which the first event could follow to each event of an image."""
        process = self.process[name]
        steps = process.interval * np.arange(process.events, dtype=np.int64)
        if name in self.delays:
            steps += np.cumsum(self.delays[name][image * process.events : (image + 1) * process.events])
        return steps

    def relax(self, name: str, image: int) -> bool:
        """Recomputes one process for one image; True when a time has moved."""
        process, times = self.process[name], self.times[name]
        start = (self.pad + image) * process.events
        now = np.maximum(times[start : start + process.events], 0)
        for edge, index in self.incoming[name]:
            np.maximum(now, self.gather(edge, index, image), out=now)
        steps = self.spacing(name, image)
        previous = int(times[start - 1])
        now[0] = max(int(now[0]), int(steps[0]) + (0 if previous == NEVER else previous + process.interval))
        now = np.maximum.accumulate(now - steps) + steps
        if not (now != times[start : start + process.events]).any():
            return False
        times[start : start + process.events] = now
        return True

    def solve_image(self, image: int) -> None:
        """Relaxes until nothing moves; a graph that asks for many sweeps is solved event by event instead."""
        dirty = set(self.order)
        forward = True
        for _ in range(SWEEPS):
            for name in self.order if forward else reversed(self.order):
                if name in dirty:
                    dirty.discard(name)
                    if self.relax(name, image):
                        dirty |= self.readers[name]
            if not dirty:
                return
            forward = not forward
        self.solve_events(image)

    def solve_events(self, image: int) -> None:
        """Longest paths over the events of one image: slower than sweeps, but in bounded time, and finds deadlocks."""
        sizes = [process.events for process in self.graph.processes]
        first = dict(zip(self.order, np.cumsum([0, *sizes]).tolist(), strict=False))
        edges: list[tuple[Cycles, Cycles, Cycles]] = []
        for name in self.order:
            process = self.process[name]
            whole = first[name] + np.arange(1, process.events, dtype=np.int64)
            edges.append((whole, whole - 1, np.diff(self.spacing(name, image))))
            for edge, index in self.incoming[name]:
                here = np.flatnonzero(index >= 0)
                edges.append((first[name] + here, first[edge.source] + index[here], np.full(here.size, edge.delay)))
        spans = {name: slice((self.pad + image) * size, None) for name, size in zip(self.order, sizes, strict=True)}
        # What the sweeps have found so far are lower bounds, the ones from earlier images among them.
        earliest = [self.times[name][spans[name]][:size] for name, size in zip(self.order, sizes, strict=True)]
        targets, sources, delays = (np.concatenate(parts) for parts in zip(*edges, strict=True))
        times = longest_paths(np.concatenate(earliest), targets, sources, delays)
        if times is None:
            raise ScheduleError(f"deadlock in image {image}: some events wait for each other")
        for name, size in zip(self.order, sizes, strict=True):
            self.times[name][spans[name]][:size] = times[first[name] : first[name] + size]

    def period(self, image: int) -> int | None:
        """The common distance between this image and the one before, or None when the distances differ."""
        distance: int | None = None
        for process in self.graph.processes:
            start = (self.pad + image) * process.events
            now = self.times[process.name][start : start + process.events]
            before = self.times[process.name][start - process.events : start]
            step = int(now[0] - before[0])
            if (distance is not None and step != distance) or not np.array_equal(now, before + step):
                return None
            distance = step
        return distance

    def solve(self) -> dict[str, Cycles]:
        steady, known = 0, None
        for image in range(self.images):
            self.solve_image(image)
            period = self.period(image) if image and not self.delays else None
            steady = 0 if period is None else steady + 1 if period == known else 1
            known = period
            # The future depends on `lookback` images only: once they repeat at one distance, all after them do.
            if period is not None and steady > self.lookback:
                self._repeat(image, period)
                break
        return {
            name: self.times[name][self.pad * self.process[name].events :].reshape(self.images, -1)
            for name in self.order
        }

    def _repeat(self, image: int, period: int) -> None:
        for name in self.order:
            events = self.process[name].events
            rest = self.images - image - 1
            start = (self.pad + image) * events
            last = self.times[name][start : start + events]
            shifts = period * np.arange(1, rest + 1, dtype=np.int64)
            self.times[name][start + events :] = (last[None, :] + shifts[:, None]).reshape(-1)


def solve(graph: EventGraph, images: int, delays: Mapping[str, Cycles] | None = None) -> Schedule:
    """The earliest times of all events for `images` images that follow each other.

    `delays[process]` (shape (images·events,)) holds an event back that many cycles after it could follow the event
    before it: gaps in the input, back-pressure at the output. Raises ScheduleError for a graph that deadlocks.
    """
    delays = dict(delays or {})
    return Schedule(_Solver(graph, images, delays).solve(), graph, delays)


def interval_and_latency(graph: EventGraph, first: str, last: str, images: int = 24) -> tuple[int, int]:
    """Cycles between images in steady state, and from the first event of `first` to the last of `last` of one image.

    Nothing that comes later delays an image, so the first one of a long run shows the latency of one alone.
    Raises ScheduleError when `images` images do not reach a steady state.
    """
    times = solve(graph, images).times
    distances = np.diff(times[last][:, -1])
    if distances.size < 3 or len(set(distances[-3:].tolist())) != 1:
        raise ScheduleError(f"no steady state within {images} images")
    return int(distances[-1]), int(times[last][0, -1] - times[first][0, 0]) + 1
