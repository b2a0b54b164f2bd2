"""`python -m e3ne.verification.everything [NAME ...]`: all checks beyond the tests, two at a time, and one table.

What a check prints goes to `NAME.log` in the output folder, its rows to `NAME.json`. A check that ends without rows
has failed, whatever its exit status.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from e3ne.verification import table

CHECKS: Mapping[str, Sequence[str]] = {
    "fuzz": ("e3ne", "fuzz", "--count", "2100", "--jobs", "1"),
    "mutants": ("tests.mutants",),
    "choices": ("e3ne.verification.choices", "--processes", "1"),
    "netlists": ("e3ne.verification.netlists", "--processes", "1"),
    "hostile": ("tests.hostile",),
    "circt": ("e3ne.verification.circt",),
    "mutants-python": ("tests.mutants.python", "--count", "60"),
    "ranges": ("e3ne.verification.ranges",),
    "proofs": ("e3ne.verification.proofs",),
    "four-state": ("e3ne.verification.four_state",),
    "passes": ("e3ne.verification.pipelines",),
    "interrupted": ("tests.interrupted",),
}
"""Modules with their arguments; those that take longest come first."""


@dataclass(frozen=True)
class Ended:
    """A check that has ended with a status, after some seconds."""

    name: str
    status: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the checks; exit status 1 if one has failed."""
    parser = argparse.ArgumentParser(description="Run all checks beyond the tests, and print one table.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"checks to run (default: {', '.join(CHECKS)})")
    parser.add_argument("--jobs", type=int, default=2, help="checks at once (default 2)")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/verify"), help="for logs and rows")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in CHECKS]
    if unknown:
        parser.error(f"no check is called {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    names = [name for name in CHECKS if name in (options.names or CHECKS)]
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.json").unlink(missing_ok=True)
    start = time.perf_counter()
    ended = _run_all(names, folder, options.jobs)
    status = table.main([str(folder / f"{name}.json") for name in names])
    print(f"{(time.perf_counter() - start) / 60:.0f} minutes with {options.jobs} checks at once; logs are in {folder}")
    for each in ended:
        if each.status:
            print(f"{each.name} ended with exit status {each.status}: {folder / each.name}.log", file=sys.stderr)
    return 1 if status or any(each.status for each in ended) else 0


def _run_all(names: Sequence[str], folder: Path, jobs: int) -> list[Ended]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, ThreadPoolExecutor(jobs) as pool:

        def run(name: str) -> Ended:
            task, begin = progress.add_task(name, total=None), time.perf_counter()
            try:
                status = _run(name, folder)
            finally:
                progress.remove_task(task)
            return Ended(name, status, time.perf_counter() - begin)

        ended: list[Ended] = []
        for future in as_completed([pool.submit(run, name) for name in names]):
            each = future.result()
            result = "passed" if each.status == 0 else f"exit status {each.status}"
            progress.console.print(f"{each.name}: {result}, {each.seconds / 60:.1f} min", highlight=False)
            ended.append(each)
    return ended


def _run(name: str, folder: Path) -> int:
    module, *arguments = CHECKS[name]
    command = [sys.executable, "-m", module, *arguments, "--json", str(folder / f"{name}.json")]
    with (folder / f"{name}.log").open("w", encoding="utf-8") as log:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
