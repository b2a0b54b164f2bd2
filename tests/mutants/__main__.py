"""Runs the mutants: `python -m tests.mutants [--only NAME ...] [--json PATH]`; exit status 1 if one survives."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from e3ne.verification.progress import Steps
from e3ne.verification.table import Row, finish
from tests.mutants import model, passes, run_printer, run_units
from tests.mutants.outcome import Outcome, Report

Run = Callable[[Sequence[str], Report], None]

CATALOGUES: Mapping[str, tuple[Sequence[str], Run, str]] = {
    "units": (tuple(run_units.MUTANTS), run_units.run, "hardware against cycle model, every stream, every cycle"),
    "printer": (
        tuple(run_printer.MUTANTS),
        run_printer.run,
        "Verilog against the meaning of rtl, every cycle, and lint",
    ),
    "model": (tuple(model.MUTANTS), model.run, "prediction against hardware and integer network"),
    "passes": (tuple(passes.MUTANTS), passes.run, "a check of each pass"),
}
"""For each catalogue the names of its mutants, what runs them, and what is compared."""


def chosen(only: Sequence[str]) -> dict[str, list[str]]:
    """The mutants of each catalogue that are asked for: a catalogue's, or those whose names contain what is asked."""
    return {
        catalogue: [name for name in names if not only or any(o == catalogue or o in name for o in only)]
        for catalogue, (names, _, _) in CATALOGUES.items()
    }


def run(names: Mapping[str, Sequence[str]], verbose: bool) -> list[Outcome]:
    """What became of each mutant."""
    found: list[Outcome] = []
    with Steps() as progress:
        for catalogue, wanted in names.items():
            if not wanted:
                continue
            task = progress.add_task(f"mutants of {catalogue}", total=len(wanted))

            def report(outcome: Outcome, task=task) -> None:
                found.append(outcome)
                progress.advance(task)
                if verbose or outcome.status in ("survived", "not applicable"):
                    line = f"{outcome.catalogue}/{outcome.name}: {outcome.status} {outcome.by}"
                    progress.console.print(escape(line.rstrip()), soft_wrap=True)

            CATALOGUES[catalogue][1](wanted, report)
    return found


def rows(found: Sequence[Outcome]) -> list[Row]:
    """A row for each catalogue: a mutant that survives, or does not apply any more, is a failure."""
    result: list[Row] = []
    for catalogue, (_, _, what) in CATALOGUES.items():
        of_it = [outcome for outcome in found if outcome.catalogue == catalogue]
        if not of_it:
            continue
        counts = {
            status: sum(o.status == status for o in of_it)
            for status in ("killed", "refused", "survived", "not applicable")
        }
        note = f"killed {counts['killed']}, refused {counts['refused']}, survived {counts['survived']}, " + (
            f"not applicable {counts['not applicable']}: {what}"
        )
        failures = counts["survived"] + counts["not applicable"]
        result.append(Row(f"mutants of {catalogue}", len(of_it), failures, 0, note))
    return result


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="a catalogue, or a part of names")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the rows are written")
    parser.add_argument("--verbose", action="store_true", help="print what found each mutant")
    options = parser.parse_args()
    started = time.monotonic()
    names = chosen(options.only)
    if not any(names.values()):
        parser.error(f"no mutant is called {', '.join(options.only)}")
    found = run(names, options.verbose)
    return finish("mutants", rows(found), time.monotonic() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
