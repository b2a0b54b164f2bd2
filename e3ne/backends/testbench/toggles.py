"""Which toggles of a simulation count, and for which unit: each net once, where it is driven.

A module's own are its registers and the signals that logic or a memory drives in it. Its inputs are another's; names
that only rename, slice, gather or repeat bits of other signals, constants too, are no nets of their own, and neither
are outputs of instances, which count inside them. The contents of memories are not seen. Clock and reset are inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from e3ne.backends.testbench.saif import Instance
from e3ne.errors import E3neError

_REMARK = re.compile(r"//[^\n]*|\(\*.*?\*\)", re.DOTALL)
_MODULE = re.compile(r"\bmodule\s+(\w+)(.*?)\bendmodule\b", re.DOTALL)
_REGISTER = re.compile(r"\breg\s+(?:\[[^\]]*\]\s*)?(\w+)\s*(\[)?")
_DRIVEN = re.compile(r"\b(?:assign\s+|wire\s+(?:\[[^\]]*\]\s*)?)(\w+)\s*=\s*([^;]*);")
_INSTANCE = re.compile(r"^\s*(\w+)\s+(\w+)\s*\(\s*\.", re.MULTILINE)
# Names, numbers, braces and brackets around numbers: an operator, or a bracket around anything else, is logic.
_WIRING = re.compile(r"(?:[\w\s{},']|\[\d+(?::\d+)?\])*")


@dataclass(frozen=True)
class ModuleNets:
    """Of a Verilog module: the signals that are its own, and the module of each instance in it."""

    own: frozenset[str]
    instances: Mapping[str, str]


def read_nets(texts: Iterable[str]) -> dict[str, ModuleNets]:
    """The nets of all modules in Verilog as e3ne prints it: a declaration a signal, named connections."""
    found: dict[str, ModuleNets] = {}
    for text in texts:
        for name, body in _MODULE.findall(_REMARK.sub("", text)):
            declared: list[tuple[str, str]] = _REGISTER.findall(body)
            memories = {signal for signal, bracket in declared if bracket}
            driven: list[tuple[str, str]] = _DRIVEN.findall(body)
            own = {signal for signal, bracket in declared if not bracket}
            own |= {signal for signal, value in driven if _is_logic(value, memories)}
            found[name] = ModuleNets(frozenset(own), {inner: child for child, inner in _INSTANCE.findall(body)})
    return found


def _is_logic(value: str, memories: set[str]) -> bool:
    return not _WIRING.fullmatch(value) or not memories.isdisjoint(re.findall(r"\w+", value))


def toggles_of(module: str, nets: Mapping[str, ModuleNets], run: Instance, start: Instance) -> int:
    """Toggles of an instance of `module` and of all in it: those of `run` without those of `start`.

    Raises E3neError if the trace lacks a signal or an instance that the Verilog has.
    """
    own = nets[module]
    missing = sorted(own.own - run.toggles.keys())
    if missing:
        raise E3neError(f"the switching activity of '{module}' lacks {', '.join(missing[:4])}")
    total = sum(run.toggles[signal] - start.toggles[signal] for signal in own.own)
    return total + sum(
        toggles_of(child, nets, run.at(name), start.at(name)) for name, child in own.instances.items() if child in nets
    )


def toggles_by_unit(verilog_dir: Path, top: str, run: Instance, start: Instance) -> tuple[dict[str, int], int]:
    """Toggles of each instance in the module `top`, and those of the signals that `top` itself drives.

    `run` and `start` are `top`'s own instances in the two traces of `simulate`. Raises E3neError as `toggles_of` does.
    """
    nets = read_nets(path.read_text(encoding="utf-8") for path in sorted(verilog_dir.glob("*.v")))
    if top not in nets:
        raise E3neError(f"{verilog_dir} has no module '{top}'")
    units = {name: toggles_of(child, nets, run.at(name), start.at(name)) for name, child in nets[top].instances.items()}
    alone = {**nets, top: ModuleNets(nets[top].own, {})}
    return units, toggles_of(top, alone, run, start)
