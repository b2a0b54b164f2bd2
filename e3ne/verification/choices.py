"""Every legal choice of every unit: `python -m e3ne.verification.choices [--unit KIND] [--json PATH]`.

Each is built in every small network around its kind, linted by three tools, simulated, and compared at all levels, at
full speed and with gaps and back-pressure. What fails is written to a folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from e3ne.verification.batch import Batch, differing_values, random_runs
from e3ne.verification.lint import slang_diagnostics, verilator_messages, write_designs, yosys_warnings
from e3ne.verification.lowering import Lowered
from e3ne.verification.progress import Steps
from e3ne.verification.table import Row, finish
from e3ne.verification.trials import KINDS, Trial, trials

IMAGES = 4
BATCH = 16
"""Designs in one simulator."""


@dataclass(frozen=True)
class Failure:
    """A choice, and what is wrong with it."""

    trial: Trial
    message: str


def try_all(batch: Sequence[Trial], folder: Path) -> list[Failure]:
    """Builds, lints, simulates and compares; what fails is kept in a folder."""
    failures: list[Failure] = []
    designs: dict[Trial, Lowered] = {}

    def fail(trial: Trial, message: str) -> None:
        failures.append(Failure(trial, message))
        _keep(folder / trial.name, trial, message, designs.get(trial))

    for trial in batch:
        try:
            designs[trial] = trial.lowered()
        except Exception:  # whatever goes wrong is a finding
            fail(trial, traceback.format_exc(limit=-4).strip())
    if not designs:
        return failures
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        for trial, message in lint(designs, Path(temporary)):
            fail(trial, message)
        simulated = Batch(list(designs.values()), Path(temporary) / "verilog")
        for trial, design in designs.items():
            try:
                message = difference(simulated, design)
            except Exception:  # a simulator that cannot be built, a schedule without end
                message = traceback.format_exc(limit=-4).strip()
            if message:
                fail(trial, message)
    return failures


def lint(designs: dict[Trial, Lowered], folder: Path) -> list[tuple[Trial, str]]:
    """What each tool says of each design; what cannot be told to be about one is about all."""
    files = write_designs(list(designs.values()), folder)
    said = [*verilator_messages(files).splitlines(), *yosys_warnings(files), *slang_diagnostics(files)]
    if not said:
        return []
    found: list[tuple[Trial, str]] = []
    for trial, design in designs.items():
        modules = [Path(file).stem for file in design.verilog]
        own = [line for line in said if any(module in line for module in modules)]
        if own:
            found.append((trial, "\n".join(own)))
    return found or [(trial, "\n".join(said)) for trial in designs]


def difference(batch: Batch, design: Lowered) -> str:
    """The first difference between levels; empty if there is none."""
    for run, pauses in zip(random_runs(design, IMAGES, seed=1), ("without pauses", "with pauses"), strict=True):
        wrong = differing_values(design, run.codes)
        if wrong:
            return f"integer network and cycle model differ on {', '.join(wrong)}"
        message = batch.compare(design.name, run).message
        if message:
            return f"{pauses}: {message}"
    return ""


def _keep(folder: Path, trial: Trial, message: str, design: Lowered | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "message.txt").write_text(f"{trial.described}\n{trial}\n{message}\n", encoding="utf-8")
    if design is not None:
        (folder / "integer.mlir").write_text(f"{design.integer}\n", encoding="utf-8")
        (folder / "dataflow.mlir").write_text(f"{design.graph}\n", encoding="utf-8")
        for file, text in design.verilog.items():
            (folder / file).write_text(text, encoding="utf-8")


def rows_of(asked: Sequence[Trial], failures: Sequence[Failure]) -> list[Row]:
    """A row for each kind of unit."""
    counts = Counter(trial.kind for trial in asked)
    failed = Counter(trial.kind for trial in {failure.trial.name: failure.trial for failure in failures}.values())
    rows: list[Row] = []
    for kind, count in counts.items():
        cases = len({trial.case for trial in asked if trial.kind == kind})
        rows.append(Row(f"legal choices of {kind}", count, failed[kind], note=f"all of them in {cases} networks"))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if any choice fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unit", action="append", choices=sorted(KINDS), help="a kind of unit (default: all)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table here, too")
    parser.add_argument("--processes", type=int, default=2, help="batches at once (default 2)")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/choices"), help="where failures are written")
    options = parser.parse_args(arguments)
    kinds: list[str] = options.unit or list(KINDS)
    started, failures = time.monotonic(), list[Failure]()
    asked = [trial for kind in kinds for trial in trials(kind)]
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    pool = ProcessPoolExecutor(options.processes, get_context("spawn"))
    with pool, Steps() as progress:
        task = progress.add_task("legal choices", total=len(asked))
        futures = {pool.submit(try_all, batch, options.output): batch for batch in batches}
        for future in as_completed(futures):
            for failure in future.result():
                failures.append(failure)
                said = f"[red]{failure.trial.name}[/red] ({failure.trial.described}): "
                progress.console.print(said + failure.message.splitlines()[-1], soft_wrap=True)
            progress.advance(task, len(futures[future]))
    return finish("choices", rows_of(asked, failures), time.monotonic() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
