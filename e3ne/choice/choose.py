"""From a goal to decisions: tries the ways to arrange the graph, and searches each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.choice.goal import Goal
from e3ne.choice.search import Label, Search
from e3ne.choice.sites import Site, decide, sites_of
from e3ne.dialects.dataflow import FlattenOp, units_of
from e3ne.errors import E3neError
from e3ne.passes.dataflow_insert_fifos import DataflowInsertFifosPass
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for

WIDTHS = ((16, 1.1), (64, 1.05), (256, 1.02), (1024, 1.01))
"""Labels kept at a site, and the pessimism with which they are picked, from run to run until nothing is dropped."""

ATTEMPTS = 6
"""Times that limits are drawn tighter when the finished schedule misses them."""

FIRST_TRIAL = {"latency": 256.0, "area": 1024.0}
LAST_TRIAL = float(1 << 30)


@dataclass(frozen=True)
class Arrangement:
    """Rewrites of the graph before units are built: pixels at once, and whether pools stand in front of neurons."""

    pixels: int
    pool_first: bool

    def apply(self, module: ModuleOp) -> None:
        """Rewrites a module in place; raises E3neError where the graph does not allow it."""
        if self.pool_first:
            DataflowPoolBeforeFirePass(interval=1).apply(Context(), module)
        DataflowParallelizePixelsPass(pixels=self.pixels).apply(Context(), module)


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

    def finished(self, module: ModuleOp) -> tuple[int, int, Cost]:
        """Interval and latency in cycles by the schedule of the whole graph, and its cost, FIFOs included."""
        copy = module.clone()
        self.apply(copy)
        DataflowLegalizeStreamsPass().apply(Context(), copy)
        DataflowInsertFifosPass().apply(Context(), copy)
        graph = find_graph(copy)
        units = [unit for unit in units_of(graph) if not isinstance(unit, FlattenOp)]
        costs = [unit_for(unit).cost(unit, self.goal.family) for unit in units]
        total = Cost(sum(c.lut for c in costs), sum(c.ff for c in costs), sum(c.bram36 for c in costs))
        return *plan(graph).speed(), total

    def apply(self, module: ModuleOp) -> None:
        """Arranges a module and writes the decisions into it."""
        self.arrangement.apply(module)
        for unit in units_of(find_graph(module)):
            decide(unit, self.choices.get(unit.unit_name, {}))


def choose(
    module: ModuleOp, goal: Goal, arrangements: Sequence[Arrangement], fixed: Mapping[str, Choice]
) -> Chosen | None:
    """The best choice for a module of undecided units, or None when no choice meets the goal."""
    tried, first = goal, None
    known: dict[str, Site] = {}
    for _ in range(ATTEMPTS):
        found = _tried(module, tried, arrangements, fixed, known)
        if found is None:
            return None
        first = first or found
        interval, latency, cost = found.finished(module)
        if interval <= goal.interval and latency <= goal.latency and goal.affords(cost):
            return replace(found, goal=goal, bound=min(first.bound, found.value))
        # Units hold each other up more than pairs of them tell: the limits are drawn tighter by as much.
        tried = replace(
            tried,
            interval=min(tried.interval, tried.interval * goal.interval // interval),
            latency=min(tried.latency, tried.latency - max(0, latency - goal.latency)),
            lut=tried.lut - max(0.0, cost.lut - goal.lut),
            ff=tried.ff - max(0.0, cost.ff - goal.ff),
            bram36=tried.bram36 - max(0.0, cost.bram36 - goal.bram36),
        )
    return None


def sketch(
    module: ModuleOp, goal: Goal, arrangements: Sequence[Arrangement], known: dict[str, Site], trial: float = 0.0
) -> Chosen | None:
    """A good choice, quickly: little is kept at a site, so that nothing is proved.

    The schedule of the finished graph may miss the limits by a little. `known` keeps the candidates of one network from
    call to call, `trial` is what the objective may come to at first (0: little).
    """
    searches = _searches(module, goal, arrangements, {}, known)
    return _best(searches, goal, WIDTHS[:1], trial)


def _tried(
    module: ModuleOp,
    goal: Goal,
    arrangements: Sequence[Arrangement],
    fixed: Mapping[str, Choice],
    known: dict[str, Site],
) -> Chosen | None:
    searches = _searches(module, goal, arrangements, fixed, known)
    return _least_interval(searches, goal) if goal.objective == "interval" else _best(searches, goal)


def _searches(
    module: ModuleOp,
    goal: Goal,
    arrangements: Sequence[Arrangement],
    fixed: Mapping[str, Choice],
    known: dict[str, Site],
) -> list[tuple[Arrangement, Search]]:
    found: list[tuple[Arrangement, Search]] = []
    problems: list[str] = []
    for arrangement in arrangements:
        copy = module.clone()
        try:
            arrangement.apply(copy)
        except E3neError as error:
            problems.append(str(error))
            continue
        found.append((arrangement, Search(sites_of(find_graph(copy), fixed, known, goal.family), goal)))
    if not found:
        raise E3neError("\n".join(problems))
    return found


def _best(
    searches: Sequence[tuple[Arrangement, Search]],
    goal: Goal,
    widths: Sequence[tuple[int, float]] = WIDTHS,
    trial: float = 0.0,
) -> Chosen | None:
    """Doubles what the objective may come to until something is found, then searches on until nothing is dropped."""
    limit = goal.latency + 1 if goal.objective == "latency" else min(goal.lut * 4, LAST_TRIAL)
    trial = min(trial or FIRST_TRIAL[goal.objective], limit)
    best: tuple[Arrangement, Search, Label] | None = None
    while best is None:
        best = _round(searches, trial, WIDTHS[:1], None)[0]
        if best is None and trial >= min(limit, LAST_TRIAL):
            return None
        trial = min(trial * 2, limit, LAST_TRIAL)
    value = best[1].value(best[2])
    better, bound = _round(searches, value, widths, best)
    assert better is not None
    arrangement, search, label = better
    candidates = label.candidates()
    return Chosen(
        arrangement,
        goal,
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
    """Bisects the interval: what it costs at least is exact, and falls as the interval grows.

    Among the choices with the least interval, the one with the least latency.
    """

    def possible(interval: int) -> bool:
        tried = replace(goal, objective="area", interval=interval)
        for _, search in searches:
            search.goal = tried
        return _best(searches, tried) is not None

    high = 64
    while not possible(min(high, goal.interval)):
        if high >= goal.interval or high >= LAST_TRIAL:
            return None
        high *= 2
    low, high = high // 2 if high > 64 else 0, min(high, goal.interval)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if possible(middle) else (middle, high)
    final = replace(goal, objective="latency", interval=high)
    for _, search in searches:
        search.goal = final
    found = _best(searches, final)
    return None if found is None else replace(found, goal=goal, value=high, bound=high)
