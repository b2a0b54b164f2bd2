"""The hardware of a network: goals for the optimiser, and the points that come of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from xdsl.dialects.builtin import FloatAttr, ModuleOp, f64

from e3ne.analysis.energy import energy_of
from e3ne.choice.arrangement import Arrangement
from e3ne.choice.choose import sketch
from e3ne.choice.decisions import ARRANGEMENT, GRAPH
from e3ne.choice.goal import Goal, area
from e3ne.choice.sites import Site, decide
from e3ne.devices.parts import part
from e3ne.dialects.dataflow import FlattenOp, GraphOp, MatvecOp, SourceOp, units_of
from e3ne.exploration.point import Network, Point
from e3ne.exploration.state import State
from e3ne.files import write_whole
from e3ne.options import Options
from e3ne.passes.dataflow_choose import arrangements_of
from e3ne.passes.pipelines import hardware_stages
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for

Decisions = Mapping[str, Choice]
"""Choices by unit; those of the whole graph under GRAPH."""

FIRST = (1.0, 2.0, 1.4, 2.8)
THEN = (4.0, 0.7, 0.5, 5.6, 1.2, 1.7, 2.4, 3.4, 8.0, 0.85, 11.0, 16.0)
"""Intervals that are tried, in images' pixels: first a coarse row of them, later those around and in between."""

HOPE = 0.75
"""Of the latency of the smallest design, what the fastest one with as many LUTs is searched from."""


@dataclass(frozen=True)
class Task:
    """A goal of the optimiser with a name, and what the objective may come to at first (0: not known)."""

    name: str
    goal: Goal
    trial: float = 0.0


def tasks_for(found: Sequence[Point], pixels: int, device: str) -> list[Task]:
    """What to try for a network, in the order in which it is worth it.

    Behind each least area within an interval the least latency with as many LUTs: that budget is known to be enough.
    """
    target = part(device)
    base = Goal(lut=target.lut, ff=target.ff, bram36=target.bram36, family=target.family)
    areas = {point.goal: point for point in found if point.goal.startswith("area")}
    small = [_smallest(share, areas, pixels, base) for share in FIRST]
    fast = [_fastest(share, areas, pixels, base) for share in FIRST]
    # The extremes come first.
    tasks = [*small[:2], *fast[0], *small[2:], *(task for each in fast[1:] for task in each)]
    for share in THEN:
        tasks += [_smallest(share, areas, pixels, base), *_fastest(share, areas, pixels, base)]
    return tasks


def _area_name(interval: int) -> str:
    return f"area, interval {interval}"


def _smallest(share: float, areas: Mapping[str, Point], pixels: int, base: Goal) -> Task:
    interval = round(share * pixels)
    # What keeps a smaller interval is enough here too.
    known = [area(Cost(lut=p.lut + 1, bram36=p.bram36)) for p in areas.values() if p.interval <= interval]
    return Task(_area_name(interval), replace(base, interval=interval), min(known, default=0.0))


def _fastest(share: float, areas: Mapping[str, Point], pixels: int, base: Goal) -> list[Task]:
    interval = round(share * pixels)
    point = areas.get(_area_name(interval))
    if point is None:
        return []
    goal = replace(base, objective="latency", lut=point.lut)
    return [Task(f"latency, LUTs as for interval {interval}", goal, round(point.latency * HOPE))]


@dataclass
class Hardware:
    """All hardware of one network. Candidates of its units are kept, so that each goal after the first is quick."""

    state: State
    network: Network
    options: Options
    arguments: Sequence[str]
    """of e3ne compile: the model and its images"""
    module: ModuleOp
    known: dict[str, Site] = field(default_factory=dict[str, Site])

    def __post_init__(self) -> None:
        """From the integer network to undecided units."""
        first, chosen, *_ = hardware_stages(self.options)
        run_passes(self.module, ",".join([*first.passes, *chosen.passes[:-1]]))
        for unit in units_of(find_graph(self.module)):
            # A network that was kept before operations were counted in it has them in its description.
            counted = self.network.synaptic_operations.get(unit.layer.data)
            if isinstance(unit, MatvecOp) and unit.synaptic_operations is None and counted is not None:
                unit.synaptic_operations = FloatAttr(counted, f64)

    @property
    def family(self) -> str:
        """The device family of the estimates."""
        return part(self.options.device).family

    @property
    def pixels(self) -> int:
        """Pixels of an image."""
        source = next(unit for unit in units_of(find_graph(self.module)) if isinstance(unit, SourceOp))
        return source.output_type.pixels

    def next_task(self) -> Task | None:
        """What to try next, or None when all was tried."""
        mine = [point for point in self.state.points if point.network == self.network.name]
        tried = self.state.tried.get(self.network.name, [])
        tasks = tasks_for(mine, self.pixels, self.options.device)
        return next((task for task in tasks if task.name not in tried), None)

    def reach(self, task: Task) -> Point | None:
        """The point of a task; None where nothing meets its goal."""
        chosen = sketch(self.module, task.goal, arrangements_of(self.module), self.known, task.trial)
        if chosen is None:
            return None
        arranged: tuple[int, ...] = (chosen.arrangement.pixels, int(chosen.arrangement.pool_first))
        whole: Choice = dict(zip(ARRANGEMENT, arranged, strict=True))
        decisions = {GRAPH: whole, **chosen.choices}
        return self._point(task.name, task.goal, decisions)

    def keep(self, task: Task, point: Point | None) -> None:
        """Notes that a task was tried, and what came of it."""
        if point is not None:
            self.state.points.append(point)
        self.state.tried.setdefault(self.network.name, []).append(task.name)
        self.state.save()

    def _point(self, name: str, goal: Goal, decisions: Decisions) -> Point:
        wanted = goal.interval if goal.objective == "area" else 0
        options = replace(self.options, objective=goal.objective, interval=wanted)
        graph = find_graph(realise(self.module, decisions, options))
        interval, latency = plan(graph).speed()
        number = sum(point.network == self.network.name for point in self.state.points)
        label = f"{self.network.name}-{number:03}"
        file = self.state.folder / "points" / f"{label}.json"
        write_whole(file, json.dumps(decisions, indent=1) + "\n")
        cost, energy = cost_of_units(graph, goal.family), energy_of(graph)
        command = ["e3ne", "compile", *self.arguments, "--steps", str(self.options.steps)]
        command += ["--weight-bits", str(self.options.weight_bits)]
        if self.options.weight_bits_by_layer:
            command += ["--weight-bits-by-layer", self.options.weight_bits_by_layer]
        command += ["--objective", goal.objective, *(["--interval", str(max(wanted, interval))] if wanted else [])]
        command += [
            "--device",
            self.options.device,
            "--decisions",
            str(file),
            "-o",
            str(self.state.folder / "designs" / label),
        ]
        return Point(
            label,
            self.network.name,
            name,
            self.network.accuracy,
            latency,
            interval,
            round(cost.lut),
            round(cost.ff),
            cost.bram36,
            round(energy.total_nj, 3),
            self.network.spikes,
            round(energy.additions, 1),
            energy.weight_bits,
            energy.buffer_bits,
            shlex.join(command),
        )


def realise(module: ModuleOp, decisions: Decisions, options: Options) -> ModuleOp:
    """A copy of undecided units with all decisions in it, laid out and buffered as e3ne compile does."""
    copy = laid_out(module, decisions)
    stages = {stage.name: stage.passes for stage in hardware_stages(options)}
    run_passes(copy, ",".join(stages["buffered"]))
    return copy


def laid_out(module: ModuleOp, decisions: Decisions) -> ModuleOp:
    """A copy of undecided units with all decisions in it, laid out."""
    copy = module.clone()
    whole = decisions[GRAPH]
    Arrangement(int(whole["pixels"]), bool(whole["pool_before_fire"])).apply(copy)
    for unit in units_of(find_graph(copy)):
        decide(unit, decisions.get(unit.unit_name, {}))
    run_passes(copy, "dataflow-legalize-streams")
    return copy


def cost_of_units(graph: GraphOp, family: str) -> Cost:
    """The estimated cost of all units, each rounded as the report does."""
    costs = [unit_for(unit).cost(unit, family) for unit in units_of(graph) if not isinstance(unit, FlattenOp)]
    return Cost(sum(round(c.lut) for c in costs), sum(round(c.ff) for c in costs), sum(c.bram36 for c in costs))


def read_point(state: State, point: Point) -> Decisions:
    """The decisions of a point."""
    return cast(Decisions, json.loads((state.folder / "points" / f"{point.name}.json").read_text(encoding="utf-8")))
