"""After synthesis: `python -m e3ne.verification.netlists [--unit KIND] [--json PATH]`.

Designs around every kind of unit, and LeNet-5, are synthesised by Yosys for each family; the netlists are simulated
with models of the family's cells and compared with the cycle model at the ports, cycle by cycle, at full speed and with
gaps and back-pressure. The designs' own Verilog is simulated with other random bits in its registers at the start. A
netlist whose cells have no model is skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

from e3ne.backends.synthesis.yosys import write_verilog_netlist
from e3ne.cli import main as e3ne
from e3ne.design import Design
from e3ne.devices.families import SMALL_LUT_FAMILIES, Family
from e3ne.errors import E3neError
from e3ne.verification.batch import Batch, random_runs
from e3ne.verification.case import SMALL
from e3ne.verification.cell_models import cell_models, with_parts
from e3ne.verification.lint import write_designs
from e3ne.verification.lowering import Lowered
from e3ne.verification.progress import Steps
from e3ne.verification.table import Row, finish
from e3ne.verification.trials import KINDS, Trial, sample, trials

FAMILIES: tuple[Family, ...] = ("xcup", "ecp5")
DEVICES = {"xcup": "xcvu13p", "ecp5": "ecp5-85"}
OTHERS = 4
"""Designs of a kind beside one for each way of building it."""
IMAGES = 4
SEEDS = (2, 3, 4)
"""Of what registers hold at the start."""
BATCH = 12
SCOPE = "$scopeinfo"
"""Remembers the hierarchy that was flattened; no hardware."""
LENET5 = "lenet5"


@dataclass(frozen=True)
class Outcome:
    """What became of one design: passed if there is no message."""

    name: str
    message: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class Job:
    """What one process does at a time: a row of the table to which it belongs, and trials, or LeNet-5 if none."""

    row: str
    family: Family
    trials: Sequence[Trial]
    after_synthesis: bool = True

    @property
    def count(self) -> int:
        """Designs of this job."""
        return max(1, len(self.trials))

    def run(self) -> list[Outcome]:
        """Whatever goes wrong is an outcome, too."""
        with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
            folder = Path(temporary)
            try:
                designs = [trial.lowered() for trial in self.trials] or [lenet5(self.family, folder / "lenet5")]
                if self.after_synthesis:
                    return list(simulate_netlists(designs, self.family, folder))
                return list(start_otherwise(designs, folder))
            except Exception:  # tools that fail are findings
                message = traceback.format_exc(limit=-3).strip()
                return [Outcome(trial.name, message) for trial in self.trials] or [Outcome("lenet5", message)]


def jobs(kinds: Sequence[str], families: Sequence[Family]) -> Iterator[Job]:
    """LeNet-5 first, which takes longest; then designs around units."""
    for family in families:
        yield Job(f"netlist of LeNet-5, {family}", family, ())
    for family in families:
        small = family in SMALL_LUT_FAMILIES
        chosen: list[Trial] = []
        for kind in kinds:
            own = [trial for trial in trials(kind, small_luts=small) if not trial.case.endswith(SMALL)]
            chosen += sample(own, OTHERS)
        for start in range(0, len(chosen), BATCH):
            some = chosen[start : start + BATCH]
            yield Job(f"netlists of units, {family}", family, some)
            yield Job(f"other bits at the start, {family}", family, some, after_synthesis=False)


def simulate_netlists(designs: Sequence[Lowered], family: Family, folder: Path) -> Iterator[Outcome]:
    """Synthesises designs together, each flattened by itself; simulates and compares each netlist."""
    verilog, netlists = folder / "verilog", folder / "netlists"
    verilog.mkdir()
    top = write_designs(designs, verilog)[-1].stem
    cells = write_verilog_netlist(verilog, top, family, folder / "netlist.v", kept=[d.name for d in designs])
    known = cell_models(family)
    missing = {d.name: sorted(cells[d.name].keys() - known.keys() - {SCOPE}) for d in designs}
    yield from (Outcome(name, f"no model of {', '.join(found)}", True) for name, found in missing.items() if found)
    complete = [replace(design, verilog={}) for design in designs if not missing[design.name]]
    if not complete:
        return
    batch = Batch(complete, netlists, ports_only=True)
    used = {cell for design in complete for cell in cells[design.name]} - {SCOPE}
    (netlists / "cells.v").write_text(with_parts(used, known), encoding="utf-8")
    (folder / "netlist.v").rename(netlists / "netlist.v")
    for design in complete:
        found = [batch.compare(design.name, run).message for run in random_runs(design, IMAGES, seed=1)]
        yield Outcome(design.name, "\n".join(message for message in found if message))


def start_otherwise(designs: Sequence[Lowered], folder: Path) -> Iterator[Outcome]:
    """Simulates the designs themselves with other bits in registers and memories at the start."""
    batch = Batch(designs, folder / "verilog")
    for design in designs:
        run = random_runs(design, IMAGES, seed=1)[0]
        found = [batch.compare(design.name, run, seed).message for seed in SEEDS]
        yield Outcome(design.name, "\n".join(message for message in found if message))


def lenet5(family: Family, folder: Path) -> Lowered:
    """LeNet-5 as `e3ne compile` makes it."""
    options = ["--weight-bits", "3", "--steps", "4", "--device", DEVICES[family]]
    with redirect_stdout(StringIO()):
        status = e3ne(["compile", "lenet5", *options, "-o", str(folder)])
    if status:
        raise E3neError(f"e3ne compile ended with {status}")
    design = Design(folder)
    verilog = {path.name: path.read_text(encoding="utf-8") for path in design.verilog.glob("*.v")}
    graph, hardware = design.module("buffered"), design.module("rtl")
    return Lowered(design.plan.name, design.integer, graph, design.plan, hardware, verilog)


def row_of(name: str, done: Sequence[tuple[Job, Sequence[Outcome]]]) -> Row:
    """The sum of some jobs."""
    outcomes = [outcome for _, some in done for outcome in some]
    kinds = Counter(trial.kind for job, _ in done for trial in job.trials)
    notes = [", ".join(f"{kind} {count}" for kind, count in kinds.items())] if kinds else []
    if done[0][0].after_synthesis:
        notes.append("ports alone, cycle by cycle; block RAMs by own models")
    else:
        notes.append(f"{len(SEEDS)} other starts each, all streams")
    notes += sorted({outcome.message for outcome in outcomes if outcome.skipped})
    skipped = sum(outcome.skipped for outcome in outcomes)
    failures = sum(bool(outcome.message) for outcome in outcomes) - skipped
    return Row(name, len(outcomes), failures, skipped, "; ".join(notes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if any netlist differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--unit", action="append", choices=[*sorted(KINDS), LENET5], help="a kind of unit (default: all)"
    )
    parser.add_argument("--family", action="append", choices=FAMILIES, help="a family of devices (default: all)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table here, too")
    parser.add_argument("--processes", type=int, default=2, help="batches at once (default 2)")
    options = parser.parse_args(arguments)
    asked: list[str] = options.unit or [*KINDS, LENET5]
    started = time.monotonic()
    kinds = [kind for kind in asked if kind != LENET5]
    todo = [job for job in jobs(kinds, options.family or FAMILIES) if job.trials or LENET5 in asked]
    done: dict[str, list[tuple[Job, Sequence[Outcome]]]] = {job.row: [] for job in todo}
    pool = ProcessPoolExecutor(options.processes, get_context("spawn"))
    with pool, Steps() as progress:
        task = progress.add_task("designs", total=sum(job.count for job in todo))
        futures = {pool.submit(Job.run, job): job for job in todo}
        for future in as_completed(futures):
            job, outcomes = futures[future], future.result()
            done[job.row].append((job, outcomes))
            for outcome in outcomes:
                if outcome.message and not outcome.skipped:
                    progress.console.print(f"[red]{outcome.name}[/red] ({job.row}): {outcome.message}", soft_wrap=True)
            progress.advance(task, job.count)
    rows = [row_of(name, found) for name, found in done.items()]
    return finish("netlists", rows, time.monotonic() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
