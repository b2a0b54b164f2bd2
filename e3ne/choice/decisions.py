"""Decisions from a file: choices that the user has made, checked against what is legal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import cast

from xdsl.dialects.builtin import ModuleOp

from e3ne.choice.sites import is_open
from e3ne.dialects.dataflow import MatvecOp, UnitOp, units_of
from e3ne.errors import E3neError
from e3ne.files import read_json
from e3ne.semantics.dataflow import find_graph
from e3ne.units.interface import Choice
from e3ne.units.registry import unit_for

GRAPH = "graph"
"""The name under which a file of decisions speaks of the whole graph."""

ARRANGEMENT: Mapping[str, str] = {"pixels": "a number, 1 or more", "pool_before_fire": "0 or 1"}
"""What may be said of the whole graph."""


def read_decisions(path: Path, arranged: Callable[[int], Sequence[ModuleOp]]) -> Mapping[str, Choice]:
    """Choices by unit, and of the whole graph, from a JSON file.

    `arranged` gives all arrangements of the network for a number of pixels at once (0: several): a choice is legal that
    is so in one of them. Raises E3neError with all that is wrong in the file.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise E3neError(f"{path}: an object of choices by unit is needed")
    whole = cast(dict[str, object], found).get(GRAPH)
    asked = cast(dict[str, object], whole).get("pixels") if isinstance(whole, dict) else None
    pixels = asked if isinstance(asked, int) and asked > 0 else 0
    units: dict[str, list[UnitOp]] = {}
    for unit in (unit for module in arranged(pixels) for unit in units_of(find_graph(module))):
        units.setdefault(unit.unit_name, []).append(unit)
    problems: list[str] = []
    for name, choice in cast(dict[str, object], found).items():
        if not isinstance(choice, dict):
            problems.append(f"{name}: an object of choices is needed")
        elif name == GRAPH:
            problems.extend(_graph_problems(cast(dict[str, object], choice)))
        elif name not in units:
            problems.append(f"there is no unit {name}; units: {', '.join(units)}")
        else:
            problems.extend(_unit_problems(name, units[name], cast(dict[str, object], choice)))
    if problems:
        raise E3neError("\n".join(f"{path}: {problem}" for problem in problems))
    return cast(dict[str, Choice], found)


def _unit_problems(name: str, ops: Sequence[UnitOp], choice: Mapping[str, object]) -> list[str]:
    """What is wrong with the choices of a unit: names, values, or only all of them together."""
    legal = [each for op in ops if is_open(op) for each in unit_for(op).legal_choices(op)]
    values: dict[str, dict[int | str, None]] = {}
    for prop, value in (entry for each in legal for entry in each.items()):
        values.setdefault(prop, {})[value] = None
    found: list[str] = []
    for prop, value in choice.items():
        known = values.get(prop, {})
        if isinstance(value, bool) or not isinstance(value, int | str) or value not in known:
            there = f"{prop} is one of {_listed(known)}" if known else f"choices: {', '.join(values) or 'none'}"
            found.append(f"{name} has no choice {prop!r} of {value!r}; {there}")
    if choice.get("implementation") == "event":
        found += [f"{name}: {op.why_not_event}" for op in ops[:1] if isinstance(op, MatvecOp) and op.why_not_event]
    return found or [f"{name}: {problem}" for problem in _contradictions(cast(Choice, choice), legal)]


def _contradictions(choice: Choice, legal: Sequence[Choice]) -> list[str]:
    """Which of some choices, each of which is legal by itself, exclude each other."""
    if any(choice.items() <= each.items() for each in legal):
        return []
    # How a unit is built decides most of the rest.
    entries = sorted(choice.items(), key=lambda entry: entry[0] != "implementation")
    found: list[str] = []
    for (prop, value), (other, wanted) in combinations(entries, 2):
        there = {each[other]: None for each in legal if each.get(prop) == value and other in each}
        if wanted not in there:
            found.append(f"with {prop} {value} {other} is {_listed(there) or 'no choice'}, not {wanted}")
    return found or [f"no legal choice is {', '.join(f'{prop} {value}' for prop, value in entries)} at once"]


def _listed(values: Mapping[int | str, None]) -> str:
    return ", ".join(str(value) for value in sorted(values, key=lambda value: (isinstance(value, str), value)))


def _graph_problems(choice: Mapping[str, object]) -> Iterator[str]:
    for name, value in choice.items():
        legal = isinstance(value, int) and (
            value in (0, 1) if name == "pool_before_fire" else value > 0 and not isinstance(value, bool)
        )
        if name not in ARRANGEMENT or not legal:
            there = "; ".join(f"{known}: {said}" for known, said in ARRANGEMENT.items())
            yield f"{GRAPH} has no choice {name!r} of {value!r}; {there}"
