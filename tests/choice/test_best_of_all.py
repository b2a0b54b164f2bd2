"""The choice against every design of a small network: none is better, and none is below the bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.choice.arrangement import Arrangement
from e3ne.choice.choose import choose
from e3ne.choice.goal import Goal
from tests.choice.every_design import Choices, every_design, undecided
from tests.choice.networks import dense, pooled


@dataclass(frozen=True)
class Case:
    """A network, its arrangements (pixels, pools first), what is not open, how many designs there are, and goals.

    Of where things are kept most is not open, since the designs are too many else.
    """

    network: Callable[[], ModuleOp]
    arrangements: tuple[tuple[int, bool], ...]
    fixed: Choices
    designs: int
    goals: tuple[Goal, ...]


CASES = {
    "pooled": Case(
        pooled,
        ((1, True), (1, False)),
        {
            "pooled_conv2_window": {"memory": "registers"},
            "pooled_fire3_fire": {"threshold_memory": "distributed"},
            "pooled_linear6_matvec": {"weight_memory": "distributed"},
        },
        4608,
        (
            *(Goal("latency", lut=lut) for lut in (260, 210)),
            Goal("latency"),
            Goal("latency", lut=205, ff=235),
            Goal("latency", interval=20, lut=200),
            Goal("area"),
            *(Goal("area", latency=latency) for latency in (40, 31)),
            Goal("area", interval=20),
            Goal("area", interval=18, latency=36),
            Goal("interval"),
            Goal("interval", lut=205),
            Goal("energy"),
            *(Goal("energy", lut=lut) for lut in (190, 180)),
            *(Goal("energy", latency=latency) for latency in (34, 28)),
            Goal("energy", interval=20, lut=200),
            Goal("energy", interval=18, latency=36, ff=240),
        ),
    ),
    "dense": Case(
        dense,
        ((1, False),),
        {
            "dense_linear3_matvec": {"weight_memory": "distributed", "implementation": "adder"},
            "dense_fire4_fire": {"threshold_memory": "distributed"},
            "dense_linear5_matvec": {"weight_memory": "distributed", "implementation": "adder"},
        },
        1710,
        (
            Goal("latency"),
            *(Goal(objective, lut=lut) for objective, lut in product(("latency", "interval"), (180, 160, 150))),
            *(Goal("area", latency=latency) for latency in (14, 18, 24)),
            *(Goal("area", interval=interval) for interval in (4, 6, 10)),
            Goal("area", interval=6, latency=20),
            Goal("area"),
            Goal("energy"),
            *(Goal("energy", lut=lut) for lut in (180, 160, 150)),
            *(Goal("energy", latency=latency, lut=200) for latency in (14, 18, 24)),
            Goal("energy", interval=6, ff=200),
        ),
    ),
    "spikes": Case(
        dense,
        ((1, False),),
        {
            "dense_linear3_matvec": {"weight_memory": "distributed", "implementation": "event"},
            "dense_fire4_fire": {"threshold_memory": "distributed"},
            "dense_linear5_matvec": {"weight_memory": "distributed", "implementation": "event"},
        },
        450,
        (
            Goal("latency"),
            *(Goal("latency", lut=lut) for lut in (180, 150)),
            Goal("interval"),
            *(Goal("area", latency=latency) for latency in (24, 32, 48)),
            Goal("area", interval=12),
            Goal("area"),
            Goal("energy"),
            *(Goal("energy", latency=latency) for latency in (24, 32)),
            Goal("energy", lut=150),
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_no_design_is_better(name: str) -> None:
    case = CASES[name]
    module = undecided(case.network())
    arrangements = [Arrangement(*each) for each in case.arrangements]
    chosen = [choose(module, goal, arrangements, case.fixed) for goal in case.goals]
    values = [math.inf if best is None else best.value for best in chosen]
    bounds = [math.inf if best is None else best.bound for best in chosen]
    better: list[tuple[Goal, float, float, Choices]] = []
    count = 0
    for design in every_design(module, case.arrangements, case.fixed):
        count += 1
        for goal, value in zip(case.goals, values, strict=True):
            if design.may_be_below(goal, value) and (found := design.value(goal)) < value:
                better.append((goal, value, found, design.choices))
    assert better == []
    assert count == case.designs
    assert all(bound <= value for bound, value in zip(bounds, values, strict=True))
    # Where nothing was found there is nothing.
    for goal, best in zip(case.goals, chosen, strict=True):
        if best is not None:
            end = best.finished(module)
            assert (best.value, best.latency, best.cost) == (end.value(goal), end.latency, end.cost)
            assert (end.cost.energy > 0) == (goal.objective == "energy")
