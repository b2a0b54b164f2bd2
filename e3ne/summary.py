"""The summary of a design: the table that `e3ne compile` and `e3ne report` print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from rich.table import Table

from e3ne.design import Report
from e3ne.terminal import terminal


def print_summary(report: Report, folder: Path) -> None:
    """Prints the report of a design in `folder`, in a few lines."""
    console = terminal()
    table = Table(show_header=False, title=f"{report['network']}")
    data = cast(dict[str, float], report.get("on_data", {}))
    cycles = f"{report['latency_cycles']:,}, {report['interval_cycles']:,} cycles"
    table.add_row("latency, interval", f"at most {cycles}" if data else cycles)
    if data:
        interval = f", {data['interval_cycles']:,}" if "interval_cycles" in data else ""
        table.add_row("on the data", f"{data['latency_cycles']:,}{interval} cycles on average of {data['images']}")
    choice = cast(dict[str, int | float | str], report["choice"])
    sums = {"area": "LUTs and their like", "energy": "pJ an image"}
    unit = sums.get(str(choice["objective"]), "cycles at most" if data else "cycles")
    table.add_row(f"least {choice['objective']}", f"{choice['value']:,} {unit}; no choice is below {choice['bound']:,}")
    if "accuracy" in report:
        found = cast(dict[str, object], report["accuracy"])
        of = f" of {found['samples']} ({found['origin']})"
        if "float" in found:
            table.add_row("accuracy, float", f"{found['float']} %{of}")
        table.add_row("accuracy, integer", f"{found['integer']} %{'' if 'float' in found else of}")
    for row in _difference_rows(report):
        table.add_row(*row)
    resources = cast(dict[str, dict[str, object]], report["resources"])
    estimated = resources["estimated"]
    table.add_row("estimated", f"{estimated['lut']:,} LUT, {estimated['ff']:,} FF, {estimated['bram36']} BRAM36")
    if "energy" in report:
        energy = cast(dict[str, float], report["energy"])
        parts = f"additions {energy['addition_pj']:,.0f}, memories {energy['memory_pj']:,.0f}"
        table.add_row("energy, relative", f"{energy['total_pj']:,.0f} pJ an image ({parts})")
    for family, counts in cast(dict[str, dict[str, object]], resources.get("synthesised", {})).items():
        table.add_row(
            f"synthesised, {family}",
            f"{counts['lut']:,} LUT, {counts['ff']:,} FF, {counts['bram36']} BRAM36, {counts['dsp']} DSP",
        )
    for name, found in cast(dict[str, dict[str, object]], report.get("place_and_route", {})).items():
        table.add_row(f"placed and routed, {name}", f"{found['clock_mhz']} MHz")
    table.add_row("files", f"{folder}: rtl/ ir/ testbench/ cycle_model.py report.json report.md")
    console.print(table)


def _difference_rows(report: Report) -> Iterator[tuple[str, str]]:
    """Of a network of integrate-and-fire neurons, what integers change: predictions, and spikes layer by layer."""
    if "float_differences" not in report:
        return
    found = cast(dict[str, object], report["float_differences"])
    if "predictions" in found:
        yield "other than float", f"predictions: {found['predictions']} of {found['samples']}"
    for layer in cast(list[dict[str, int]], found["layers"]):
        spikes = f"{layer['differing']:,} differ of {layer['float_spikes']:,}, {layer['own']:,} by the layer itself"
        yield f"spikes of {layer['layer']}", spikes
