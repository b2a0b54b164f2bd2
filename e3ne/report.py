"""report.json and report.md: what a compilation found, what was measured, what was compared.

report.json is a public interface (docs/report.md). What was not run is absent, never zero.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from e3ne.analysis.activity import spikes, synaptic_operations
from e3ne.analysis.energy import energy_of, energy_of_unit
from e3ne.analysis.float_differences import FloatDifferences, float_differences
from e3ne.backends.place_and_route.nextpnr import SPEED_GRADE
from e3ne.backends.place_and_route.timing import Routed
from e3ne.check import Check
from e3ne.choice.account import PLACES, kept
from e3ne.compilation import Compilation
from e3ne.dataset import Dataset
from e3ne.design import MARKER, SCHEMA, Design, Report, place_of
from e3ne.devices.parts import part
from e3ne.dialects.dataflow import FlattenOp, GraphOp, MatvecOp, UnitOp, units_of
from e3ne.dialects.snn import ArgmaxOp, NetworkOp, find_network, frames_of, shape_of
from e3ne.errors import E3neError
from e3ne.files import write_whole
from e3ne.idle_options import idle_options
from e3ne.output_folder import locked
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import Plan
from e3ne.semantics.snn import run_float, run_network
from e3ne.toggles import Toggles
from e3ne.units.registry import unit_for

SPIKE_IMAGES = 100
"""Images over which spikes and synaptic operations are averaged, and cycles that depend on them."""


def first_report(compilation: Compilation, test: Dataset) -> Report:
    """The report of a compilation: cycles, estimates, accuracy on the test images."""
    graph = find_graph(compilation.modules["buffered"])
    design = plan(graph)
    interval, latency = design.speed()
    # A network that came tuned was trained on all images; calibration alone uses fewer.
    seen = compilation.training if compilation.source.tuned else compilation.calibration
    family = part(compilation.options.device).family
    units = [_unit(unit, family) for unit in units_of(graph) if not isinstance(unit, FlattenOp)]
    report: Report = {
        "schema": SCHEMA,
        "network": compilation.source.name,
        "neurons": "integrate_and_fire" if compilation.is_temporal else "requantize",
        **_time_steps(compilation),
        "options": _options(compilation),
        "device": asdict(part(compilation.options.device)),
        "own_data": compilation.source.own_data,
        "calibration": {"images": seen.size, "origin": seen.origin},
        "latency_cycles": latency,
        "interval_cycles": interval,
        "choice": kept(graph) or {},
        "resources": {"estimated": _total(units)},
        "energy": _energy(graph),
        "units": units,
        "checks": [],
        "compile_seconds": {name: round(seconds, 3) for name, seconds in compilation.seconds.items()},
    }
    if design.is_data_dependent:
        report["on_data"] = _on_data(design, test)
    integer = compilation.modules["integer"]
    network = find_network(integer)
    if test.labels is not None and has_classes(network):
        report["accuracy"] = _accuracy(compilation, test)
    if compilation.source.is_spiking and not compilation.source.is_quantized:
        images, steps = test.images[:SPIKE_IMAGES], compilation.time_steps
        add_float_differences(
            report, float_differences(compilation.source.reference, integer, images, steps), test.origin
        )
    run = run_network(integer, test.images[:SPIKE_IMAGES], keep=True)
    report["spikes"] = spikes(run, network)
    report["synaptic_operations"] = synaptic_operations(run, network)
    return report


def _time_steps(compilation: Compilation) -> dict[str, int]:
    """T, if it is one for the whole network: not where layers, or quantisers of a trained network, have their own."""
    if compilation.source.is_quantized or compilation.options.steps_by_layer:
        return {}
    return {"time_steps": compilation.time_steps if compilation.is_temporal else compilation.options.steps}


def _options(compilation: Compilation) -> dict[str, object]:
    """The options; those that the network has no use for are absent."""
    given = asdict(compilation.options)
    takes_spikes = compilation.training.time_steps > 0
    unused = idle_options(compilation.form, compilation.options, takes_spikes=takes_spikes)
    used: dict[str, object] = {name: value for name, value in given.items() if name not in unused}
    return {**used, "fine_tuned": compilation.source.tuned}


def _energy(graph: GraphOp) -> dict[str, float]:
    """Of an image: what the choice minimises where energy is its objective, and of what it is made."""
    found = energy_of(graph)
    return {
        "total_pj": round(found.total_pj, PLACES),
        "addition_pj": round(found.addition_pj, PLACES),
        "memory_pj": round(found.memory_pj, PLACES),
        "additions": round(found.additions, 1),
        "weight_bits": round(found.weight_bits, 1),
        "buffer_bits": round(found.buffer_bits, 1),
    }


def _on_data(design: Plan, test: Dataset) -> dict[str, object]:
    """Cycles that test images need, where latency and interval are no more than what none exceeds."""
    images = test.images[:SPIKE_IMAGES]
    found = design.measure(design.run(design.pack(images)))
    entry: dict[str, object] = {
        "images": found.images,
        "origin": test.origin,
        "latency_cycles": round(found.latency, 1),
        "largest_latency_cycles": found.largest_latency,
    }
    return entry if found.interval is None else {**entry, "interval_cycles": round(found.interval, 1)}


def _accuracy(compilation: Compilation, test: Dataset) -> dict[str, object]:
    """Percent of the test images that each network classifies correctly."""
    assert test.labels is not None
    whole = run_network(compilation.modules["integer"], test.images).outputs[0]
    found: dict[str, object] = {
        "samples": test.size,
        "origin": test.origin,
        "integer": accuracy(whole, test.labels),
    }
    if compilation.source.is_quantized:
        return found
    steps = compilation.time_steps if compilation.source.is_spiking else 1
    real = run_float(compilation.source.reference, test.images, time_steps=steps).outputs[0]
    return {**found, "float": accuracy(real, test.labels)}


def add_float_differences(report: Report, found: FloatDifferences, origin: str) -> None:
    """Puts in what quantisation changes in a spiking network; predictions are absent where there are none."""
    report["float_differences"] = {"origin": origin, **cast(dict[str, object], _without_none(asdict(found)))}


def _without_none(value: object) -> object:
    match value:
        case dict():
            entries = cast(dict[str, object], value)
            return {key: _without_none(inner) for key, inner in entries.items() if inner is not None}
        case list() | tuple():
            return [_without_none(inner) for inner in cast(Sequence[object], value)]
        case _:
            return value


def has_classes(network: NetworkOp) -> bool:
    """Whether a network tells a class: several scores an image, or the index of the best, and not in each time step."""
    (value,) = network.outputs
    scores = value.owner.input if isinstance(value.owner, ArgmaxOp) else value
    return frames_of(value.type) == 1 and math.prod(shape_of(scores.type)) > 1


def accuracy(outputs: NDArray[np.generic], labels: NDArray[np.int64]) -> float:
    """Percent of correct classes, from scores (N, classes) or classes (N, 1); the lowest class wins a tie."""
    scores = outputs.reshape(len(outputs), -1)
    classes = scores[:, 0] if scores.shape[1] == 1 else scores.argmax(axis=1)
    return round(100 * float((classes == labels).mean()), 3)


def _unit(op: UnitOp, family: str) -> dict[str, object]:
    cost = unit_for(op).cost(op, family)
    folding: dict[str, int] = {}
    implementation = ""
    if isinstance(op, MatvecOp):
        implementation = op.implementation.data
        folding = {
            "outputs": op.output_lanes.value.data,
            "inputs": op.input_lanes.value.data,
            "steps": op.parallel_steps.value.data,
        }
    return {
        "name": op.unit_name,
        "layer": op.layer.data,
        "kind": op.name.removeprefix("dataflow."),
        "implementation": implementation,
        "folding": folding,
        "cycles": cost.cycles,
        "energy_pj": round(energy_of_unit(op).total_pj, PLACES),
        "estimated": {"lut": round(cost.lut), "ff": round(cost.ff), "bram36": cost.bram36},
    }


def _total(units: list[dict[str, object]]) -> dict[str, float]:
    estimates = [cast(dict[str, float], unit["estimated"]) for unit in units]
    total = {key: sum(estimate[key] for estimate in estimates) for key in ("lut", "ff", "bram36")}
    return {**total, "uram": 0, "dsp": 0}


def add_checks(report: Report, checks: list[Check]) -> None:
    """Puts comparisons in, in place of earlier ones of the same levels."""
    entries = cast(list[dict[str, object]], report.setdefault("checks", []))
    done = [list(check.levels) for check in checks]
    kept = [entry for entry in entries if entry["levels"] not in done]
    report["checks"] = [*kept, *(check.as_report() for check in checks)]


def add_synthesis(
    report: Report, family: str, whole: Mapping[str, object], units: Mapping[str, Mapping[str, object]]
) -> None:
    """Puts a synthesis result in, for the design and for its units."""
    resources = cast(dict[str, dict[str, object]], report.setdefault("resources", {}))
    resources.setdefault("synthesised", {})[family] = dict(whole)
    for unit in cast(list[dict[str, object]], report["units"]):
        if unit["name"] in units:
            cast(dict[str, object], unit.setdefault("synthesised", {}))[family] = dict(units[str(unit["name"])])


def add_place_and_route(report: Report, part: str, target_mhz: int, found: Routed) -> None:
    """Puts the result of place and route on a part in."""
    entries = cast(dict[str, object], report.setdefault("place_and_route", {}))
    path = [asdict(step) for step in found.critical_path]
    entries[part] = {
        "speed_grade": SPEED_GRADE,
        "target_mhz": target_mhz,
        **asdict(found),
        "critical_path": path,
        "units": found.units(),
    }


def add_toggles(report: Report, found: Toggles) -> None:
    """Puts the toggles of a simulation in, in place of earlier ones."""
    report["toggles"] = found.as_report()


def as_markdown(report: Report) -> str:
    """The report for people."""
    environment = Environment(
        loader=PackageLoader("e3ne", "templates"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.md.j2").render(report=report)


def save(report: Report, folder: Path) -> None:
    """Writes report.json and report.md, each at once; raises E3neError."""
    for name, text in {MARKER: json.dumps(report, indent=1) + "\n", "report.md": as_markdown(report)}.items():
        write_whole(folder / name, text)


@contextmanager
def updated(design: Design) -> Generator[Report]:
    """The report to put results in, saved when the block ends; commands that run at once take turns.

    Raises E3neError if the results are not of the design that is there now.
    """
    with locked(design.folder):
        if design.place != place_of(design.folder):
            raise E3neError(f"{design.folder} was compiled anew meanwhile: results of the former design are not kept")
        report = design.report
        yield report
        save(report, design.folder)
