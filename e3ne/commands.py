"""What the commands of `e3ne` do; each gives the exit status and raises E3neError for a user's mistake."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from e3ne import dataset
from e3ne.check import Check, check_model, check_printed, check_verilog, in_stream_order, run_verilog
from e3ne.compilation import compile_model, write
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.devices.parts import parts
from e3ne.dialects.snn import find_network
from e3ne.errors import E3neError
from e3ne.event_data import Binning
from e3ne.model_and_data import source_and_data
from e3ne.options import Options
from e3ne.output_folder import require_replaceable
from e3ne.report import (
    accuracy,
    add_checks,
    add_toggles,
    as_markdown,
    first_report,
    has_classes,
    updated,
)
from e3ne.summary import print_summary
from e3ne.terminal import progress, terminal

DIFFERENCE = 1


def compile_command(arguments: argparse.Namespace) -> int:
    """`e3ne compile`."""
    options = Options(**{option.name: getattr(arguments, option.name) for option in fields(Options)})
    options.check()
    require_replaceable(arguments.output_folder)
    with progress(Console(stderr=True)) as show:
        show("reading the model")
        source, training, test = source_and_data(arguments, options)
        compilation = compile_model(source, training, options, show)
        show("measuring accuracy and activity")
        report = first_report(compilation, test)
        show("writing")
        design = write(compilation, report, arguments.output_folder)
    print_summary(report, design.folder)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """`e3ne check`: exit status 1 if any level differs."""
    design = Design(arguments.out)
    console = terminal()
    images = _images(design, arguments.data).images
    checks: list[Check] = []
    with progress(Console(stderr=True)) as show:
        checks.append(check_model(design, images[: arguments.model_count], show))
        show("printed cycle model")
        checks.append(check_printed(design, images))
        checks.extend(check_verilog(design, images[: arguments.count], show))
    with updated(design) as report:
        add_checks(report, checks)
    table = Table("levels", "images", "streams", "beats", "differences")
    for found in checks:
        table.add_row(
            " = ".join(found.levels), *(f"{n:,}" for n in (found.images, found.streams, found.beats, found.differences))
        )
    console.print(table)
    for found in checks:
        if found.first:
            console.print(found.first, markup=False, highlight=False, soft_wrap=True)
    return DIFFERENCE if any(found.differences for found in checks) else 0


def _images(design: Design, data: Path | None) -> Dataset:
    """The images that the user gives, else a reference network's test images, else those of the calibration."""
    from e3ne.design import DATA

    plan = design.plan
    if data is not None:
        options = cast(dict[str, int], design.report["options"])
        images = dataset.read(data, "--data", Binning(plan.input_frames, options.get("bin_width", 0)))
    elif design.report.get("own_data"):
        images = dataset.reference(plan.name, training=False)
    else:
        images = dataset.read(design.folder / "ir" / DATA)
    if (shape := images.images.shape[1:]) != plan.data_shape:
        raise E3neError(f"images of shape {shape}, but {design.folder} takes {plan.data_shape}")
    return images


def simulate(arguments: argparse.Namespace) -> int:
    """`e3ne simulate`."""
    from e3ne.semantics.plan import OUTPUT
    from e3ne.semantics.snn import run_network

    design = Design(arguments.out)
    plan = design.plan
    data = _images(design, arguments.data).first(arguments.count)
    console = terminal()
    bits = plan.pack(data.images)
    if arguments.engine == "snn":
        outputs = in_stream_order(run_network(design.integer, data.images).outputs[0], len(data.images))
    else:
        values = plan.run(bits)
        schedule = plan.schedule(data.size, None, None, values)
        ends = schedule.times[OUTPUT][:, -1]
        outputs = values[OUTPUT].reshape(data.size, -1)
        if arguments.engine == "verilog":
            with progress(Console(stderr=True)) as show:
                found = run_verilog(design.verilog, plan, bits, schedule, None, None, show)
            trace = found.traces[OUTPUT]
            if len(trace.transfers) != data.size * plan.output_beats:
                raise E3neError(f"the Verilog stopped ({found.stop}) after {len(trace.transfers)} output beats")
            ends = trace.transfers.reshape(data.size, -1)[:, -1]
            (last,) = (stream for stream in plan.streams if stream.consumer == plan.stages[-1].name)
            outputs = _results(trace.data, plan.output_bits, outputs, is_signed=last.bits < 0)
        console.print(f"last output beat in cycles {' '.join(str(cycle) for cycle in ends)}", soft_wrap=True)
    for number, result in enumerate(outputs):
        label = "" if data.labels is None else f"   label {data.labels[number]}"
        console.print(f"image {number}: {' '.join(str(value) for value in result)}{label}", soft_wrap=True)
    if data.labels is not None and has_classes(find_network(design.integer)):
        console.print(f"correct: {accuracy(outputs, data.labels)} %")
    return 0


def _results(
    data: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    bus: int,
    like: np.ndarray[tuple[int, ...], np.dtype[np.integer]],
    *,
    is_signed: bool,
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Output beats as numbers, as many an image as `like` has."""
    bits = np.unpackbits(data, axis=1, bitorder="little")[:, :bus]
    container = bits.size // like.size
    fields_ = bits.reshape(*like.shape, container).astype(np.int64)
    weights = 1 << np.arange(container, dtype=np.int64)
    if is_signed:
        weights[-1] = -weights[-1]
    return fields_ @ weights


def toggles(arguments: argparse.Namespace) -> int:
    """`e3ne toggles`."""
    from e3ne.toggles import measure, table

    design = Design(arguments.out)
    images = _images(design, arguments.data).first(arguments.count).images
    with progress(Console(stderr=True)) as show:
        found = measure(design, images, show)
    with updated(design) as report:
        add_toggles(report, found)
    terminal().print(table(report))
    return 0


def synth(arguments: argparse.Namespace) -> int:
    """`e3ne synth`."""
    from e3ne.backends.synthesis.command import run

    return run(arguments)


def show(arguments: argparse.Namespace) -> int:
    """`e3ne report`."""
    design = Design(arguments.out)
    report = design.report
    print_summary(report, design.folder)
    terminal().print(Markdown(as_markdown(report)))
    return 0


def explore(arguments: argparse.Namespace) -> int:
    """`e3ne explore`."""
    from e3ne.exploration.command import run

    return run(arguments)


def compare(arguments: argparse.Namespace) -> int:
    """`e3ne compare`."""
    from e3ne.comparison.command import run

    return run(arguments)


def calibrate(arguments: argparse.Namespace) -> int:
    """`e3ne calibrate`."""
    from e3ne.calibration.command import run

    return run(arguments)


def fuzz(arguments: argparse.Namespace) -> int:
    """`e3ne fuzz`."""
    from e3ne.verification.command import run

    return run(arguments)


def models(arguments: argparse.Namespace) -> int:
    """`e3ne models`."""
    from e3ne.models import zoo

    del arguments
    table = Table("name", "input", "description")
    for entry in zoo.entries():
        table.add_row(entry.name, "×".join(str(size) for size in entry.input_shape), entry.description)
    terminal().print(table)
    return 0


def devices(arguments: argparse.Namespace) -> int:
    """`e3ne devices`."""
    del arguments
    table = Table("part", "family", "LUT", "FF", "BRAM36", "UltraRAM", "DSP")
    for name, found in parts().items():
        counts = (found.lut, found.ff, found.bram36, found.uram, found.dsp)
        table.add_row(name, found.family, *(f"{count:,}" for count in counts))
    terminal().print(table)
    return 0
