"""The search for the best combination: labels that move from site to site, cut by dominance and by bounds.

A label is a choice for each site up to one: its cost, and the cycle in which each beat leaves that site. Of two labels
with the same layout, one that costs no more and is never later can replace the other, because units are max-plus
monotone. So the search is exact; where labels must be dropped for want of time, the best bound of a dropped one bounds
how much better the optimum could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from e3ne.choice.bounds import Rests, chain, least_area, least_latency, reduced
from e3ne.choice.goal import UNLIMITED, Goal, area
from e3ne.choice.sites import Candidate, Site, fifo_cost
from e3ne.dialects.dataflow import StreamType
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH
from e3ne.units.interface import Cost

Cycles = NDArray[np.int64]

DEEPEST = 64
"""Beats of the deepest FIFO that is counted on; what waits longer waits in front of it."""


@dataclass(frozen=True, eq=False)
class Label:
    """Choices for the sites so far. `first` is the cycle in which the first beat of the input is taken."""

    stream: StreamType | None
    cost: Cost
    interval: int
    leaves: Cycles
    candidate: Candidate | None = None
    before: Label | None = None

    @property
    def first(self) -> int:
        """The cycle in which the first beat leaves."""
        return int(self.leaves[0])

    @property
    def last(self) -> int:
        """The cycle in which the last beat leaves."""
        return int(self.leaves[-1])

    @property
    def latency(self) -> int:
        """Cycles from the first beat taken, in cycle 0, to the last one given, both included."""
        return self.last + 1

    def candidates(self) -> list[Candidate]:
        """What was chosen for each site, the first one first."""
        found: list[Candidate] = []
        label: Label | None = self
        while label is not None and label.candidate is not None:
            found.append(label.candidate)
            label = label.before
        return found[::-1]


@dataclass
class Search:
    """Searches one graph for one goal. `width` is the number of labels kept at a site.

    After `run`, `bound` is a value of the objective that no choice of the graph goes below: the least bound of what
    had to be dropped, infinite when nothing was.
    """

    sites: Sequence[Site]
    goal: Goal
    width: int = 50
    incumbent: float = np.inf
    bound: float = field(default=np.inf, init=False)
    rests: list[Rests] = field(default_factory=list[Rests], init=False)

    def run(self) -> Label | None:
        """The best combination, better than the incumbent, or None."""
        pools = self._candidates()
        self.rests = chain([self._rests(pool) for pool in pools])
        labels = [Label(None, Cost(), 0, np.zeros(1, dtype=np.int64))]
        for number in range(len(self.sites)):
            labels = self._cut(self._extend(labels, number), number)
        finished = [label for label in labels if self._value(label) < self.incumbent]
        return min(finished, key=self._rank, default=None)

    def _candidates(self) -> list[list[Candidate]]:
        """All candidates of each site, for all layouts in which its input may come."""
        streams: list[StreamType | None] = [None]
        pools: list[list[Candidate]] = []
        for site in self.sites:
            pool = [candidate for stream in streams for candidate in self._legal(site, stream)]
            pools.append(pool)
            streams = list(dict.fromkeys(candidate.given for candidate in pool))
        return pools

    def _legal(self, site: Site, stream: StreamType | None) -> Iterable[Candidate]:
        """The candidates that a goal does not exclude by themselves."""
        for candidate in site.candidates(stream):
            slow = candidate.least_interval > self.goal.interval or candidate.least_interval > self.goal.latency
            if not slow and self.goal.affords(candidate.cost) and candidate.interval <= self.goal.interval:
                yield candidate

    def _extend(self, labels: Sequence[Label], number: int) -> list[Label]:
        """Every label with every candidate of the next site."""
        site, rests = self.sites[number], self.rests[number]
        buffered = number > 0 and self.sites[number - 1].buffered
        by_stream: dict[StreamType | None, list[Label]] = {}
        for label in labels:
            by_stream.setdefault(label.stream, []).append(label)
        found: list[Label] = []
        for stream, group in by_stream.items():
            for candidate in self._legal(site, stream):
                hopeful = [label for label in group if self._promises(label, candidate, rests)]
                if hopeful:
                    found.extend(self._extended(hopeful, candidate, number, buffered))
        return found

    def _extended(
        self, labels: Sequence[Label], candidate: Candidate, number: int, buffered: bool
    ) -> Iterable[Label]:
        response = candidate.response
        if response is None:
            for label in labels:
                cost = _sum(label.cost, candidate.cost)
                yield Label(candidate.given, cost, label.interval, label.leaves, candidate, label)
            return
        arrivals = np.stack([_resampled(label.leaves, response.beats_taken) for label in labels])
        taken, given = response.taken_and_given(arrivals + buffered)
        for row, label in enumerate(labels):
            cost = _sum(label.cost, candidate.cost)
            if buffered and label.stream is not None:
                depth = _depth(arrivals[row], taken[row])
                cost = _sum(cost, fifo_cost(self.sites[number - 1], label.stream, depth))
            interval = max(label.interval, candidate.interval)
            yield Label(candidate.given, cost, interval, given[row], candidate, label)

    def _promises(self, label: Label, candidate: Candidate, rests: Rests) -> bool:
        head, tail, full = candidate.delays
        last = max(label.last + tail, label.first + full)
        return self._bound(_sum(label.cost, candidate.cost), label.first + head, last, rests) < self.incumbent

    def _bound(self, cost: Cost, first: float, last: float, rests: Rests) -> float:
        """What the objective comes to at least; infinite if the goal is out of reach."""
        goal = self.goal
        if not goal.affords(cost):
            return np.inf
        if goal.objective == "latency":
            end = least_latency(rests, first, last, goal.lut - cost.lut)
            return end + 1 if end < goal.latency else np.inf
        return area(cost) + least_area(rests, first, last, goal.latency - 1)

    def _measure(self, cost: Cost) -> float:
        """The resource that bounds look at: the one that is minimised, or else the one that limits."""
        return area(cost) if self.goal.objective == "area" else cost.lut

    def _rests(self, pool: Sequence[Candidate]) -> Rests:
        """The candidates of a site as rests."""
        return reduced(np.array([(self._measure(c.cost), *c.delays) for c in pool], dtype=np.float64).reshape(-1, 4))

    def _label_bound(self, label: Label, number: int) -> float:
        return self._bound(label.cost, label.first, label.last, self.rests[number])

    def _value(self, label: Label) -> float:
        goal = self.goal
        if not goal.affords(label.cost) or label.latency > goal.latency:
            return np.inf
        return label.latency if goal.objective == "latency" else area(label.cost)

    def _rank(self, label: Label) -> tuple[float, float, float]:
        return self._value(label), area(label.cost), label.latency

    def _cut(self, labels: Sequence[Label], number: int) -> list[Label]:
        """Labels that promise something and that no other one can replace, at most `width` of them."""
        bounds = [(self._label_bound(label, number), area(label.cost), place) for place, label in enumerate(labels)]
        hopeful = sorted(entry for entry in bounds if entry[0] < self.incumbent)
        kept: dict[StreamType | None, list[Label]] = {}
        count = 0
        for position, (bound, _, place) in enumerate(hopeful):
            label = labels[place]
            same = kept.setdefault(label.stream, [])
            if any(self._replaces(other, label) for other in same):
                continue
            if count == self.width:
                self.bound = min(self.bound, bound)
                break
            same.append(label)
            count += 1
        return [label for group in kept.values() for label in group]

    def _replaces(self, other: Label, label: Label) -> bool:
        """Whether a label is as good as another in everything that matters from here on."""
        return (
            all(a <= b for a, b in zip(self._price(other), self._price(label), strict=True))
            and other.last <= label.last
            and bool((other.leaves <= label.leaves).all())
        )

    def _price(self, label: Label) -> tuple[float, ...]:
        goal, cost = self.goal, label.cost
        limited = ((cost.lut, goal.lut), (cost.ff, goal.ff), (cost.bram36, goal.bram36))
        return (self._measure(cost), *(used for used, limit in limited if limit < UNLIMITED))


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(one.lut + other.lut, one.ff + other.ff, one.bram36 + other.bram36)


def _resampled(leaves: Cycles, beats: int) -> Cycles:
    """The arrivals of a unit: those of the input are all in cycle 0, as many as it takes."""
    return leaves if leaves.size == beats else np.broadcast_to(leaves, (beats,))


def _depth(written: Cycles, read: Cycles) -> int:
    """Beats that a FIFO must hold so that none has to wait in front of it, at most DEEPEST.

    A place is free in the cycle after its beat left.
    """
    waiting = np.arange(written.size) - np.searchsorted(read, written, side="left")
    return min(DEEPEST, max(MINIMAL_DEPTH, int(waiting.max()) + 1))
