"""Toggles of a design's signals on images, by unit: a measure of its activity, from a simulation of the Verilog."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from e3ne.backends.testbench.saif import Instance, parse_saif
from e3ne.backends.testbench.toggles import toggles_by_unit
from e3ne.backends.testbench.wrapper import TESTBENCH
from e3ne.check import Progress, run_verilog
from e3ne.design import Design, Report
from e3ne.errors import E3neError

PLACES = 1
"""Decimals of toggles an image."""


@dataclass(frozen=True)
class Toggles:
    """Toggles of all images together: of each unit, and of what the top module drives itself between units."""

    images: int
    units: Mapping[str, int]
    between_units: int

    @property
    def total(self) -> int:
        """Of the whole design."""
        return sum(self.units.values()) + self.between_units

    def as_report(self) -> dict[str, object]:
        """The entry of report.json, an image."""
        return {
            "images": self.images,
            "total": round(self.total / self.images, PLACES),
            "between_units": round(self.between_units / self.images, PLACES),
            "units": {name: round(count / self.images, PLACES) for name, count in self.units.items()},
        }


def measure(design: Design, images: NDArray[np.float32], progress: Progress) -> Toggles:
    """Simulates the Verilog at full speed on images, which are N×C×H×W and at least one, and counts.

    Raises E3neError if the Verilog does not give all results, or differs in its units from the report.
    """
    plan = design.plan
    bits = plan.pack(images)
    schedule = plan.schedule(len(images), None, None, plan.run(bits))
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        progress("building the simulation")
        found = run_verilog(design.verilog, plan, bits, schedule, None, None, progress, folder)
        if found.stop != "complete":
            raise E3neError(f"the Verilog stopped ({found.stop}) after {found.cycles} cycles without all results")
        progress("counting")
        run, start = (_top(folder / name) for name in ("run.saif", "start.saif"))
    units, between = toggles_by_unit(design.verilog, plan.name, run, start)
    # In the order of the report, which is that of the dataflow.
    names = [str(unit["name"]) for unit in _units(design.report)]
    if set(names) != set(units):
        differing = ", ".join(sorted(set(names) ^ set(units)))
        raise E3neError(f"the units of {design.verilog} are not those of the report: {differing}")
    return Toggles(len(images), {name: units[name] for name in names}, between)


def _top(path: Path) -> Instance:
    return parse_saif(path.read_text(encoding="utf-8")).at("TOP", TESTBENCH, "dut")


def _units(report: Report) -> list[dict[str, object]]:
    return cast(list[dict[str, object]], report["units"])


def table(report: Report) -> Table:
    """Toggles and counted energy an image, unit by unit; the report must have its toggles."""
    found = cast(dict[str, object], report["toggles"])
    counts = cast(dict[str, float], found["units"])
    energies = {str(unit["name"]): cast(float, unit.get("energy_pj", 0)) for unit in _units(report)}
    result = Table("unit", title=f"{report['network']}, {found['images']} images")
    for column in ("toggles an image", "share", "counted energy, pJ"):
        result.add_column(column, justify="right")
    total = cast(float, found["total"])
    rows = [(name, count, f"{energies[name]:,.0f}") for name, count in counts.items()]
    if found["between_units"]:
        rows.append(("between units", cast(float, found["between_units"]), ""))
    for name, count, energy in rows:
        result.add_row(name, f"{count:,.0f}", f"{100 * count / total if total else 0:.1f} %", energy)
    result.add_section()
    result.add_row("sum", f"{total:,.0f}", "100.0 %" if total else "", f"{sum(energies.values()):,.0f}")
    return result
