"""Event graphs, and streams with valid and ready, cycle by cycle: what schedules are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process

Delays = Mapping[str, Sequence[int]]
Times = dict[str, list[int]]
PATIENCE = 40
"""Cycles without any event after which the small graphs here are dead."""


def play(graph: EventGraph, images: int, delays: Delays) -> Times | None:
    """Cycle by cycle, the events that nothing holds back, simultaneous ones together; None for a deadlock."""
    times: Times = {process.name: [] for process in graph.processes}
    process = {process.name: process for process in graph.processes}
    cycle = quiet = 0
    while any(len(times[name]) < images * process[name].events for name in times):
        now = {name for name in times if len(times[name]) < images * process[name].events}
        for name in set(now):
            done = times[name]
            pause = delays[name][len(done)] if name in delays else 0
            if cycle < (done[-1] + process[name].interval if done else 0) + pause:
                now.discard(name)
        blocked = {""}
        while blocked:
            blocked = {
                name for name in now if any(waits(edge, times, process, now, cycle, name) for edge in graph.edges)
            }
            now -= blocked
        for name in now:
            times[name].append(cycle)
        cycle += 1
        quiet = 0 if now else quiet + 1
        if quiet > PATIENCE:
            return None
    return times


def waits(edge: After, times: Times, process: Mapping[str, Process], now: set[str], cycle: int, name: str) -> bool:
    """Whether an edge keeps the next event of `name` from happening now, together with the others of `now`."""
    if edge.target != name:
        return False
    image, event = divmod(len(times[name]), process[name].events)
    if edge.index[event] == NEVER:
        return False
    needed = image * process[edge.source].events + int(edge.index[event])
    done = times[edge.source]
    if needed < len(done):
        return needed >= 0 and cycle < done[needed] + edge.delay
    return not (needed == len(done) and edge.source in now and edge.delay == 0)


@dataclass
class Fifo:
    """Room for `depth` beats; a beat is offered from the cycle after it came, its place is free the cycle after."""

    depth: int
    held: int = 0

    def offers(self, cycle: int) -> bool:
        return self.held > 0

    def accepts(self, cycle: int, leaves: bool) -> bool:
        return self.held < self.depth

    def step(self, cycle: int, comes: bool, leaves: bool) -> None:
        self.held += comes - leaves

    def graph(self, beats: int, taken: str, given: str) -> EventGraph:
        beat = np.arange(beats)
        edges = (After(given, taken, beat, 1, offers=True), After(taken, given, beat - self.depth, 1))
        return EventGraph((Process(taken, beats), Process(given, beats)), edges)


@dataclass
class Worker:
    """Holds a beat for `latency` cycles before it is offered; takes one every `interval` cycles at most, the next one
    when this one leaves."""

    latency: int
    interval: int
    came: int | None = None
    last: int = field(default=-1000)

    def offers(self, cycle: int) -> bool:
        return self.came is not None and cycle >= self.came + self.latency

    def accepts(self, cycle: int, leaves: bool) -> bool:
        return (self.came is None or leaves) and cycle >= self.last + self.interval

    def step(self, cycle: int, comes: bool, leaves: bool) -> None:
        if leaves:
            self.came = None
        if comes:
            self.came = self.last = cycle

    def graph(self, beats: int, taken: str, given: str) -> EventGraph:
        beat = np.arange(beats)
        edges = (After(given, taken, beat, self.latency, offers=True), After(taken, given, beat - 1, 0))
        return EventGraph((Process(taken, beats, self.interval), Process(given, beats)), edges)


Stage = Fifo | Worker


@dataclass
class Transfers:
    """The cycles of a stream's beats, and the cycles in which they were first offered."""

    taken: list[int] = field(default_factory=list[int])
    offered: list[int] = field(default_factory=list[int])


def simulate(stages: Sequence[Stage], gaps: Sequence[int], stalls: Sequence[int]) -> list[Transfers]:
    """Beats through a chain of stages, stream by stream.

    The first stream offers beat n `gaps[n]` cycles after beat n − 1 could be followed, the last one is refused for
    `stalls[n]` cycles likewise.
    """
    streams = [Transfers() for _ in range(len(stages) + 1)]
    cycle = 0
    while len(streams[-1].taken) < len(stalls):
        head, tail = streams[0].taken, streams[-1].taken
        due = (head[-1] + 1 if head else 0) + gaps[len(head)] if len(head) < len(gaps) else None
        valid = [due is not None and cycle >= due, *(stage.offers(cycle) for stage in stages)]
        moves = [False] * len(streams)
        ready = cycle >= (tail[-1] + 1 if tail else 0) + stalls[len(tail)]
        for number in reversed(range(len(streams))):
            moves[number] = ready and valid[number]
            if number:
                ready = stages[number - 1].accepts(cycle, moves[number])
        for stream, offered, moved in zip(streams, valid, moves, strict=True):
            if offered and len(stream.offered) == len(stream.taken):
                stream.offered.append(cycle)
            if moved:
                stream.taken.append(cycle)
        for number, stage in enumerate(stages):
            stage.step(cycle, moves[number], moves[number + 1])
        cycle += 1
        assert cycle < 10000, "nothing arrives"
    return streams
