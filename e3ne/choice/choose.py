"""From a goal to decisions: tries the ways to arrange the graph, and searches each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.choice.arrangement import Arrangement, arranged
from e3ne.choice.goal import BLOCK_LUTS, Goal, area
from e3ne.choice.labels import Label
from e3ne.choice.search import Search
from e3ne.choice.sites import Site, cost_of_unit, decide, sites_of
from e3ne.dialects.dataflow import FlattenOp, GraphOp, units_of
from e3ne.errors import E3neError
from e3ne.passes.dataflow_insert_fifos import DataflowInsertFifosPass, insert_deep
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.units.interface import Choice, Cost

WIDTHS = ((16, 1.1), (64, 1.05), (256, 1.02), (1024, 1.01))
"""Labels kept at a site, and the pessimism with which they are picked, from run to run until nothing is dropped."""

ATTEMPTS = 6
"""Times that limits are drawn tighter when the finished schedule misses them."""

OTHERS = 6
"""Choices that are finished as well when the best one comes to more than the search promised."""

SLACK = 1.1
"""By which factor others may be worse than the found one, which misses a limit."""

FIRST_TRIAL = {"latency": 256.0, "area": 1024.0, "energy": 1.0}
LAST_TRIAL = {"latency": float(1 << 30), "area": float(1 << 30), "energy": float(1 << 50)}
"""Cycles, LUTs and picojoules from which on, and up to which, the objective grows until something is found."""

GROWTH = 1.5
"""By which factor: what is built in vain in a step is built in the next one anyway, what a step is too far is not."""


@dataclass(frozen=True)
class Finished:
    """A laid out graph by its schedule: cycles between images and of latency, and its cost."""

    interval: int
    latency: int
    cost: Cost

    def value(self, goal: Goal) -> float:
        """The objective; infinite if a limit is missed."""
        if self.interval > goal.interval or self.latency > goal.latency or not goal.affords(self.cost):
            return np.inf
        return {"latency": self.latency, "interval": self.interval}.get(goal.objective, goal.measure(self.cost))

    def rank(self, goal: Goal) -> tuple[float, float, float]:
        """By what designs are compared: the objective, then area and latency."""
        return self.value(goal), area(self.cost), self.latency


@dataclass(frozen=True)
class Chosen:
    """The best choice that was found: `value` of the objective, and a `bound` that no choice goes below.

    `choices` are by unit; `label` holds the candidates of all sites of `search`.
    """

    arrangement: Arrangement
    goal: Goal
    value: float
    bound: float
    latency: int
    cost: Cost
    choices: Mapping[str, Choice]
    search: Search
    label: Label

    def finished(self, module: ModuleOp, worst: float = np.inf) -> Finished:
        """The design that follows from the choice, FIFOs included; not sized if it is worse than `worst` anyway."""
        copy = module.clone()
        self.apply(copy)
        DataflowLegalizeStreamsPass().apply(Context(), copy)
        deep = copy.clone()
        insert_deep(find_graph(deep))
        found = self._measured(find_graph(deep))
        slowest = {"latency": found.latency, "interval": found.interval}.get(self.goal.objective, 0)
        if found.interval > self.goal.interval or found.latency > self.goal.latency or slowest > worst:
            # Shallower FIFOs, which take long to find, would not make it faster.
            return found
        limits = (self.goal.interval, self.goal.latency) if self.goal.is_sum else (0, 0)
        DataflowInsertFifosPass(interval=limits[0], latency=limits[1]).apply(Context(), copy)
        return self._measured(find_graph(copy))

    def _measured(self, graph: GraphOp) -> Finished:
        units = [unit for unit in units_of(graph) if not isinstance(unit, FlattenOp)]
        costs = [cost_of_unit(unit, self.goal) for unit in units]
        return Finished(*plan(graph).speed(), sum(costs, Cost()))

    def apply(self, module: ModuleOp) -> None:
        """Arranges a module and writes the decisions into it."""
        self.arrangement.apply(module)
        for unit in units_of(find_graph(module)):
            decide(unit, self.choices.get(unit.unit_name, {}))


def choose(
    module: ModuleOp, goal: Goal, arrangements: Sequence[Arrangement], fixed: Mapping[str, Choice]
) -> Chosen | None:
    """The best choice for a module of undecided units, or None when no choice meets the goal."""
    tried, bound, trial = goal, 0.0, 0.0
    known: dict[str, Site] = {}
    for attempt in range(ATTEMPTS):
        searches = _searches(module, tried, arrangements, fixed, known)
        found = (
            _least_interval(searches, tried)
            if goal.objective == "interval"
            else _best(searches, tried, WIDTHS[: -1 if attempt else None], trial)
        )
        if found is None:
            return None
        # With tighter limits nothing better will be found.
        trial = SLACK * found.value
        # Limits that were drawn tighter exclude choices that may be legal: the first bound holds.
        bound = bound or found.bound
        found = replace(found, goal=goal)
        finished = found.finished(module)
        best, value = found, finished.value(goal)
        for other in _others(searches, found, value):
            if other.value > value:
                continue
            end = other.finished(module, value)
            if end.rank(goal) < finished.rank(goal):
                best, finished, value = other, end, end.value(goal)
        if value < np.inf:
            return replace(best, value=value, bound=min(bound, value), latency=finished.latency, cost=finished.cost)
        # Units hold each other up more than pairs of them tell: the limits are drawn tighter by as much.
        cost, promised, late = finished.cost, found.cost, max(0, finished.latency - goal.latency)
        tried = replace(
            tried,
            interval=min(tried.interval, tried.interval * goal.interval // finished.interval),
            latency=min(tried.latency - late, found.latency - 1) if late else tried.latency,
            lut=tightened(tried.lut, goal.lut, promised.lut, cost.lut),
            ff=tightened(tried.ff, goal.ff, promised.ff, cost.ff),
            bram36=tightened(tried.bram36, goal.bram36, promised.bram36, cost.bram36),
        )
    return None


def tightened(limit: float, allowed: float, promised: float, finished: float) -> float:
    """A limit no higher than the one before: where more than is allowed was finished, it excludes what promised it."""
    return limit if finished <= allowed else min(limit, allowed - (finished - promised))


def _others(searches: Sequence[tuple[Arrangement, Search]], found: Chosen, value: float) -> Iterator[Chosen]:
    """Choices that promise no more than what the found one came to when it was finished, the best first."""
    if value <= found.value:
        return
    for _, search in searches:
        search.incumbent = value + 1 if value < np.inf else SLACK * found.value
        if found.goal.objective == "interval":
            # The latency is what is minimised at the least interval.
            search.goal = replace(search.goal, interval=found.goal.interval if value == np.inf else int(value))
            search.incumbent = SLACK * found.latency
        search.prepare()
        search.run(*WIDTHS[0])
    ranked = [
        (search.rank(label), place, arrangement, search, label)
        for place, (arrangement, search) in enumerate(searches)
        for label in search.finalists
    ]
    for _, _, arrangement, search, label in sorted(ranked, key=lambda entry: entry[:2])[:OTHERS]:
        other = _chosen(arrangement, search, label, found.bound)
        objective = max(c.interval() for c in label.candidates()) if found.goal.objective == "interval" else other.value
        yield replace(other, goal=found.goal, value=objective)


def sketch(
    module: ModuleOp, goal: Goal, arrangements: Sequence[Arrangement], known: dict[str, Site], trial: float = 0.0
) -> Chosen | None:
    """A good choice, quickly: little is kept at a site, so that nothing is proved.

    The schedule of the finished graph may miss the limits by a little. `known` keeps the candidates of one network from
    call to call, `trial` is what the objective may come to at first (0: little).
    """
    searches = _searches(module, goal, arrangements, {}, known)
    return _best(searches, goal, WIDTHS[:1], trial)


def _searches(
    module: ModuleOp,
    goal: Goal,
    arrangements: Sequence[Arrangement],
    fixed: Mapping[str, Choice],
    known: dict[str, Site],
) -> list[tuple[Arrangement, Search]]:
    copies, problems = arranged(module, arrangements)
    if not copies:
        raise E3neError("\n".join(problems))
    return [(each, Search(sites_of(find_graph(copy), fixed, known, goal), goal)) for each, copy in copies]


def _best(
    searches: Sequence[tuple[Arrangement, Search]],
    goal: Goal,
    widths: Sequence[tuple[int, float]] = WIDTHS,
    trial: float = 0.0,
) -> Chosen | None:
    """The best choice that is found; None where none is, which is no proof that there is none."""
    return _searched(searches, goal, widths, trial)[0]


def _searched(
    searches: Sequence[tuple[Arrangement, Search]],
    goal: Goal,
    widths: Sequence[tuple[int, float]] = WIDTHS,
    trial: float = 0.0,
) -> tuple[Chosen | None, bool]:
    """Raises what the objective may come to until something is found, then searches on until nothing is dropped.

    Where nothing is found the second value tells whether nothing was dropped either, so that there is nothing.
    """
    known: dict[str, float] = {"latency": goal.latency + 1, "area": goal.lut + BLOCK_LUTS * goal.bram36 + 1}
    limit = min(known.get(goal.objective, np.inf), LAST_TRIAL[goal.objective])
    if goal.objective == "energy":
        # Spikes meet the same weights in all designs: what is least is known well.
        trial = trial or SLACK * min(search.floor for _, search in searches)
    trial = min(trial or FIRST_TRIAL[goal.objective], limit)
    best: tuple[Arrangement, Search, Label] | None = None
    while best is None:
        last = trial >= limit
        best, bound = _round(searches, trial, widths if last else WIDTHS[:1], None)
        if best is None and last:
            return None, bound >= limit
        trial = min(trial * GROWTH, limit)
    value = best[1].value(best[2])
    better, bound = _round(searches, value, widths, best)
    assert better is not None
    arrangement, search, label = better
    return _chosen(arrangement, search, label, bound), True


def _chosen(arrangement: Arrangement, search: Search, label: Label, bound: float) -> Chosen:
    candidates = label.candidates()
    return Chosen(
        arrangement,
        search.goal,
        search.value(label),
        min(bound, search.value(label)),
        label.latency,
        label.cost,
        {
            site.op.unit_name: candidate.choice
            for site, candidate in zip(search.sites, candidates, strict=True)
            if candidate.choice
        },
        search,
        label,
    )


def _round(
    searches: Sequence[tuple[Arrangement, Search]],
    incumbent: float,
    widths: Sequence[tuple[int, float]],
    best: tuple[Arrangement, Search, Label] | None,
) -> tuple[tuple[Arrangement, Search, Label] | None, float]:
    """The best of all arrangements that is better than the incumbent, and the least bound of what was dropped."""
    bounds: dict[int, float] = {}
    for _, search in searches:
        search.incumbent = incumbent
        search.prepare()
    for width, pessimism in widths:
        for number, (arrangement, search) in enumerate(searches):
            if bounds.get(number, 0.0) >= incumbent:
                continue
            search.incumbent = incumbent
            label = search.run(width, pessimism)
            bounds[number] = max(bounds.get(number, 0.0), min(search.bound, search.incumbent))
            if label is not None:
                best, incumbent = (arrangement, search, label), search.incumbent
    return best, min(bounds.values(), default=np.inf)


def _least_interval(searches: Sequence[tuple[Arrangement, Search]], goal: Goal) -> Chosen | None:
    """Bisects the interval: what it costs at least falls as the interval grows.

    Among the choices with the least interval, the one with the least latency. The bound is the interval up to which it
    is proved that there is none.
    """
    smallest: Chosen | None = None
    refuted = 0

    def possible(interval: int) -> bool:
        nonlocal smallest, refuted
        tried = replace(goal, objective="area", interval=interval)
        for _, search in searches:
            search.goal = tried
        found, proved = _searched(searches, tried)
        smallest = found or smallest
        if found is None and proved:
            refuted = max(refuted, interval)
        return found is not None

    high = 64
    while not possible(min(high, goal.interval)):
        if high >= goal.interval or high >= LAST_TRIAL["latency"]:
            return None
        high *= 2
    low, high = high // 2 if high > 64 else 0, min(high, goal.interval)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if possible(middle) else (middle, high)
    final = replace(goal, objective="latency", interval=high)
    for _, search in searches:
        search.goal = final
    # With few labels at a site a fast one may be missed; the smallest is there.
    found = _best(searches, final) or smallest
    return None if found is None else replace(found, goal=goal, value=high, bound=refuted + 1)
