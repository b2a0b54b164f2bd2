"""`dataflow-choose`: decides how every unit is built, for an objective and within limits, and proves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.choice.account import account_of, keep
from e3ne.choice.choose import Arrangement, Chosen, choose
from e3ne.choice.goal import OBJECTIVES, UNLIMITED, Goal, Objective
from e3ne.dialects.dataflow import MatvecOp, PoolOp, UnitOp, units_of
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph
from e3ne.units.interface import Choice

PIXELS = (1, 2, 4)
"""Neighbouring pixels that are tried when nothing is said."""


GRAPH = "graph"
ARRANGEMENT = ("pixels", "pool_before_fire")
"""What a file of decisions may say of the whole graph, under the name GRAPH."""


@dataclass(frozen=True)
class DataflowChoosePass(ModulePass):
    """Arranges the graph and decides every open choice of its units: the best of all combinations.

    Units whose choices are made by hand keep them. What was found is kept as the attribute `choice` of the graph: the
    value of the objective, a lower bound that holds for every combination, and for each unit the runner-up.
    """

    name = "dataflow-choose"

    objective: str = "area"
    """what is minimised: latency, interval or area (LUTs, with a price for block RAMs)"""
    latency: int = 0
    """cycles from the first beat in to the last beat out, at most; 0: any"""
    interval: int = 0
    """cycles between images, at most; 0: any"""
    lut: int = 0
    """LUTs, at most; 0: any"""
    ff: int = 0
    """flip-flops, at most; 0: any"""
    bram: int = 0
    """36-kbit block RAMs, at most; 0: any"""
    family: str = "xcup"
    """device family whose costs are estimated"""
    pixels: int = 0
    """neighbouring pixels of the first layer at once; 0: what is best"""
    decisions: str = ""
    """a JSON file of choices by unit that are not open, {"fc1_matvec": {"output_lanes": 4}}, and of the whole graph,
    {"graph": {"pixels": 2, "pool_before_fire": 1}}"""

    def __post_init__(self) -> None:
        """Raises E3neError with all problems of the options."""
        problems = [f"objective is {self.objective!r}; supported: {', '.join(OBJECTIVES)}"]
        if self.objective in OBJECTIVES:
            problems = []
        for name in ("latency", "interval", "lut", "ff", "bram", "pixels"):
            if getattr(self, name) < 0:
                problems.append(f"{name} is 0 or more, not {getattr(self, name)}")
        if problems:
            raise E3neError("\n".join(f"{self.name}: {problem}" for problem in problems))

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError that names the nearest possible points for a goal that no choice meets."""
        goal = Goal(
            cast(Objective, self.objective),
            latency=self.latency or UNLIMITED,
            interval=self.interval or UNLIMITED,
            lut=self.lut or UNLIMITED,
            ff=self.ff or UNLIMITED,
            bram36=self.bram or UNLIMITED,
            family=self.family,
        )
        fixed: Mapping[str, Choice] = read_decisions(Path(self.decisions), op) if self.decisions else {}
        whole = fixed.get(GRAPH, {})
        arrangements = arrangements_of(op, int(whole.get("pixels", self.pixels)))
        if "pool_before_fire" in whole:
            arrangements = [each for each in arrangements if each.pool_first == bool(whole["pool_before_fire"])]
        chosen = choose(op, goal, arrangements, fixed)
        if chosen is None:
            raise E3neError(_nearest(op, goal, arrangements, fixed))
        chosen.apply(op)
        keep(find_graph(op), account_of(chosen))


def arrangements_of(op: ModuleOp, pixels: int = 0) -> list[Arrangement]:
    """The ways to arrange a graph that are tried, for one number of `pixels` or (0) for several."""
    units = units_of(find_graph(op))
    pools = (True, False) if any(isinstance(unit, PoolOp) for unit in units) else (False,)
    # Packed pixels need a pool of membranes or trains alike; neurons in front of it see P times the channels.
    return [Arrangement(count, pool_first) for pool_first in pools for count in ((pixels,) if pixels else PIXELS)]


def _nearest(module: ModuleOp, goal: Goal, arrangements: list[Arrangement], fixed: Mapping[str, Choice]) -> str:
    """What to say of a goal that is out of reach: the limits that can be met, one kind at a time."""
    lines = ["no choice of the hardware meets all limits; the nearest that do:"]
    slow = replace(goal, objective="latency", latency=UNLIMITED, interval=UNLIMITED)
    if (found := choose(module, slow, arrangements, fixed)) is not None:
        lines.append(f"within the budget a latency of {found.latency:,} cycles, {_resources(found)}")
    large = replace(goal, objective="area", lut=UNLIMITED, ff=UNLIMITED, bram36=UNLIMITED)
    if (found := choose(module, large, arrangements, fixed)) is not None:
        lines.append(f"at the speed asked for {_resources(found)}")
    return "\n".join(lines)


def _resources(found: Chosen) -> str:
    cost = found.cost
    return f"{round(cost.lut):,} LUT, {round(cost.ff):,} FF, {cost.bram36:g} BRAM36 (estimated)"


def read_decisions(path: Path, module: ModuleOp) -> Mapping[str, Choice]:
    """Choices by unit from a JSON file; raises E3neError with all that is wrong in it."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise E3neError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(found, dict):
        raise E3neError(f"{path}: an object of choices by unit is needed")
    units = {unit.unit_name: unit for unit in units_of(find_graph(module))}
    problems: list[str] = []
    for name, choice in cast(dict[str, object], found).items():
        if name == GRAPH:
            problems.extend(_graph_problems(choice))
        elif name not in units:
            problems.append(f"there is no unit {name}; units: {', '.join(units)}")
        elif not isinstance(choice, dict):
            problems.append(f"{name}: an object of choices is needed")
        else:
            for prop, value in cast(dict[str, object], choice).items():
                if prop not in units[name].properties or not isinstance(value, int | str):
                    problems.append(f"{name} has no choice {prop!r} of {value!r}")
            problems.extend(f"{name}: {problem}" for problem in _event_problems(units[name], cast(Choice, choice)))
    if problems:
        raise E3neError("\n".join(f"{path}: {problem}" for problem in problems))
    return cast(dict[str, Choice], found)


def _event_problems(unit: UnitOp, choice: Choice) -> list[str]:
    """What stands against visiting the spikes of a layer one by one."""
    if not isinstance(unit, MatvecOp) or choice.get("implementation") != "event":
        return []
    problems = [unit.why_not_event] if unit.why_not_event else []
    for name, wanted in (("parallel_steps", 1), ("stationary", "output")):
        if choice.get(name, wanted) != wanted:
            problems.append(f"with the implementation event {name} is {wanted}, not {choice[name]}")
    return problems


def _graph_problems(choice: object) -> list[str]:
    if not isinstance(choice, dict):
        return [f"{GRAPH}: an object of choices is needed"]
    return [
        f"{GRAPH} has no choice {name!r} of {value!r}; there are: {', '.join(ARRANGEMENT)}, whole numbers"
        for name, value in cast(dict[str, object], choice).items()
        if name not in ARRANGEMENT or not isinstance(value, int) or value < 0
    ]
