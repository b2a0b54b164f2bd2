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

from e3ne.choice.bounds import NONE, NOTHING, Rests, join, reduced
from e3ne.choice.goal import UNLIMITED, Goal, area
from e3ne.choice.sites import Candidate, Site
from e3ne.dialects.dataflow import StreamType
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH
from e3ne.units.interface import Cost

Cycles = NDArray[np.int64]
Bounds = NDArray[np.float64]

DEEPEST = 64
"""Beats of the deepest FIFO that is counted on; what waits longer waits in front of it."""


@dataclass(frozen=True, eq=False)
class Label:
    """Choices for the sites so far. `first` is the cycle in which the first beat of the input is taken."""

    stream: StreamType | None
    cost: Cost
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
    """Searches one graph for one goal; only what is better than the `incumbent` counts.

    `prepare` finds the candidates and the bounds, `run` searches with some number of labels at a site. After a run,
    `bound` is the least bound of what had to be dropped, infinite when nothing was: then nothing better exists.
    `finalists` are all complete choices that were better than the incumbent and not dropped.
    """

    sites: Sequence[Site]
    goal: Goal
    incumbent: float = np.inf
    bound: float = field(default=np.inf, init=False)
    finalists: list[Label] = field(default_factory=list[Label], init=False)
    paces: set[int] = field(default_factory=set[int], init=False)
    fifos: dict[tuple[int, StreamType, int], Cost] = field(default_factory=lambda: {}, init=False)
    legal: list[dict[StreamType | None, list[Candidate]]] = field(default_factory=lambda: [], init=False)
    rests: list[dict[StreamType | None, Rests]] = field(default_factory=lambda: [], init=False)

    def run(self, width: int, pessimism: float) -> Label | None:
        """The best combination, better than the incumbent, or None; it is the incumbent then.

        `width` labels are kept at a site: those that promise most if what is behind them costs `pessimism` times its
        bound.
        """
        self.bound = np.inf
        labels = [Label(None, Cost(), np.zeros(1, dtype=np.int64))]
        for number in range(len(self.sites)):
            labels = self._cut(self._extend(labels, number), number, width, pessimism)
        self.finalists = [label for label in labels if self.value(label) < self.incumbent]
        best = min(self.finalists, key=self.rank, default=None)
        if best is not None:
            self.incumbent = self.value(best)
        return best

    def prepare(self) -> None:
        """Finds the candidates that may be better than the incumbent, and the bounds that follow from them."""
        self.legal, self.rests = [], []
        self._candidates()

    @property
    def is_timeless(self) -> bool:
        """Whether only areas matter, because nothing limits the latency; their bounds are exact then."""
        return self.goal.objective == "area" and self.goal.latency == UNLIMITED

    def follow(self, candidates: Sequence[Candidate]) -> Label:
        """The label of a given choice for every site."""
        label = Label(None, Cost(), np.zeros(1, dtype=np.int64))
        for number, candidate in enumerate(candidates):
            buffered = number > 0 and self.sites[number - 1].buffered
            (label,) = self._extended([label], candidate, number, buffered, timed=True)
        return label

    def _candidates(self) -> None:
        """All candidates of each site for all layouts in which its input may come, and the rests behind them."""
        streams: list[StreamType | None] = [None]
        for site in self.sites:
            legal = {stream: list(self._legal(site, stream)) for stream in streams}
            self.legal.append(legal)
            streams = list(dict.fromkeys(c.given for candidates in legal.values() for c in candidates))
        behind = dict.fromkeys(streams, NOTHING)
        for legal in reversed(self.legal):
            self.rests.append(behind)
            behind = {
                stream: reduced([join(self._rest(c), behind.get(c.given, NONE)) for c in candidates])
                for stream, candidates in legal.items()
            }
        self.rests.reverse()

    def _legal(self, site: Site, stream: StreamType | None) -> Iterable[Candidate]:
        """The candidates that neither the goal nor the incumbent excludes by themselves."""
        goal = self.goal
        cycles, lut = min(goal.interval, goal.latency), goal.lut
        if goal.objective == "latency":
            cycles = min(cycles, self.incumbent)
        else:
            lut = min(lut, self.incumbent)
        for family in site.families(stream):
            if family.least_cycles > cycles or family.least_lut > lut:
                continue
            for candidate in family.candidates:
                if candidate.least_interval > cycles or candidate.cost.lut > lut or not goal.affords(candidate.cost):
                    continue
                if goal.interval == UNLIMITED or candidate.interval() <= goal.interval:
                    yield candidate

    def _extend(self, labels: Sequence[Label], number: int) -> list[Label]:
        """Every label with every candidate of the next site."""
        legal, rests = self.legal[number], self.rests[number]
        buffered = number > 0 and self.sites[number - 1].buffered
        found: list[Label] = []
        for stream, places in grouped(labels).items():
            group = [labels[place] for place in places]
            for candidate in legal[stream]:
                here = group if buffered else [label for label in group if self._follows(label, candidate, number)]
                promised = self._promised(here, candidate, rests[candidate.given]) < self.incumbent
                hopeful = [label for label, promising in zip(here, promised, strict=True) if promising]
                if hopeful:
                    found.extend(self._extended(hopeful, candidate, number, buffered))
        return found

    def _extended(
        self, labels: Sequence[Label], candidate: Candidate, number: int, buffered: bool, timed: bool = False
    ) -> Iterable[Label]:
        response = candidate.response
        if response is None or (self.is_timeless and not timed):
            for label in labels:
                cost = _sum(label.cost, candidate.cost)
                yield Label(candidate.given, cost, label.leaves, candidate, label)
            return
        arrivals = np.stack([_resampled(label.leaves, response.beats_taken) for label in labels])
        taken, given = response.taken_and_given(arrivals + buffered)
        for row, label in enumerate(labels):
            cost = _sum(label.cost, candidate.cost)
            # The smallest area has FIFOs as shallow as its limits allow, which the finished schedule tells.
            if buffered and label.stream is not None and self.goal.objective != "area":
                depth = _depth(arrivals[row], taken[row])
                cost = _sum(cost, self._deeper(number - 1, label.stream, depth))
            yield Label(candidate.given, cost, given[row], candidate, label)

    def _follows(self, label: Label, candidate: Candidate, number: int) -> bool:
        """Whether a candidate can stand directly behind the last unit of a label."""
        if self.goal.interval == UNLIMITED or label.candidate is None:
            return True
        if self.sites[number - 1].is_stepping:
            return label.candidate.interval_with(candidate) <= self.goal.interval
        return self._keeps_up(label, candidate.pace)

    def _keeps_up(self, label: Label, pace: int) -> bool:
        """Whether the last unit keeps the interval, with a consumer behind it that takes its time.

        Consumers of consumers may hold it up further, so that the schedule of the finished graph has the last word.
        """
        if self.goal.interval == UNLIMITED or label.candidate is None or pace == 1:
            return True
        return label.candidate.interval(pace) <= self.goal.interval

    def _deeper(self, number: int, stream: StreamType, depth: int) -> Cost:
        """What a FIFO costs more than the shallowest one, which is counted with the unit in front of it."""
        key = number, stream, depth
        if key not in self.fifos:
            least, wanted = (self.sites[number].fifo_cost(stream, beats) for beats in (MINIMAL_DEPTH, depth))
            self.fifos[key] = Cost(wanted.lut - least.lut, wanted.ff - least.ff, wanted.bram36 - least.bram36)
        return self.fifos[key]

    def _promised(self, labels: Sequence[Label], candidate: Candidate, rests: Rests) -> Bounds:
        """What the objective comes to at least, for each label with a candidate behind it."""
        ((_, head, tail, full),) = self._rest(candidate).astype(np.int64).tolist()
        first = np.array([label.first for label in labels])
        last = np.array([label.last for label in labels])
        costs = [_sum(label.cost, candidate.cost) for label in labels]
        return self._bounds(costs, first + head, np.maximum(last + tail, first + full), rests)

    def _bounds(self, costs: Sequence[Cost], first: Cycles, last: Cycles, rests: Rests) -> Bounds:
        """What the objective comes to at least; infinite where the goal is out of reach."""
        goal = self.goal
        within = np.array([goal.affords(cost) for cost in costs], dtype=np.bool_)
        used = np.array([self._measure(cost) for cost in costs])
        ends = np.maximum(last[:, None] + rests[:, 2], first[:, None] + rests[:, 3]) + 1
        if goal.objective == "latency":
            possible = (used[:, None] + rests[:, 0] <= goal.lut) & (ends <= goal.latency)
            values = ends
        else:
            possible = ends <= goal.latency
            values = used[:, None] + rests[:, 0]
        return np.where(possible & within[:, None], values, np.inf).min(axis=1, initial=np.inf)

    def _measure(self, cost: Cost) -> float:
        """The resource that bounds look at: the one that is minimised, or else the one that limits."""
        return area(cost) if self.goal.objective == "area" else cost.lut

    def _rest(self, candidate: Candidate) -> Rests:
        delays = (0, 0, 0) if self.is_timeless else candidate.delays
        return np.array([(self._measure(candidate.cost), *delays)], dtype=np.float64)

    def value(self, label: Label) -> float:
        """The objective of a complete choice; infinite if it misses the goal."""
        goal = self.goal
        if not goal.affords(label.cost) or label.latency > goal.latency:
            return np.inf
        return label.latency if goal.objective == "latency" else area(label.cost)

    def rank(self, label: Label) -> tuple[float, float, float]:
        """By what complete choices are compared: the objective, then area and latency."""
        return self.value(label), area(label.cost), label.latency

    def _cut(self, labels: Sequence[Label], number: int, width: int, pessimism: float) -> list[Label]:
        """Labels that promise something and that no other one can replace, at most `width` of them."""
        if not labels:
            return []
        first = np.array([label.first for label in labels])
        last = np.array([label.last for label in labels])
        entries: list[tuple[float, float, float, int]] = []
        for stream, places in grouped(labels).items():
            rests = self.rests[number][stream]
            costs = [labels[place].cost for place in places]
            bounds = self._bounds(costs, first[places], last[places], rests)
            guesses = self._bounds(costs, first[places], last[places], rests * pessimism)
            areas = [area(cost) for cost in costs]
            entries.extend(zip(guesses.tolist(), bounds.tolist(), areas, places, strict=True))
        hopeful = sorted(entry for entry in entries if entry[1] < self.incumbent)
        self.paces = self._paces_behind(number)
        kept: dict[StreamType | None, list[Label]] = {}
        count = 0
        for position, entry in enumerate(hopeful):
            label = labels[entry[-1]]
            same = kept.setdefault(label.stream, [])
            if any(self._replaces(other, label, number) for other in same):
                continue
            if count == width:
                self.bound = min(self.bound, *(bound for _, bound, _, _ in hopeful[position:]))
                break
            same.append(label)
            count += 1
        return [label for group in kept.values() for label in group]

    def _replaces(self, other: Label, label: Label, number: int) -> bool:
        """Whether a label is as good as another in everything that matters from here on."""
        return (
            self._is_as_patient(other, label, number)
            and all(a <= b for a, b in zip(self._price(other), self._price(label), strict=True))
            and other.last <= label.last
            and bool((other.leaves <= label.leaves).all())
        )

    def _paces_behind(self, number: int) -> set[int]:
        """The paces of the candidates behind a site that no FIFO separates from them."""
        if self.sites[number].buffered or number + 1 == len(self.sites):
            return set()
        return {candidate.pace for candidates in self.legal[number + 1].values() for candidate in candidates}

    def _is_as_patient(self, other: Label, label: Label, number: int) -> bool:
        """Whether a label keeps the interval with every consumer with which another one does."""
        if other.candidate is label.candidate or self.goal.interval == UNLIMITED:
            return True
        if self.sites[number].is_stepping:
            return False
        return all(self._keeps_up(other, pace) for pace in self.paces if self._keeps_up(label, pace))

    def _price(self, label: Label) -> tuple[float, ...]:
        goal, cost = self.goal, label.cost
        limited = ((cost.lut, goal.lut), (cost.ff, goal.ff), (cost.bram36, goal.bram36))
        return (self._measure(cost), *(used for used, limit in limited if limit < UNLIMITED))


def grouped(labels: Sequence[Label]) -> dict[StreamType | None, list[int]]:
    """The places of labels by their layout."""
    places: dict[StreamType | None, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(label.stream, []).append(place)
    return places


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
