"""Long runs of random networks through all levels: `python -m tests.hardware.sweep --count N --seed S`.

What fails is written to a folder: the integer network, the dataflow graph, the Verilog, and what went wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import traceback
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from e3ne.verification.batch import Batch, differing_values, random_runs
from e3ne.verification.lowering import Lowered, lower
from e3ne.verification.random_cases import random_case

IMAGES = 3


def lowered(seed: int) -> Lowered:
    """The network of a seed at all levels."""
    case = random_case(random.Random(seed))
    return lower(case.network(f"seed{seed}"), case.decisions)


def problem_of(batch: Batch, design: Lowered, seed: int) -> str:
    """What is wrong with a design; empty if nothing is."""
    for number, run in enumerate(random_runs(design, IMAGES, seed)):
        wrong = differing_values(design, run.codes)
        if wrong:
            return f"integer network and cycle model differ on {', '.join(wrong)}"
        message = batch.compare(design.name, run).message
        if message:
            return f"{'without pauses' if number == 0 else 'with gaps and stalls'}: {message}"
    return ""


def write(folder: Path, name: str, message: str, design: Lowered | None) -> None:
    """Keeps a failure."""
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "message.txt").write_text(message + "\n", encoding="utf-8")
    if design is not None:
        (target / "integer.mlir").write_text(f"{design.integer}\n", encoding="utf-8")
        (target / "dataflow.mlir").write_text(f"{design.graph}\n", encoding="utf-8")
        for file, text in design.verilog.items():
            (target / file).write_text(text, encoding="utf-8")


def sweep(seeds: range, batch_size: int, folder: Path) -> dict[str, str]:
    """The failures by network name."""
    failures: dict[str, str] = {}

    def fail(name: str, message: str, design: Lowered | None) -> None:
        failures[name] = message
        write(folder, name, message, design)
        progress.console.print(f"[red]{name}[/red]: {message.splitlines()[-1]}", soft_wrap=True)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("networks", total=len(seeds))
        for start in range(seeds.start, seeds.stop, batch_size):
            numbers = range(start, min(start + batch_size, seeds.stop))
            designs: dict[int, Lowered] = {}
            for seed in numbers:
                try:
                    designs[seed] = lowered(seed)
                except Exception:  # whatever goes wrong is a finding
                    fail(f"seed{seed}", traceback.format_exc(limit=-6).strip(), None)
            with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
                batch = Batch(list(designs.values()), Path(temporary) / "verilog")
                for seed, design in designs.items():
                    try:
                        message = problem_of(batch, design, seed)
                    except Exception:  # a simulator that cannot be built, a schedule without end
                        message = traceback.format_exc(limit=-6).strip()
                    if message:
                        fail(design.name, message, design)
            progress.advance(task, len(numbers))
    return failures


def main() -> int:
    """Exit status 1 if a network fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many networks (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first (default 0)")
    parser.add_argument("--batch", type=int, default=12, help="networks in one simulator (default 12)")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/sweep"), help="where failures are written")
    options = parser.parse_args()
    failures = sweep(range(options.seed, options.seed + options.count), options.batch, options.output)
    print(f"{options.count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
