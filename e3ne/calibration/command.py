"""What `e3ne calibrate` does."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from e3ne.calibration.calibrate import Calibration, calibrate, write
from e3ne.calibration.fit import Errors
from e3ne.devices.families import Family
from e3ne.terminal import terminal


def run(arguments: argparse.Namespace) -> int:
    """Synthesises, fits, writes the data file and prints the errors."""
    family: Family = arguments.family
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(f"Yosys, {family}")
        found = calibrate(
            family,
            arguments.samples,
            arguments.seed,
            lambda done, total: bars.update(task, completed=done, total=total),
        )
    folder: Path | None = arguments.output_folder
    path = write(found, folder)
    console = terminal()
    console.print(errors_table(found))
    console.print(f"written: {path}", soft_wrap=True)
    return 0


def _texts(found: Errors | None) -> tuple[str, str, str]:
    return ("-", "-", "-") if found is None else (f"{found.mean:.1f}", f"{found.p90:.1f}", f"{found.worst:.1f}")


def errors_table(found: Calibration) -> Table:
    """The errors of samples that a fit has not seen, by kind of unit."""
    table = Table(title=f"{found.family}: errors in % of units that the fit has not seen ({found.tool})")
    for name in ("unit", "samples", "LUT mean", "90 %", "worst", "FF mean", "90 %", "worst", "block RAM differs"):
        table.add_column(name, justify="left" if name == "unit" else "right")
    for name, kind in found.kinds.items():
        texts = (*_texts(kind.lut), *_texts(kind.ff))
        table.add_row(name, str(kind.samples), *texts, str(kind.block_ram_mismatches))
    return table
