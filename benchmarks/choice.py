"""`make bench-choice`: what the compiler chooses for a goal, and what synthesis says of it: hours for all of it."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lenet5 import E3NE
from e3ne import dataset
from e3ne.backends.synthesis.yosys import synthesise
from e3ne.check import check_verilog
from e3ne.cli import main as e3ne
from e3ne.design import Design
from e3ne.errors import E3neError


@dataclass(frozen=True)
class Case:
    """A network with E3NE's precision, and what is asked of the choice."""

    name: str
    network: str
    goal: tuple[str, ...]


CASES = (
    Case("latency", "lenet5", ("--objective", "latency", "--budget", "lut=9400")),
    Case("area", "lenet5", ("--latency", "14000")),
    Case("interval", "lenet5", ("--objective", "interval", "--budget", "lut=9490")),
    Case("interval-small", "lenet5", ("--objective", "interval", "--budget", "lut=7250")),
    Case("default", "lenet5", ()),
    Case("fang-latency", "fang", ("--objective", "latency", "--budget", "lut=17150")),
    Case("fang-small", "fang", ("--objective", "latency", "--budget", "lut=9000")),
    Case("fang-area", "fang", ("--latency", "14000")),
    Case("fang-interval", "fang", ("--objective", "interval", "--budget", "lut=12000")),
    Case("fang-default", "fang", ()),
)


def main() -> None:
    """Prints a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(case.name for case in CASES)} (default: all)")
    parser.add_argument("--count", type=int, default=200, help="digits for the Verilog (default 200)")
    arguments = parser.parse_args()
    console = Console(width=150)
    wanted = [case for case in CASES if not arguments.cases or case.name in arguments.cases]
    columns = ("latency", "interval", "bound", "LUT", "estimated", "FF", "estimated", "BRAM36", "DSP", "compile, s")
    table = Table("", *columns, "differences")
    with tempfile.TemporaryDirectory(prefix="e3ne-bench-") as folder:
        for case in wanted:
            try:
                table.add_row(case.name, *_measure(case, Path(folder) / case.name, arguments.count))
            except E3neError as error:
                console.print(f"{case.name}: {error}", markup=False)
                table.add_row(case.name, "failed")
            console.print(table)


def _measure(case: Case, out: Path, count: int) -> list[str]:
    weight_bits, steps = E3NE[case.network]
    start = time.perf_counter()
    status = e3ne(
        ["compile", case.network, "--weight-bits", str(weight_bits), "--steps", str(steps), *case.goal, "-o", str(out)]
    )
    seconds = time.perf_counter() - start
    if status:
        return ["not possible"]
    design = Design(out)
    images = dataset.reference(case.network, training=False).images[:count].astype(np.float32)
    differences = sum(check.differences for check in check_verilog(design, images, lambda _: None))
    found = synthesise(design.verilog, case.network, "xcup")
    choice = cast(dict[str, int], design.report["choice"])
    estimate = cast(dict[str, dict[str, float]], design.report["resources"])["estimated"]
    interval, latency = design.plan.speed()
    return [
        f"{latency:,}",
        f"{interval:,}",
        f"{choice['bound']:,}",
        f"{found.lut:,}",
        f"{estimate['lut'] / found.lut - 1:+.1%}",
        f"{found.ff:,}",
        f"{estimate['ff'] / found.ff - 1:+.1%}",
        f"{found.bram36:g} ({estimate['bram36']:g})",
        str(found.dsp),
        f"{seconds:.0f}",
        str(differences),
    ]


if __name__ == "__main__":
    main()
