"""`dataflow-choose`: decides how every unit is built, for an objective and within limits, and proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.choice.account import account_of, keep
from e3ne.choice.arrangement import Arrangement, arranged
from e3ne.choice.choose import Chosen, choose
from e3ne.choice.decisions import GRAPH, read_decisions
from e3ne.choice.goal import OBJECTIVES, UNLIMITED, Goal, Objective
from e3ne.dialects.dataflow import PoolOp, units_of
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph
from e3ne.units.interface import Choice

PIXELS = (1, 2, 4)
"""Neighbouring pixels that are tried when nothing is said."""


@dataclass(frozen=True)
class DataflowChoosePass(ModulePass):
    """Arranges the graph and decides every open choice of its units: the best of all combinations.

    Kept are matvecs whose three folding attributes are set, and windows with `lanes`; everything else goes through
    `decisions`. What was found is kept as the attribute `choice` of the graph: the value of the objective, a lower
    bound that holds for every combination, and for each unit the runner-up.
    """

    name = "dataflow-choose"

    objective: str = "area"
    """what is minimised: latency, interval, area (LUTs, with a price for block RAMs) or energy (of an image, by its
    additions and memory accesses)"""
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
    """a JSON file of choices by unit that are made already, {"fc1_matvec": {"output_lanes": 4}}, and of the whole
    graph, {"graph": {"pixels": 2, "pool_before_fire": 1}}"""

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
        fixed = self._fixed(op)
        whole = fixed.get(GRAPH, {})
        arrangements = arrangements_of(op, int(whole.get("pixels", self.pixels)))
        if "pool_before_fire" in whole:
            arrangements = [each for each in arrangements if each.pool_first == bool(whole["pool_before_fire"])]
        chosen = choose(op, goal, arrangements, fixed)
        if chosen is None:
            raise E3neError(_nearest(op, goal, arrangements, fixed))
        chosen.apply(op)
        keep(find_graph(op), account_of(chosen))

    def _fixed(self, op: ModuleOp) -> Mapping[str, Choice]:
        """The decisions of the file, if there is one."""
        if not self.decisions:
            return {}

        def modules(pixels: int) -> list[ModuleOp]:
            copies, problems = arranged(op, arrangements_of(op, pixels or self.pixels))
            if not copies:
                raise E3neError("\n".join(problems))
            return [module for _, module in copies]

        return read_decisions(Path(self.decisions), modules)


def arrangements_of(op: ModuleOp, pixels: int = 0) -> list[Arrangement]:
    """The ways to arrange a graph that are tried, for one number of `pixels` or (0) for several."""
    units = units_of(find_graph(op))
    pools = (True, False) if any(isinstance(unit, PoolOp) for unit in units) else (False,)
    # Packed pixels need a pool of membranes or trains alike; neurons in front of it see P times the channels.
    return [Arrangement(count, pool_first) for pool_first in pools for count in ((pixels,) if pixels else PIXELS)]


def _nearest(module: ModuleOp, goal: Goal, arrangements: list[Arrangement], fixed: Mapping[str, Choice]) -> str:
    """What to say of a goal that is out of reach: the limits that can be met, one kind at a time."""
    made = " and agrees with the decisions made" if fixed else ""
    lines = [f"no choice of the hardware meets all limits{made}"]
    slow = replace(goal, objective="latency", latency=UNLIMITED, interval=UNLIMITED)
    if (found := choose(module, slow, arrangements, fixed)) is not None:
        lines.append(f"within the budget a latency of {found.latency:,} cycles, {_resources(found)}")
    large = replace(goal, objective="area", lut=UNLIMITED, ff=UNLIMITED, bram36=UNLIMITED)
    if (found := choose(module, large, arrangements, fixed)) is not None:
        lines.append(f"at the speed asked for {_resources(found)}")
    if len(lines) > 1:
        lines[0] += "; the nearest that do:"
    return "\n".join(lines)


def _resources(found: Chosen) -> str:
    cost = found.cost
    return f"{round(cost.lut):,} LUT, {round(cost.ff):,} FF, {cost.bram36:g} BRAM36 (estimated)"
