"""A comparison for people and programs: a table, compare.json, compare.svg."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from e3ne.comparison.entry import Entry
from e3ne.files import remove, save_figure, write_whole

STATE = "compare.json"
PLOT = "compare.svg"
SCHEMA = 1


def table_of(entries: Sequence[Entry], about: Mapping[str, object]) -> Table:
    """A row for each entry, in the order of measurement."""
    reference = about["float_accuracy"]
    title = f"{about['model']}, weights of {about['weight_bits']} bits"
    table = Table(title=title if reference is None else f"{title}; float network {reference} %")
    for head in ("encoding", "T", "%", "spikes", "synaptic operations", "trains"):
        table.add_column(head, justify="left" if head in ("encoding", "trains") else "right", no_wrap=head != "trains")
    for entry in entries:
        if entry.reason:
            table.add_row(entry.encoding, str(entry.steps), "", "", "", Text(entry.reason))
            continue
        correct = "" if entry.accuracy is None else f"{entry.accuracy:.2f}{'*' if entry.tuned else ''}"
        numbers = (f"{number or 0:,.0f}" for number in (entry.spikes, entry.synaptic_operations))
        table.add_row(entry.encoding, str(entry.steps), correct, *numbers, Text(", ".join(entry.trains)))
    table.caption = (
        f"%: accuracy on {about['samples']:,} images ({about['origin']}); spikes and operations: means of the first "
        f"{about['counted']}   * weights fine-tuned for this precision, all others calibrated only"
    )
    return table


def write_outputs(folder: Path, entries: Sequence[Entry], about: Mapping[str, object]) -> list[str]:
    """Writes compare.json, and compare.svg where matplotlib is there; the names of what was written. E3neError."""
    content = {"schema": SCHEMA, **about, "entries": [asdict(entry) for entry in entries]}
    write_whole(folder / STATE, json.dumps(content, indent=1) + "\n")
    measured = [entry for entry in entries if entry.accuracy is not None]
    has_plot = bool(measured) and find_spec("matplotlib") is not None
    if not has_plot:
        remove(folder / PLOT)
        return [STATE]
    _plot(folder / PLOT, measured, about)
    return [STATE, PLOT]


def _plot(path: Path, entries: Sequence[Entry], about: Mapping[str, object]) -> None:
    """Accuracy against time steps and against synaptic operations, a line for each encoding."""
    from matplotlib.figure import Figure

    # matplotlib's annotations are partial.
    figure: Any = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, name, label in (
        (left, "steps", "time steps T"),
        (right, "synaptic_operations", "synaptic operations an image"),
    ):
        for encoding in dict.fromkeys(entry.encoding for entry in entries):
            own = [entry for entry in entries if entry.encoding == encoding]
            axes.plot([getattr(e, name) for e in own], [e.accuracy for e in own], marker="o", label=encoding)
        if about["float_accuracy"] is not None:
            axes.axhline(about["float_accuracy"], linestyle="--", color="grey", label="float")
        axes.set_xscale("log", base=2 if name == "steps" else 10)
        axes.set_xlabel(label)
        axes.set_ylabel("accuracy, %")
        axes.grid(visible=True, which="both", alpha=0.3)
    left.legend()
    figure.suptitle(f"{about['model']}, weights of {about['weight_bits']} bits")  # pyright: ignore[reportUnknownMemberType]
    save_figure(path, figure)
