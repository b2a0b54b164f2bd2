"""The account of a choice: what was chosen and what nearly was, where the cycles go, and what sets the pace.

It is kept as an attribute of the graph, so that it stays with the module, and is printed by the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

from xdsl.dialects.builtin import DictionaryAttr, FloatAttr, IntegerAttr, StringAttr, f64
from xdsl.ir import Attribute

from e3ne.choice.choose import Chosen
from e3ne.choice.goal import UNLIMITED, Goal, area
from e3ne.choice.labels import Label
from e3ne.dialects.dataflow import GraphOp, number
from e3ne.units.interface import Choice

ACCOUNT = "choice"
RUNNERS = 6
"""Replacements of a unit that are looked at, those with the nearest cost."""

PLACES = 3
"""Decimals of energies, in picojoules."""

Account = Mapping[str, "int | float | str | Account"]


def account_of(chosen: Chosen) -> Account:
    """Goal, value, bound; for each unit what it adds to the latency, its own interval, and the runner-up."""
    goal, search = chosen.goal, chosen.search
    candidates = chosen.label.candidates()
    label = search.follow(candidates)
    slowest = max(range(len(candidates)), key=lambda site: candidates[site].interval())
    units: dict[str, Account] = {}
    before = 0
    for place, (site, passed) in enumerate(zip(search.sites, label.chain(), strict=True)):
        name, candidate = site.op.unit_name, candidates[place]
        entry = dict(units.get(name, {}))
        adds = cast(int, entry.get("adds_cycles", 0)) + passed.last - before
        before = passed.last
        units[name] = {**entry, "adds_cycles": adds, "interval": candidate.interval()}
        if candidate.choice:
            units[name] = {**units[name], "choice": dict(candidate.choice), **_runner_up(chosen, label, place)}
    limits = {name: getattr(goal, name) for name in ("latency", "interval", "lut", "ff", "bram36")}
    return {
        "objective": goal.objective,
        "limits": {name: math.floor(limit) for name, limit in limits.items() if limit < UNLIMITED},
        "value": _whole(chosen.value, goal),
        "bound": _whole(chosen.bound, goal),
        "pixels": chosen.arrangement.pixels,
        "pool_before_fire": int(chosen.arrangement.pool_first),
        "slowest_unit": search.sites[slowest].op.unit_name,
        "units": units,
    }


def _runner_up(chosen: Chosen, label: Label, place: int) -> Account:
    """The best design in which one unit is another one, for the same layouts on both sides."""
    candidates = label.candidates()
    mine = candidates[place]
    taken = None if place == 0 else candidates[place - 1].given
    others = [c for c in chosen.search.legal[place].get(taken, []) if c is not mine and c.given == mine.given]
    near = sorted(others, key=lambda c: abs(area(c.cost) - area(mine.cost)))
    if chosen.goal.objective == "energy":
        near.sort(key=lambda c: abs(c.cost.energy - mine.cost.energy))
    near = near[:RUNNERS]
    labels = [chosen.search.follow([*candidates[:place], other, *candidates[place + 1 :]]) for other in near]
    if not labels:
        return {}
    ranked = zip(labels, near, strict=True)
    best, other = min(ranked, key=lambda pair: (chosen.search.value(pair[0]), pair[0].latency, area(pair[0].cost)))
    entry: dict[str, int | float | str | Account] = {
        "choice": {name: value for name, value in other.choice.items() if mine.choice.get(name) != value},
        "lut": math.ceil(best.cost.lut - label.cost.lut),
        "latency": best.latency - label.latency,
    }
    if chosen.goal.objective == "energy":
        entry["energy"] = round(best.cost.energy - label.cost.energy, PLACES)
    return {"runner_up": entry}


def _whole(value: float, goal: Goal) -> int | float:
    """Cycles and LUTs as whole numbers; picojoules, of which small networks take few, with decimals."""
    return round(value, PLACES) if goal.objective == "energy" else math.ceil(value)


def keep(graph: GraphOp, account: Account) -> None:
    """Writes an account into a graph."""
    graph.attributes[ACCOUNT] = _attribute(account)


def kept(graph: GraphOp) -> Account | None:
    """The account in a graph, if there is one."""
    found = graph.attributes.get(ACCOUNT)
    return None if not isinstance(found, DictionaryAttr) else cast(Account, _plain(found))


def _attribute(value: int | float | str | Account | Choice) -> Attribute:
    match value:
        case int():
            return number(value)
        case float():
            return FloatAttr(value, f64)
        case str():
            return StringAttr(value)
        case _:
            return DictionaryAttr({name: _attribute(entry) for name, entry in value.items()})


def _plain(attribute: Attribute) -> int | float | str | Account:
    match attribute:
        case IntegerAttr() | FloatAttr():
            return attribute.value.data
        case StringAttr():
            return attribute.data
        case DictionaryAttr():
            return {name: _plain(entry) for name, entry in attribute.data.items()}
        case _:
            raise TypeError(f"an account holds no {attribute}")
