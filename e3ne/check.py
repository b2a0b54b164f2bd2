"""The comparison of the levels: integer network, cycle model (printed too), Verilog; every stream, every beat."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import Cycles, Schedule
from e3ne.backends.cycle_model.command import traces
from e3ne.backends.testbench.compare import Expected, count_differences, first_difference
from e3ne.backends.testbench.simulate import simulate
from e3ne.backends.testbench.streams import Simulation, Stimulus, StreamProbe
from e3ne.design import Design
from e3ne.semantics.plan import INPUT, OUTPUT, Plan, StreamInfo, pack_beats
from e3ne.semantics.snn import run_network
from e3ne.units.layout import Values

Images = NDArray[np.float32]
Progress = Callable[[str], None]

CHUNK = 100
"""Images that are compared at once: what bounds the memory."""
PRINTED_IMAGES = 16
STALLED_IMAGES = 12
"""Images of the run with gaps in the input and back-pressure at the output."""


@dataclass(frozen=True)
class Check:
    """One comparison: how much was compared, how many beats differ, and the first difference as a sentence."""

    levels: tuple[str, ...]
    images: int
    streams: int
    beats: int
    differences: int
    first: str = ""
    cycles_per_second: float = 0

    def as_report(self) -> dict[str, object]:
        """The entry of report.json."""
        return {**asdict(self), "levels": list(self.levels)}


def check_model(design: Design, images: Images, progress: Progress) -> Check:
    """The cycle model's values against the integer network's: its results, and every stream that carries a layer."""
    streams = beats = differences = 0
    first = ""
    for start in range(0, len(images), CHUNK):
        progress(f"integer network = cycle model: {start} of {len(images)} images")
        pairs = list(_pairs(design, images[start : start + CHUNK]))
        streams, beats = len(pairs), beats + sum(pair.beats for pair in pairs)
        for pair in pairs:
            wrong = np.argwhere(pair.got != pair.expected)
            differences += len(wrong)
            if len(wrong) and not first:
                first = pair.message(tuple(int(number) for number in wrong[0]), start)
    return Check(("snn", "cycles"), len(images), streams, beats, differences, first)


@dataclass(frozen=True, eq=False)
class _Pair:
    """What a unit gives, as the integer network says and as the cycle model says; both have the images first."""

    unit: str
    what: str
    axes: tuple[str, ...]
    beats: int
    expected: NDArray[np.generic]
    got: NDArray[np.generic]

    def message(self, place: tuple[int, ...], start: int) -> str:
        """One line for the user; `start` images came before these."""
        inside = ", ".join(f"{axis} {number}" for axis, number in zip(self.axes, place[1:], strict=True))
        return (
            f"unit '{self.unit}' differs from the integer network ({self.what}): image {start + place[0]}, {inside}: "
            f"expected {self.expected[place]}, got {self.got[place]}"
        )


def _pairs(design: Design, images: Images) -> Iterator[_Pair]:
    plan, count = design.plan, len(images)
    wanted = run_network(design.integer, images, keep=True)
    found = plan.run(plan.pack(images))
    for stream in plan.streams:
        if stream.value:
            layer, _, kind = stream.value.partition("/")
            values = stream.decode(found[stream.name])
            expected = wanted.values[layer, kind].reshape(values.shape)
            axes = ("channel", "row", "column")
            yield _Pair(stream.producer, stream.value, axes, stream.beats * count, expected, values)
    results, given = in_stream_order(wanted.outputs[0], count), found[OUTPUT].reshape(count, -1)
    yield _Pair(plan.stages[-1].name, "results", ("number",), plan.output_beats * count, results, given)


def in_stream_order(results: NDArray[np.generic], images: int) -> NDArray[np.generic]:
    """Results of the integer network as the hardware gives them, (images, results): maps pixel by pixel."""
    ordered = results.transpose(0, 2, 3, 1) if results.ndim == 4 else results
    return ordered.reshape(images, -1)


def check_printed(design: Design, images: Images) -> Check:
    """The printed cycle model, run as a program, against the one in this process."""
    images, plan = images[:PRINTED_IMAGES], design.plan
    expected = traces(plan, plan.pack(images))
    levels = ("cycles", "printed cycles")
    streams = len(plan.streams) + 2
    beats = len(images) * (sum(s.beats for s in plan.streams) + plan.input_beats + plan.output_beats)
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        data, output = Path(folder) / "images.npy", Path(folder) / "traces.npz"
        np.save(data, images)
        command = [sys.executable, str(design.folder / "cycle_model.py"), str(data)]
        run = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True, check=False)
        if run.returncode or not output.is_file():
            lines = run.stderr.strip().splitlines() or ["no message"]
            return Check(levels, len(images), streams, beats, beats, f"cycle_model.py failed: {lines[-1]}")
        with np.load(output) as found:
            wrong = {name: _differing_beats(values, found.get(name)) for name, values in expected.items()}
    first = next((f"cycle_model.py gives another {name}" for name, count in wrong.items() if count), "")
    return Check(levels, len(images), streams, beats, sum(wrong.values()), first)


def _differing_beats(expected: Values, found: Values | None) -> int:
    """Beats of (images, beats, ...) that differ; all of them if the shapes do."""
    if found is None or found.shape != expected.shape:
        return expected.shape[0] * expected.shape[1]
    return int((found != expected).reshape(*expected.shape[:2], -1).any(axis=2).sum())


def check_verilog(design: Design, images: Images, progress: Progress) -> Iterator[Check]:
    """The Verilog against the cycle model: at full speed, then with gaps in the input and back-pressure."""
    plan = design.plan
    yield _verilog(design, images, None, ("cycles", "verilog"), progress)
    few = images[:STALLED_IMAGES]
    yield _verilog(design, few, pauses(plan, len(few)), ("cycles", "verilog with gaps and back-pressure"), progress)


def pauses(plan: Plan, images: int) -> tuple[Cycles, Cycles]:
    """Gaps before input beats and stalls of output beats, in cycles: random, always the same."""
    generator = np.random.default_rng(1)
    interval, _ = plan.speed()
    gaps = generator.integers(1, 40, images * plan.input_beats) * (generator.random(images * plan.input_beats) < 0.3)
    stalls = generator.integers(0, 2 * interval // plan.output_beats + 2, images * plan.output_beats)
    return gaps.astype(np.int64), stalls.astype(np.int64)


def _verilog(
    design: Design, images: Images, paused: tuple[Cycles, Cycles] | None, levels: tuple[str, ...], progress: Progress
) -> Check:
    plan = design.plan
    progress(f"{' = '.join(levels)}: building the simulation")
    gaps, stalls = paused or (None, None)
    values = plan.run(plan.pack(images))
    schedule = plan.schedule(len(images), gaps, stalls, values)
    expected = expectations(plan, values, schedule)
    simulation = run_verilog(design.verilog, plan, values[INPUT], schedule, gaps, stalls, progress)
    difference = first_difference(expected, simulation.traces)
    return Check(
        levels,
        len(images),
        len(expected),
        sum(len(stream.transfers) for stream in expected),
        count_differences(expected, simulation.traces),
        "" if difference is None else difference.message(),
        simulation.cycles / simulation.seconds if simulation.seconds else 0,
    )


def run_verilog(
    verilog: Path,
    plan: Plan,
    bits: Values,
    schedule: Schedule,
    gaps: Cycles | None,
    stalls: Cycles | None,
    progress: Progress,
    saif_dir: Path | None = None,
) -> Simulation:
    """Simulates the Verilog on the bits of the input bus (images, beats, bus); toggles go to the folder `saif_dir`."""
    return simulate(
        verilog,
        plan.name,
        probes(plan),
        replace(stimulus(plan, bits, gaps, stalls), least_cycles=schedule.end),
        input_width=plan.input_bits,
        output_width=plan.output_bits,
        max_cycles=2 * schedule.end + 10000,
        progress=lambda cycles, beats: progress(f"Verilog: {cycles} cycles, {beats // plan.output_beats} images"),
        saif_dir=saif_dir,
    )


def probes(plan: Plan) -> list[StreamProbe]:
    """The streams that are watched inside the top module."""
    return [StreamProbe(stream.name, stream.width) for stream in plan.streams]


def stimulus(plan: Plan, bits: Values, gaps: Cycles | None = None, stalls: Cycles | None = None) -> Stimulus:
    """What the testbench does, for the bits of the input bus (images, beats, bus)."""
    images = len(bits)
    return Stimulus(
        pack_beats(bits.reshape(-1, plan.input_bits), 1),
        np.zeros(images * plan.input_beats, np.int32) if gaps is None else gaps.astype(np.int32),
        np.zeros(images * plan.output_beats, np.int32) if stalls is None else stalls.astype(np.int32),
    )


def expectations(plan: Plan, values: Mapping[str, Values], schedule: Schedule) -> list[Expected]:
    """What every stream must do, in topological order, the two buses included."""
    result = [_expected(schedule, INPUT, "testbench", plan.stages[0].name, plan.input_bits, 1, values[INPUT])]
    result.extend(_of_stream(schedule, stream, values[stream.name]) for stream in plan.streams)
    container = plan.output_bits // values[OUTPUT].shape[-1]
    # tlast stands above the data; it is 1 in an image's last beat.
    result.append(
        _expected(
            schedule,
            OUTPUT,
            plan.stages[-1].name,
            "testbench",
            values[OUTPUT].shape[-1],
            container,
            values[OUTPUT],
            last=True,
        )
    )
    return result


def _of_stream(schedule: Schedule, stream: StreamInfo, values: Values) -> Expected:
    return _expected(
        schedule, stream.name, stream.producer, stream.consumer, stream.lanes, abs(stream.bits), values, stream.bits < 0
    )


def _expected(
    schedule: Schedule,
    name: str,
    producer: str,
    consumer: str,
    lanes: int,
    width: int,
    values: Values,
    signed: bool = False,
    last: bool = False,
) -> Expected:
    beats = values.shape[1]
    flat = values.reshape(-1, lanes)
    bits = ((flat.astype(np.int64)[..., None] >> np.arange(width)) & 1).astype(np.uint8).reshape(len(flat), -1)
    if last:
        marks = (np.arange(len(flat)) % beats == beats - 1).astype(np.uint8)
        bits = np.concatenate([bits, marks[:, None]], axis=1)
    return Expected(
        name,
        producer,
        consumer,
        beats,
        lanes,
        width,
        signed,
        schedule.offers(name).reshape(-1),
        schedule.times[name].reshape(-1),
        np.packbits(bits, axis=-1, bitorder="little"),
    )
