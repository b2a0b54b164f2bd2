"""`e3ne synth`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from e3ne.backends.place_and_route.nextpnr import PARTS, place_and_route
from e3ne.backends.place_and_route.registered import top_ports
from e3ne.backends.synthesis.cells import Family
from e3ne.backends.synthesis.yosys import synthesise, synthesise_modules
from e3ne.design import Design, Report
from e3ne.errors import E3neError
from e3ne.options import ROUTED_CLOCK_MHZ
from e3ne.report import add_place_and_route, add_synthesis, updated
from e3ne.terminal import progress, terminal


def run(arguments: argparse.Namespace) -> int:
    """Resources of the design, and of each unit; then place and route. Raises E3neError."""
    family, part = _family_and_part(arguments)
    design = Design(arguments.out)
    name = design.plan.name
    with progress(Console(stderr=True)) as show:
        show(f"Yosys, {family}: the whole design")
        whole = synthesise(design.verilog, name, family)
        units = {}
        if arguments.units:
            show(f"Yosys, {family}: each unit")
            modules = [stage.name for stage in design.plan.stages]
            units = synthesise_modules(design.verilog, modules, family)
    with updated(design) as report:
        add_synthesis(report, family, asdict(whole), {unit: asdict(found) for unit, found in units.items()})
    table = Table("", "LUT", "FF", "BRAM36", "UltraRAM", "DSP", title=f"Yosys, {family}")
    for row, found in ({name: whole} | units).items():
        table.add_row(row, f"{found.lut:,}", f"{found.ff:,}", str(found.bram36), str(found.uram), str(found.dsp))
    terminal().print(table)
    if arguments.place_and_route:
        target_mhz: int = arguments.clock or ROUTED_CLOCK_MHZ
        _place_and_route(design, part or _compiled_part(report), target_mhz, arguments.attempts or 1)
    return 0


def _family_and_part(arguments: argparse.Namespace) -> tuple[Family, str | None]:
    """The family, and the part that was asked for; raises E3neError where they do not go with place and route."""
    family: Family | None = arguments.family
    part: str | None = arguments.device
    if not arguments.place_and_route:
        idle = [option for option in ("device", "clock", "attempts") if getattr(arguments, option) is not None]
        if idle:
            options = ", ".join(f"--{option}" for option in idle)
            raise E3neError(f"only --place-and-route, which is not given, has a use for {options}")
        return family or "xcup", None
    if family not in (None, "ecp5"):
        raise E3neError(f"--place-and-route is for --family ecp5 alone, not {family}: nextpnr knows no {family} parts")
    return "ecp5", part


def _compiled_part(report: Report) -> str:
    """The part of the compilation if it can be placed and routed on, else the largest of those that can."""
    name = cast(dict[str, str], report["device"])["name"]
    return name if name in PARTS else PARTS[-1]


def _place_and_route(design: Design, part: str, target_mhz: int, attempts: int) -> None:
    plan = design.plan
    with progress(Console(stderr=True)) as show:
        ports = top_ports(plan.input_bits, plan.output_bits)
        found = place_and_route(design.verilog, plan.name, ports, part, target_mhz, show, attempts)
    with updated(design) as report:
        add_place_and_route(report, part, target_mhz, found)
    console = terminal()
    console.print(f"nextpnr, {part}: {found.clock_mhz} MHz")
    table = Table("", "used", "available")
    for name, usage in (("LUT4", found.lut4), ("FF", found.ff), ("EBR", found.ebr)):
        table.add_row(name, f"{usage.used:,}", f"{usage.available:,}")
    console.print(table)
    console.print(f"slowest path: {' → '.join(found.units())}", soft_wrap=True)
    path = Table("unit", "kind", "signal", "ns")
    for step in found.critical_path:
        path.add_row(step.unit, step.kind, Text(step.signal), f"{step.delay_ns:.2f}")
    console.print(path)
