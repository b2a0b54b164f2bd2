"""What the commands of `e3ne` do; each gives the exit status and raises E3neError for a user's mistake."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import cast

import numpy as np
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from e3ne import dataset
from e3ne.backends.synthesis.cells import Family
from e3ne.check import Check, Progress, check_model, check_printed, check_verilog, in_stream_order, run_verilog
from e3ne.compilation import compile_model, write
from e3ne.dataset import Dataset
from e3ne.design import Design, Report
from e3ne.devices.parts import parts
from e3ne.dialects.snn import find_network
from e3ne.errors import E3neError
from e3ne.event_data import Binning
from e3ne.model_and_data import source_and_data
from e3ne.options import ROUTED_CLOCK_MHZ, Options
from e3ne.output_folder import require_replaceable
from e3ne.report import (
    accuracy,
    add_checks,
    add_place_and_route,
    add_synthesis,
    add_toggles,
    as_markdown,
    first_report,
    has_classes,
    updated,
)
from e3ne.terminal import terminal

DIFFERENCE = 1


@contextmanager
def progress(console: Console) -> Generator[Progress]:
    """Shows what is being done, on stderr, where it does not mix with results."""
    with console.status("") as status:
        yield lambda text: status.update(escape(text))


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
    _print_summary(report, design.folder)
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
    from dataclasses import asdict

    from e3ne.backends.synthesis.yosys import synthesise, synthesise_modules

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
    from e3ne.backends.place_and_route.nextpnr import PARTS

    name = cast(dict[str, str], report["device"])["name"]
    return name if name in PARTS else PARTS[-1]


def _place_and_route(design: Design, part: str, target_mhz: int, attempts: int) -> None:
    from e3ne.backends.place_and_route.nextpnr import place_and_route
    from e3ne.backends.place_and_route.registered import top_ports

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


def show(arguments: argparse.Namespace) -> int:
    """`e3ne report`."""
    design = Design(arguments.out)
    report = design.report
    _print_summary(report, design.folder)
    terminal().print(Markdown(as_markdown(report)))
    return 0


def _print_summary(report: Report, folder: Path) -> None:
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
