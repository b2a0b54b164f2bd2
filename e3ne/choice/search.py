"""The search for the best combination: labels that move from site to site, cut by dominance and by bounds.

A label is a choice for each site up to one: its cost, and the cycle in which each beat leaves that site. Of two labels
with the same layout, one that costs no more and is never later can replace the other, because units are max-plus
monotone. So the search is exact; where labels must be dropped for want of time, the best bound of a dropped one bounds
how much better the optimum could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.backlog import backlog
from e3ne.choice.bounds import NONE, NOTHING, Rests, join, least_behind, reduced
from e3ne.choice.candidate import Candidate
from e3ne.choice.goal import UNLIMITED, Goal, Objective, area
from e3ne.choice.labels import Cycles, Frontier, Group, Label, Numbers, cost_rows, grouped
from e3ne.choice.pruning import Legal, Rest, Through, extended, leaving, pruned
from e3ne.choice.sites import Site
from e3ne.dialects.dataflow import StreamType
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH
from e3ne.units.interface import Cost

Bounds = NDArray[np.float64]

MEASURED: Mapping[Objective, int] = {"area": 3, "energy": 4}
"""The column of a cost that is minimised; elsewhere that of LUTs, which limit what is."""

ROUNDING = 1e-6
"""By which sums of costs may differ that are added in another order."""

DEEPEST = 64
"""Beats of the deepest FIFO that is counted on; what waits longer waits in front of it."""


@dataclass
class Search:
    """Searches one graph for one goal; only what is better than the `incumbent` counts.

    `prepare` finds the candidates and the bounds, `run` searches with some number of labels at a site. After a run,
    `bound` is the least bound of what had to be dropped, infinite when nothing was: then nothing better exists.
    `legal` are the candidates by themselves, `alive` those that a good combination may contain.
    `room` is what the sites behind a site take at least of each resource, by layout.
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
    alive: list[Legal] = field(default_factory=lambda: [], init=False)
    rests: list[dict[StreamType | None, Rests]] = field(default_factory=lambda: [], init=False)
    room: list[dict[StreamType | None, Numbers]] = field(default_factory=lambda: [], init=False)

    def run(self, width: int, pessimism: float) -> Label | None:
        """The best combination, better than the incumbent, or None; it is the incumbent then.

        `width` labels are kept at a site: those that promise most if what is behind them costs `pessimism` times its
        bound.
        """
        self.bound = np.inf
        labels = [Label.start()]
        for number in range(len(self.sites)):
            labels = self._cut(self._extend(labels, number), number, width, pessimism)
        self.finalists = [label for label in labels if self.value(label) < self.incumbent]
        best = min(self.finalists, key=self.rank, default=None)
        if best is not None:
            self.incumbent = self.value(best)
        return best

    @cached_property
    def floor(self) -> float:
        """Picojoules an image below which no design is."""
        return sum(site.least_energy for site in self.sites)

    def prepare(self) -> None:
        """Finds the candidates that may be better than the incumbent, and the bounds that follow from them."""
        self.legal, self.rests, self.room = [], [], []
        self._candidates()

    def _numbers(self, candidate: Candidate) -> Rest:
        return self.goal.measure(candidate.cost), *self._delays(candidate)

    def _is_possible(self, measure: float, last: float) -> bool:
        """Whether a design that measures so much, and gives its last beat so late, may be better than the incumbent."""
        if self.goal.objective == "latency":
            return measure <= self.goal.lut and last + 1 < self.incumbent and last + 1 <= self.goal.latency
        return measure < self.incumbent and last + 1 <= self.goal.latency

    @property
    def is_timeless(self) -> bool:
        """Whether only costs matter, because nothing limits the latency; their bounds are exact then."""
        return self.goal.is_sum and self.goal.latency == UNLIMITED

    def follow(self, candidates: Sequence[Candidate]) -> Label:
        """The label of a given choice for every site."""
        label = Label.start()
        for number, candidate in enumerate(candidates):
            buffered = number > 0 and self.sites[number - 1].buffered
            (label,) = self._extended([label], candidate, number, buffered, timed=True)
        return label

    def _candidates(self) -> None:
        """All candidates of each site for all layouts in which its input may come, and the rests behind them."""
        reached: dict[StreamType | None, Through] = {None: (0, 0, 0)}
        for site in self.sites:
            legal = {stream: list(self._legal(site, stream, before)) for stream, before in reached.items()}
            self.legal.append(legal)
            reached = leaving(
                reached, ((stream, c.given, self._numbers(c)) for stream, found in legal.items() for c in found)
            )
        streams = list(reached)
        self.alive = pruned(self.legal, self._numbers, self._is_possible)
        behind = dict.fromkeys(streams, NOTHING)
        for legal in reversed(self.alive):
            self.rests.append(behind)
            behind = {
                stream: reduced([join(self._rest(c), behind.get(c.given, NONE)) for c in candidates])
                for stream, candidates in legal.items()
            }
        self.rests.reverse()
        self.room = least_behind(self.alive)

    def _legal(self, site: Site, stream: StreamType | None, before: Through) -> Iterable[Candidate]:
        """The candidates that neither the goal nor the incumbent excludes, behind what is in front at least."""
        goal = self.goal
        cycles, lut = min(goal.interval, goal.latency), goal.lut
        if goal.objective == "latency":
            cycles, lut = min(cycles, self.incumbent), lut - before[0]
        elif goal.objective == "area":
            lut = min(lut, self.incumbent - before[0])
        for family in site.families(stream):
            if family.least_cycles > cycles:
                continue
            if goal.objective == "energy" and family.least_energy - site.least_energy >= self.incumbent - self.floor:
                continue
            for candidate in family.candidates(lut):
                if candidate.least_interval > cycles or candidate.cost.lut > lut or not goal.affords(candidate.cost):
                    continue
                if goal.interval < UNLIMITED and candidate.interval() > goal.interval:
                    continue
                measure, _, last = extended(before, self._numbers(candidate))
                if self._is_possible(measure, last):
                    yield candidate

    def _extend(self, labels: Sequence[Label], number: int) -> list[Label]:
        """Every label with every candidate of the next site."""
        legal, rests = self.alive[number], self.rests[number]
        buffered = number > 0 and self.sites[number - 1].buffered
        found: list[Label] = []
        for stream, group in grouped(labels).items():
            for candidate in legal.get(stream, ()):
                room = self.room[number][candidate.given]
                promising = self._promised(group, candidate, rests[candidate.given], room) < self.incumbent
                hopeful = [
                    label
                    for label, promises in zip(group.labels, promising.tolist(), strict=True)
                    if promises and (buffered or self._follows(label, candidate, number))
                ]
                if hopeful:
                    found.extend(self._extended(hopeful, candidate, number, buffered))
        return found

    def _extended(
        self, labels: Sequence[Label], candidate: Candidate, number: int, buffered: bool, timed: bool = False
    ) -> Iterable[Label]:
        response = candidate.response
        if response is None or (self.is_timeless and not timed):
            for label in labels:
                cost = label.cost + candidate.cost
                yield Label(candidate.given, cost, label.leaves, candidate, label)
            return
        arrivals = np.stack([_resampled(label.leaves, response.beats_taken) for label in labels])
        taken, given = response.taken_and_given(arrivals + buffered)
        for row, label in enumerate(labels):
            cost = label.cost + candidate.cost
            # The least area or energy has FIFOs as shallow as limits allow, which the finished schedule tells.
            if buffered and label.stream is not None and not self.goal.is_sum:
                depth = min(DEEPEST, max(MINIMAL_DEPTH, backlog(arrivals[row], taken[row])))
                cost += self._deeper(number - 1, label.stream, depth)
            yield Label(candidate.given, cost, given[row], candidate, label)

    @property
    def longest(self) -> float:
        """Cycles of latency that no part of a design may exceed."""
        return min(self.goal.latency, self.incumbent if self.goal.objective == "latency" else UNLIMITED)

    @property
    def is_unhurried(self) -> bool:
        """Whether nothing limits how long units without a buffer between them may hold each other up."""
        return self.goal.interval == UNLIMITED and self.longest == UNLIMITED

    def _is_fast(self, candidate: Candidate, behind: int | Candidate) -> bool:
        if candidate.latency(behind) > self.longest:
            return False
        return self.goal.interval == UNLIMITED or candidate.interval(behind) <= self.goal.interval

    def _follows(self, label: Label, candidate: Candidate, number: int) -> bool:
        """Whether a candidate can stand directly behind the last unit of a label."""
        if self.is_unhurried or label.candidate is None:
            return True
        if self.sites[number - 1].is_stepping:
            return self._is_fast(label.candidate, candidate)
        return self._keeps_up(label, candidate.pace)

    def _keeps_up(self, label: Label, pace: int) -> bool:
        """Whether the last unit is fast enough, with a consumer behind it that takes its time.

        Consumers of consumers may hold it up further, so that the schedule of the finished graph has the last word.
        """
        if self.is_unhurried or label.candidate is None or pace == 1:
            return True
        return self._is_fast(label.candidate, pace)

    def _deeper(self, number: int, stream: StreamType, depth: int) -> Cost:
        """What a FIFO costs more than the shallowest one, which is counted with the unit in front of it."""
        key = number, stream, depth
        if key not in self.fifos:
            least, wanted = (self.sites[number].fifo_cost(stream, beats) for beats in (MINIMAL_DEPTH, depth))
            self.fifos[key] = Cost(wanted.lut - least.lut, wanted.ff - least.ff, wanted.bram36 - least.bram36)
        return self.fifos[key]

    def _promised(self, group: Group, candidate: Candidate, rests: Rests, room: Numbers) -> Bounds:
        """What the objective comes to at least, for each label with a candidate behind it."""
        head, tail, full = self._delays(candidate)
        costs = group.costs + cost_rows([candidate.cost])
        return self._bounds(costs, group.first + head, np.maximum(group.last + tail, group.first + full), rests, room)

    def _bounds(self, costs: Numbers, first: Cycles, last: Cycles, rests: Rests, room: Numbers) -> Bounds:
        """What the objective comes to at least; infinite where the goal is out of reach."""
        goal = self.goal
        limits = np.array([goal.lut, goal.ff, goal.bram36], dtype=np.float64)
        if goal.is_sum:
            # Where LUTs limit a latency, rests have those that are behind in them.
            limits += ROUNDING - room
        within = np.all(costs[:, :3] <= limits, axis=1)
        used = costs[:, MEASURED.get(goal.objective, 0)]
        ends = np.maximum(last[:, None] + rests[:, 2], first[:, None] + rests[:, 3]) + 1
        if goal.objective == "latency":
            possible = (used[:, None] + rests[:, 0] <= goal.lut) & (ends <= goal.latency)
            values = ends
        else:
            possible = ends <= goal.latency
            values = used[:, None] + rests[:, 0]
        return np.where(possible & within[:, None], values, np.inf).min(axis=1, initial=np.inf)

    def _rest(self, candidate: Candidate) -> Rests:
        return np.array([self._numbers(candidate)], dtype=np.float64)

    def _delays(self, candidate: Candidate) -> tuple[int, int, int]:
        return (0, 0, 0) if self.is_timeless else candidate.delays

    def value(self, label: Label) -> float:
        """The objective of a complete choice; infinite if it misses the goal."""
        goal = self.goal
        if not goal.affords(label.cost) or label.latency > goal.latency:
            return np.inf
        return label.latency if goal.objective == "latency" else goal.measure(label.cost)

    def rank(self, label: Label) -> tuple[float, float, float]:
        """By what complete choices are compared: the objective, then area and latency."""
        return self.value(label), area(label.cost), label.latency

    def _cut(self, labels: Sequence[Label], number: int, width: int, pessimism: float) -> list[Label]:
        """Labels that promise something and that no other one can replace, at most `width` of them."""
        hopeful: list[tuple[float, float, float, int, Label]] = []
        for stream, group in grouped(labels).items():
            rests, room = self.rests[number][stream], self.room[number][stream]
            bounds = self._bounds(group.costs, group.first, group.last, rests, room)
            guesses = self._bounds(group.costs, group.first, group.last, rests * pessimism, room)
            areas = group.costs[:, 3].tolist()
            entries = zip(guesses.tolist(), bounds.tolist(), areas, group.labels, strict=True)
            hopeful += [(*e[:3], len(hopeful) + n, e[3]) for n, e in enumerate(entries) if e[1] < self.incumbent]
        hopeful.sort(key=lambda entry: entry[:4])
        self.paces = self._paces_behind(number)
        kept: dict[StreamType | None, Frontier] = {}
        found: list[Label] = []
        for position, (_, _, _, _, label) in enumerate(hopeful):
            same, prices = kept.setdefault(label.stream, Frontier()), self._prices(label)
            if any(self._is_as_patient(other, label, number) for other in same.no_worse(label, prices)):
                continue
            if len(found) == width:
                self.bound = min(self.bound, *(bound for _, bound, _, _, _ in hopeful[position:]))
                break
            same.add(label, prices)
            found.append(label)
        return found

    def _paces_behind(self, number: int) -> set[int]:
        """The paces of the candidates behind a site that no FIFO separates from them."""
        if self.sites[number].buffered or number + 1 == len(self.sites):
            return set()
        return {candidate.pace for candidates in self.alive[number + 1].values() for candidate in candidates}

    def _is_as_patient(self, other: Label, label: Label, number: int) -> bool:
        """Whether a label is as fast as is asked for with every consumer with which another one is."""
        if self.is_unhurried or self.sites[number].buffered or other.candidate is None or label.candidate is None:
            return True
        if other.candidate.flows_as(label.candidate):
            return True
        if self.sites[number].is_stepping:
            return False
        return all(self._keeps_up(other, pace) for pace in self.paces if self._keeps_up(label, pace))

    def _prices(self, label: Label) -> Numbers:
        """What should be small: what bounds look at, the resources with a limit, and the time of the last beat."""
        goal, cost = self.goal, label.cost
        limited = ((cost.lut, goal.lut), (cost.ff, goal.ff), (cost.bram36, goal.bram36))
        used = [used for used, limit in limited if limit < UNLIMITED]
        return np.array([goal.measure(cost), *used, label.last])


def _resampled(leaves: Cycles, beats: int) -> Cycles:
    """The arrivals of a unit: those of the input are all in cycle 0, as many as it takes."""
    return leaves if leaves.size == beats else np.broadcast_to(leaves, (beats,))
