"""Runs the mutants of hardware: each in a network of its own, many networks in one program of Verilator."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from e3ne.errors import E3neError
from e3ne.verification.batch import Batch, Comparison, random_runs
from e3ne.verification.lowering import Lowered, lower
from tests.mutants.cases import CASES, IMAGES, SEED
from tests.mutants.edits import NotApplicableError, applied
from tests.mutants.outcome import Outcome, Report
from tests.mutants.units import UNITS, UnitMutant
from tests.mutants.verilog_text import TEXT, TextMutant

HardwareMutant = UnitMutant | TextMutant
MUTANTS: Mapping[str, HardwareMutant] = {**TEXT, **UNITS}
IN_ONE_PROGRAM = 20


def run(names: Sequence[str], report: Report) -> None:
    """Compares the hardware of each mutant with the cycle model of what it should be; raises if a healthy one fails."""
    in_use = list(dict.fromkeys(MUTANTS[name].case for name in names))
    healthy = [f"healthy_{case}" for case in in_use]
    everything = [*healthy, *names]
    for start in range(0, len(everything), IN_ONE_PROGRAM):
        _run_batch(everything[start : start + IN_ONE_PROGRAM], report)


def design_of(name: str) -> Lowered:
    """A mutant's network, with the mutant, or a healthy one's; raises NotApplicableError."""
    if name.startswith("healthy_"):
        return _lowered(name, name.removeprefix("healthy_"))
    mutant = MUTANTS[name]
    if isinstance(mutant, TextMutant):
        return mutated(_lowered(name, mutant.case), mutant)
    with applied([mutant.edit]):
        return _lowered(name, mutant.case)


def _lowered(name: str, case: str) -> Lowered:
    return lower(CASES[case].network(name, seed=SEED), CASES[case].decisions)


def mutated(design: Lowered, mutant: TextMutant) -> Lowered:
    """The design with one module changed; raises NotApplicableError."""
    file = f"{design.name}_{mutant.unit}.v"
    text, count = re.subn(mutant.pattern, mutant.text, design.verilog[file], count=1)
    if count != 1:
        raise NotApplicableError(f"nothing in {file} is {mutant.pattern}")
    text = re.sub(r"\{(.)\}flip", lambda digit: f"{int(digit[1], 16) ^ 1:x}", text)
    return replace(design, verilog={**design.verilog, file: text})


def _run_batch(names: Sequence[str], report: Report) -> None:
    designs: list[Lowered] = []
    for name in names:
        try:
            designs.append(design_of(name))
        except NotApplicableError as error:
            report(Outcome("units", name, "not applicable", str(error)))
        except Exception as error:
            report(Outcome("units", name, "refused", _one_line(error)))
    if not designs:
        return
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        batch = Batch(designs, Path(folder) / "verilog")
        try:
            batch.compare(designs[0].name, random_runs(designs[0], 1, seed=0)[0])
        except E3neError as error:
            # One of them is no Verilog: it is found by itself, and cannot keep the others from being run.
            if len(names) == 1:
                report(Outcome("units", names[0], "refused", _one_line(error)))
                return
            middle = len(names) // 2
            _run_batch(names[:middle], report)
            _run_batch(names[middle:], report)
            return
        for design in designs:
            _compare(batch, design, report)


def _compare(batch: Batch, design: Lowered, report: Report) -> None:
    found = first_difference(batch, design)
    if not design.name.startswith("healthy_"):
        report(_outcome(design, found))
    # The simulation itself may go on to its limit: there are mutants in the same program that never rest.
    elif found is not None:
        raise AssertionError(f"without any mutant: {found.message}")


def first_difference(batch: Batch, design: Lowered) -> Comparison | None:
    """What the runs of a design at full speed, or with pauses, show first."""
    for one in random_runs(design, IMAGES, seed=0):
        found = batch.compare(design.name, one)
        if found.difference is not None or found.offered_otherwise:
            return found
    return None


def blamed(design: Lowered, found: Comparison) -> bool:
    """Whether a difference is said to be of the mutant's own unit."""
    mutant = MUTANTS[design.name]
    if found.difference is None:
        return False
    if isinstance(mutant, TextMutant):
        return found.difference.unit == f"{design.name}_{mutant.unit}"
    return found.difference.unit.endswith(mutant.kind)


def _outcome(design: Lowered, found: Comparison | None) -> Outcome:
    if found is None:
        return Outcome("units", design.name, "survived")
    return Outcome(
        "units", design.name, "killed", ("" if blamed(design, found) else "another is blamed: ") + found.message
    )


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"
