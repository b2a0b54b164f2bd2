"""`make bench`: E3NE's networks at E3NE's precision: cycles, resources, compile time, speed of the models."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from e3ne import dataset
from e3ne.backends.synthesis.yosys import synthesise
from e3ne.check import check_verilog
from e3ne.cli import main as e3ne
from e3ne.design import Design
from e3ne.semantics.plan import encode, pack_input


@dataclass(frozen=True)
class Published:
    """E3NE's released RTL with 4 convolution units: cycles in simulation, and Yosys' counts (reference, 2026)."""

    cycles: int
    lut: int
    ff: int
    bram36: float


CASES = (
    ("lenet5", 9_150, Published(58_656, 26_019, 20_669, 33.5)),
    ("fang", 18_000, Published(113_986, 22_395, 16_689, 76.5)),
)
"""Networks with the LUTs that they may take, a bit more than a third of E3NE's and four fifths of them."""

E3NE = {"lenet5": (3, 4), "fang": (4, 4)}
"""Bits of a weight and time steps of E3NE's own designs."""

MODEL_IMAGES = 500
VERILOG_IMAGES = 50


def main() -> None:
    """Prints one table a network."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="e3ne-bench-") as folder:
        for name, luts, published in CASES:
            console.print(_measure(name, luts, published, Path(folder) / name))


def _measure(name: str, luts: int, published: Published, out: Path) -> Table:
    weight_bits, steps = E3NE[name]
    start = time.perf_counter()
    precision = ["--weight-bits", str(weight_bits), "--steps", str(steps)]
    e3ne(["compile", name, *precision, "--objective", "latency", "--budget", f"lut={luts}", "-o", str(out)])
    compiled = time.perf_counter() - start
    design = Design(out)
    images = dataset.reference(name, training=False).images
    start = time.perf_counter()
    for first in range(0, MODEL_IMAGES, 100):
        codes = encode(images[first : first + 100], steps)
        design.plan.run(pack_input(codes, steps, design.plan.input_bits))
    design.plan.schedule(MODEL_IMAGES)
    model = MODEL_IMAGES / (time.perf_counter() - start)
    checks = list(check_verilog(design, images[:VERILOG_IMAGES].astype(np.float32), lambda _: None))
    found = synthesise(design.verilog, name, "xcup")
    interval, latency = design.plan.speed()
    table = Table("", "e3ne", "E3NE", title=f"{name}, W = {weight_bits}, T = {steps}")
    table.add_row("latency, cycles", f"{latency:,}", f"{published.cycles:,}")
    table.add_row("interval, cycles", f"{interval:,}", f"{published.cycles:,}")
    table.add_row("LUT (Yosys, xcup)", f"{found.lut:,}", f"{published.lut:,}")
    table.add_row("FF", f"{found.ff:,}", f"{published.ff:,}")
    table.add_row("BRAM36", str(found.bram36), str(published.bram36))
    table.add_row("DSP", str(found.dsp), "0")
    table.add_row("compile and report, s", f"{compiled:.1f}", "")
    table.add_row("cycle model, images/s (values and times)", f"{model:,.0f}", "")
    table.add_row("Verilator, images/s (all streams watched)", f"{checks[0].cycles_per_second / interval:,.0f}", "")
    table.add_row("differences, cycle model to Verilog", str(sum(check.differences for check in checks)), "")
    return table


if __name__ == "__main__":
    main()
