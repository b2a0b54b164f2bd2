"""The front for people and programs: a table, front.csv, explore.svg."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from rich.table import Table

from e3ne.exploration.point import Point
from e3ne.exploration.state import State
from e3ne.files import save_figure, write_whole

COLUMNS = ("name", "accuracy", "latency", "interval", "lut", "ff", "bram36", "energy_nj", "spikes", "command")
TABLE = "front.csv"
PLOT = "explore.svg"


def table_of(front: Sequence[Point], state: State) -> Table:
    """The front, by latency."""
    reference = "" if state.float_accuracy is None else f", float network {state.float_accuracy} %"
    table = Table(
        title=f"{state.about['model']}: {len(front)} of {len(state.points)} points are on the front{reference}"
    )
    for head in ("point", "%", "latency", "interval", "LUT*", "FF*", "BRAM*", "nJ**"):
        table.add_column(head, justify="left" if head == "point" else "right", no_wrap=head != "point")
    for p in front:
        correct = "" if p.accuracy is None else f"{p.accuracy:.2f}"
        counts = (f"{n:,}" for n in (p.latency, p.interval, p.lut, p.ff))
        table.add_row(p.name, correct, *counts, f"{p.bram36:g}", f"{p.energy_nj:,.1f}")
    table.caption = (
        "%: accuracy   latency, interval: cycles that no image exceeds   * estimated before synthesis, "
        "BRAM of 36 kbit   ** energy of an image, a relative measure: "
        "45 nm, without clock and leakage"
    )
    return table


def as_csv(front: Sequence[Point]) -> str:
    """The front with a line of names, and the command that builds each point."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(point, name) for name in COLUMNS] for point in front)
    return text.getvalue()


def write_outputs(state: State) -> list[str]:
    """Writes front.csv, and explore.svg where matplotlib is there; the names of what was written. Raises E3neError."""
    write_whole(state.folder / TABLE, as_csv(state.front))
    if not state.points or find_spec("matplotlib") is None:
        return [TABLE]
    _plot(state, state.folder / PLOT)
    return [TABLE, PLOT]


def _plot(state: State, path: Path) -> None:
    """Latency and energy against LUTs, coloured by accuracy; points behind the front in grey."""
    from matplotlib.figure import Figure

    front = state.front
    # matplotlib's annotations are partial.
    figure: Any = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, name, label in ((left, "latency", "latency, cycles"), (right, "energy_nj", "energy, nJ an image")):
        axes.scatter([p.lut for p in state.points], [getattr(p, name) for p in state.points], s=12, c="lightgrey")
        colours = [p.accuracy or 0.0 for p in front]
        shown = axes.scatter([p.lut for p in front], [getattr(p, name) for p in front], s=28, c=colours)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("LUTs, estimated")
        axes.set_ylabel(label)
        axes.grid(visible=True, which="both", alpha=0.3)
        if name == "energy_nj":
            figure.colorbar(shown, ax=axes, label="accuracy, %")  # pyright: ignore[reportUnknownMemberType]
    figure.suptitle(f"{state.about['model']}: {len(front)} points on the front, {len(state.points)} in all")  # pyright: ignore[reportUnknownMemberType]
    save_figure(path, figure)
