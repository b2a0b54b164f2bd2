"""Modules of `rtl` after a pass: against the cycle model of their graph, or against the modules before the pass."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.testbench.compare import first_difference
from e3ne.backends.verilog.target import print_verilog
from e3ne.check import expectations, pauses, run_verilog
from e3ne.dialects import rtl
from e3ne.semantics.plan import Plan
from e3ne.semantics.rtl import run_module
from e3ne.verification.semantics.finding import Finding
from e3ne.verification.semantics.programs import Data, Hardware

RESET_CYCLES = 2
CYCLES = 24
"""Of random inputs, for each wanted input, where nothing is known of what the ports mean."""


def as_predicted(plan: Plan, after: Hardware, data: Data) -> Finding:
    """Every beat of every stream in Verilator, its value and its cycle, without and with pauses at both ports."""
    values, beats = plan.run(plan.pack(data)), 0
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        for name, text in print_verilog(after.module).items():
            (folder / name).write_text(text, encoding="utf-8")
        for gaps, stalls in ((None, None), pauses(plan, len(data))):
            schedule = plan.schedule(len(data), gaps, stalls, values)
            expected = expectations(plan, values, schedule)
            found = run_verilog(folder, plan, values["s_axis"], schedule, gaps, stalls, lambda _: None)
            beats += sum(len(stream.transfers) for stream in expected)
            difference = first_difference(expected, found.traces)
            if difference is not None:
                wrong = np.arange(len(data)) == difference.image
                return Finding(f"{len(data)} inputs in Verilator", wrong, difference.message())
    return Finding(f"{len(data)} inputs, {beats:,} beats in Verilator as predicted, with and without pauses")


def as_before(before: Hardware, after: Hardware, count: int, seed: int) -> Finding:
    """Every output of every top module in every cycle after reset, for random inputs."""
    cycles = RESET_CYCLES + CYCLES * count
    names, problems = [top.sym_name.data for top in before.tops], list[str]()
    found = {top.sym_name.data: top for top in after.tops}
    for top in before.tops:
        name = top.sym_name.data
        if name not in found or (top.inputs, top.outputs) != (found[name].inputs, found[name].outputs):
            problems.append(f"module @{name} is gone, is used by another, or has other ports")
            continue
        difference = _difference((before.module, top), (after.module, found[name]), cycles, seed)
        if difference:
            problems.append(f"module @{name}: {difference}")
    compared = f"{', '.join(names)}: all outputs in {cycles - RESET_CYCLES} cycles of random inputs equal"
    return Finding(compared, message="; ".join(problems))


def _difference(
    before: tuple[ModuleOp, rtl.ModuleOp], after: tuple[ModuleOp, rtl.ModuleOp], cycles: int, seed: int
) -> str:
    generator = random.Random(seed)
    inputs = [{name: generator.getrandbits(width) for name, width in before[1].inputs.items()} for _ in range(cycles)]
    wanted, got = (run_module(*each, inputs, RESET_CYCLES) for each in (before, after))
    for cycle in range(RESET_CYCLES, cycles):
        for port, value in wanted[cycle].items():
            if got[cycle][port] != value:
                return (
                    f"output {port} in cycle {cycle} after {RESET_CYCLES} of reset: {value} became {got[cycle][port]}"
                )
    return ""
