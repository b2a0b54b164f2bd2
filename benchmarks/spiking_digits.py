"""Trained networks of snnTorch and SpikingJelly on the digits: `python -m benchmarks.spiking_digits`.

Accuracy of the real and of the integer network on the 2,000 test digits, and the Verilog against the integers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console
from rich.table import Table

from e3ne.check import check_model, check_verilog
from e3ne.cli import main as e3ne
from e3ne.design import Design
from e3ne.models import mnist

ROOT = Path(__file__).parents[1]
NETWORKS = ("snntorch_lif", "spikingjelly_if")
TIME_STEPS = 8
WEIGHT_BITS = 8
WITHIN = 0.5
"""Points by which the integer network may be off the float network."""


def main() -> int:
    """Prints the table; exit status 1 if an accuracy or a level differs by more than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spiking_digits", description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS, help=f"of {', '.join(NETWORKS)} (default: all)")
    parser.add_argument("--count", type=int, default=100, help="digits for the Verilog (default 100)")
    arguments = parser.parse_args()
    table = Table("", *arguments.networks, title=f"2,000 test digits, T = {TIME_STEPS}, W = {WEIGHT_BITS}")
    with tempfile.TemporaryDirectory(prefix="e3ne-bench-") as folder:
        columns = [_measure(name, Path(folder), arguments.count) for name in arguments.networks]
    for key in columns[0]:
        table.add_row(key, *(f"{column[key]:,}" for column in columns))
    Console().print(table)
    good = all(
        abs(column["accuracy, float"] - column["accuracy, integer"]) <= WITHIN and column["differences"] == 0
        for column in columns
    )
    return 0 if good else 1


def _measure(name: str, folder: Path, count: int) -> dict[str, float]:
    files = {"train": mnist.train(), "test": mnist.test()}
    for part, digits in files.items():
        np.savez(folder / f"{part}.npz", x=digits.images, y=digits.labels)
    out = folder / name
    data = ["--data", f"{folder / 'train.npz'}", "--test-data", f"{folder / 'test.npz'}"]
    options = ["--time-steps", f"{TIME_STEPS}", "--weight-bits", f"{WEIGHT_BITS}", "-o", f"{out}"]
    model = ROOT / "examples" / "digits" / f"{name}.py"
    if e3ne(["compile", f"{model}:make_network", *data, *options]):
        raise SystemExit(2)
    design = Design(out)
    images = files["test"].images[:count]
    checks = [check_model(design, images, _quietly), *check_verilog(design, images, _quietly)]
    accuracy = cast(dict[str, float], design.report["accuracy"])
    found = cast(dict[str, object], design.report["float_differences"])
    layers = cast(list[dict[str, int]], found["layers"])
    interval, latency = design.plan.speed()
    return {
        "accuracy, float": accuracy["float"],
        "accuracy, integer": accuracy["integer"],
        "latency, cycles": latency,
        "interval, cycles": interval,
        "float spikes of 100 digits": sum(layer["float_spikes"] for layer in layers),
        "neurons and steps that differ": sum(layer["differing"] for layer in layers),
        "digits through all levels": len(images),
        "beats in Verilog, as fast as it goes": checks[-2].beats,
        "digits with gaps and back-pressure": checks[-1].images,
        "beats with gaps and back-pressure": checks[-1].beats,
        "differences": sum(check.differences for check in checks),
    }


def _quietly(_: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
