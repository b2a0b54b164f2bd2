"""Runs designs at all levels and compares them: integer network, cycle model, Verilog; every stream, every cycle.

A Verilator build costs seconds whatever the size of a design, so several designs are put into one program: a batch is
a top module around them, whose input bus carries the number of the design that is meant above the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import Cycles
from e3ne.backends.testbench.compare import Difference, Expected, count_differences, first_difference
from e3ne.backends.testbench.simulate import simulate
from e3ne.backends.testbench.streams import Simulation, Stimulus, StreamProbe, StreamTrace
from e3ne.check import expectations
from e3ne.semantics.plan import INPUT, OUTPUT, Plan, StreamInfo
from e3ne.semantics.snn import run_network
from e3ne.units.layout import Values
from e3ne.verification.lowering import Lowered

TOP = "batch"
"""The module; simulators of batches are kept apart, so that many of them do not make a user's own be forgotten."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Run:
    """Images (codes), and the pauses at both ports in cycles."""

    codes: Values
    gaps: Cycles
    stalls: Cycles


def random_runs(design: Lowered, images: int, seed: int) -> list[Run]:
    """One run at full speed and one with gaps and back-pressure; an empty and a full image, then random ones."""
    rng, plan = np.random.default_rng(seed), design.plan
    known = known_codes(plan)
    codes = rng.choice(known, (images, *plan.data_shape))
    codes[0] = known[-1]
    codes[1:2] = 0
    taken = images * plan.input_beats
    gaps = rng.integers(0, 40, taken) * (rng.random(taken) < 0.3)
    quiet = np.zeros(taken, np.int64), np.zeros(images * plan.output_beats, np.int64)
    return [Run(codes, *quiet), Run(codes[::-1], gaps, _stalls(plan, images, rng))]


def _stalls(plan: Plan, images: int, rng: np.random.Generator) -> Cycles:
    """How long each output beat is withheld, in cycles: on average longer than the design needs, at the end shorter.

    As long as the output is slower, the waiting reaches every unit. Where it is faster, at the last image or half of
    the only one, beats come to units that are empty, while it waits or not: where beats are some cycles apart, others
    leave no room for that.
    """
    beats = images * plan.output_beats
    usual = plan.interval() // plan.output_beats
    light = rng.integers(0, 2 * usual + 3, beats) * (rng.random(beats) < 0.5)
    heavy = rng.integers(0, 6 * usual + 2, beats) * (rng.random(beats) < 0.7)
    parts = max(2, images)
    return np.where(np.arange(beats) * parts < beats * (parts - 1), heavy, light)


def known_codes(plan: Plan) -> Values:
    """What a pixel, or a number of spikes, can be; of rate-coded images the spikes of all steps."""
    known = np.array(plan.codes or range(1 << plan.steps), np.int64)
    return np.arange(plan.input_frames * known[-1] + 1, dtype=np.int64) if plan.rate_coded else known


def data_of(plan: Plan, codes: Values) -> NDArray[np.float64]:
    """The images whose codes these are, or the spikes themselves."""
    if plan.input_frames and not plan.rate_coded:
        return codes.astype(np.float64)
    unit = 1 / known_codes(plan)[-1] if plan.input_scale is None else plan.input_scale
    return codes.astype(np.float64) * unit


def differing_values(design: Lowered, codes: Values) -> list[str]:
    """Streams of the cycle model that differ from the integer network, by the values that they stand for."""
    plan, data = design.plan, data_of(design.plan, codes)
    wanted = run_network(design.integer, data, keep=True)
    found = plan.run(plan.pack(data))
    wrong: list[str] = []
    compared = 0
    for stream in plan.streams:
        if stream.value:
            layer, _, kind = stream.value.partition("/")
            values = stream.decode(found[stream.name])
            compared += 1
            if not np.array_equal(values, np.asarray(wanted.values[layer, kind]).reshape(values.shape)):
                wrong.append(stream.name)
    assert compared > 1, "hardly any stream stands for a value of the network"
    result = found[OUTPUT].reshape(len(codes), -1)
    if not np.array_equal(result, _in_stream_order(wanted.outputs[0], len(codes))):
        wrong.append(OUTPUT)
    return wrong


def _in_stream_order(values: NDArray[np.generic], images: int) -> NDArray[np.generic]:
    """Maps channel by channel → pixel by pixel, all frames of an image together."""
    ordered = values.transpose(0, 2, 3, 1) if values.ndim == 4 else values
    return ordered.reshape(images, -1)


@dataclass(frozen=True)
class Comparison:
    """The first difference in values, cycles or handshake; the streams that were offered in other cycles; the end.

    `beats` of all streams were compared, `differing` of them differ in value or cycle.
    """

    difference: Difference | None
    offered_otherwise: tuple[str, ...]
    stop: str
    beats: int
    differing: int

    @property
    def message(self) -> str:
        """What is wrong; empty if nothing is."""
        if self.difference is not None:
            return self.difference.message()
        if self.offered_otherwise:
            return f"offered in other cycles than predicted: {', '.join(self.offered_otherwise)}"
        return "" if self.stop == "complete" else f"the simulation ended with {self.stop}"


@dataclass(frozen=True, eq=False)
class Recorded:
    """What the Verilog of a design did: the trace of each stream, and how the simulation ended."""

    traces: Mapping[str, StreamTrace]
    stop: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the cycle model says of a run: every stream, and the cycle of the last event."""

    streams: Sequence[Expected]
    last: int

    @staticmethod
    def of(plan: Plan, run: Run) -> Prediction:
        """Runs the cycle model."""
        values = plan.run(plan.pack(data_of(plan, run.codes)))
        schedule = plan.schedule(len(run.codes), run.gaps, run.stalls, values)
        return Prediction(expectations(plan, values, schedule), schedule.end)

    def against(self, recorded: Recorded) -> Comparison:
        """The cycle model and what the Verilog did."""
        traces = recorded.traces
        early_or_late = tuple(
            stream.name for stream in self.streams if not np.array_equal(stream.offers, traces[stream.name].offers)
        )
        beats, differing = sum(len(s.transfers) for s in self.streams), count_differences(self.streams, traces)
        return Comparison(first_difference(self.streams, traces), early_or_late, recorded.stop, beats, differing)


class Batch:
    """Designs with different names in one Verilog folder; built when it is first run.

    With `ports_only` streams inside the designs are left alone: there may be none in their Verilog.
    """

    def __init__(self, designs: Sequence[Lowered], folder: Path, *, ports_only: bool = False) -> None:
        self.ports_only = ports_only
        self.designs = {design.name: design for design in designs}
        assert len(self.designs) == len(designs), "two designs have the same name"
        self.folder = folder
        self.input_bits = max(design.plan.input_bits for design in designs)
        self.output_bits = max(design.plan.output_bits for design in designs)
        self.select_bits = max(1, (len(designs) - 1).bit_length())
        folder.mkdir(parents=True, exist_ok=True)
        for design in designs:
            for name, text in design.verilog.items():
                assert not (folder / name).exists(), f"two modules are called {name}"
                (folder / name).write_text(text, encoding="utf-8")
        (folder / f"{TOP}.v").write_text(self._top(), encoding="utf-8")

    def compare(self, name: str, run: Run, seed: int = 1) -> Comparison:
        """The cycle model and the Verilog of a design, side by side; registers start as the seed has it."""
        prediction = Prediction.of(self.designs[name].plan, run)
        if self.ports_only:
            ports = [stream for stream in prediction.streams if stream.name in (INPUT, OUTPUT)]
            prediction = replace(prediction, streams=ports)
        return prediction.against(self.record(name, run, prediction.last, seed))

    def record(self, name: str, run: Run, last: int, seed: int = 1) -> Recorded:
        """What the Verilog of a design does; it is given up long after cycle `last`, the last one of its schedule."""
        bits = self.designs[name].plan.pack(data_of(self.designs[name].plan, run.codes))
        pauses = run.gaps.astype(np.int32), run.stalls.astype(np.int32)
        stimulus = Stimulus(self._stimulus(name, bits), *pauses, last)
        simulation = self._simulate(stimulus, 2 * last + 10000, seed)
        return Recorded(self._traces_of(name, simulation), simulation.stop)

    def _simulate(self, stimulus: Stimulus, max_cycles: int, seed: int) -> Simulation:
        probes = [
            StreamProbe(f"{_instance(index)}_{stream.name}", stream.width)
            for index, design in enumerate(self.designs.values())
            for stream in self._inside(design.plan)
        ]
        return simulate(
            self.folder,
            TOP,
            probes,
            stimulus,
            input_width=self.input_bits + self.select_bits,
            output_width=self.output_bits,
            max_cycles=max_cycles,
            seed=seed,
            cache=TOP,
        )

    def _inside(self, plan: Plan) -> Sequence[StreamInfo]:
        return () if self.ports_only else plan.streams

    def _stimulus(self, name: str, bits: Values) -> Bytes:
        flat = bits.reshape(-1, bits.shape[-1]).astype(np.uint8)
        wide = np.zeros((len(flat), self.input_bits + self.select_bits), np.uint8)
        wide[:, : flat.shape[1]] = flat
        number = list(self.designs).index(name)
        wide[:, self.input_bits :] = (number >> np.arange(self.select_bits)) & 1
        return np.packbits(wide, axis=-1, bitorder="little")

    def _traces_of(self, name: str, simulation: Simulation) -> Mapping[str, StreamTrace]:
        """The traces of one design under the names and in the widths of its own plan."""
        plan, index = self.designs[name].plan, list(self.designs).index(name)
        traces = {s.name: simulation[f"{_instance(index)}_{s.name}"] for s in self._inside(plan)}
        keep = np.arange(plan.input_bits)
        traces[INPUT] = _rearranged(simulation[INPUT], keep)
        keep = np.append(np.arange(plan.output_bits), self.output_bits)
        traces[OUTPUT] = _rearranged(simulation[OUTPUT], keep)
        return traces

    def _top(self) -> str:
        data, select, out = self.input_bits, self.select_bits, self.output_bits
        instances = [_instance(index) for index in range(len(self.designs))]
        lines = [
            f"module {TOP} (",
            "  input wire clk, input wire rst,",
            f"  input wire [{data + select - 1}:0] s_axis_tdata, input wire s_axis_tvalid, output wire s_axis_tready,",
            f"  output wire [{out - 1}:0] m_axis_tdata, output wire m_axis_tvalid,",
            "  output wire m_axis_tlast, input wire m_axis_tready",
            ");",
            f"  wire [{select - 1}:0] selected = s_axis_tdata[{data + select - 1}:{data}];",
        ]
        for index, (instance, design) in enumerate(zip(instances, self.designs.values(), strict=True)):
            lines += _instantiated(index, instance, design.plan, select, self._inside(design.plan))
        for port, width in (("s_tready", 1), ("m_tdata", out), ("m_tvalid", 1), ("m_tlast", 1)):
            choices = [
                f"({{{width}{{selected == {select}'d{index}}}}} & {instance}_{port})"
                for index, instance in enumerate(instances)
            ]
            outer = port.replace("s_", "s_axis_").replace("m_", "m_axis_")
            lines.append(f"  assign {outer} = {' | '.join(choices)};")
        return "\n".join([*lines, "endmodule", ""])


def _instance(index: int) -> str:
    return f"d{index}"


def _instantiated(index: int, instance: str, plan: Plan, select: int, inside: Sequence[StreamInfo]) -> list[str]:
    width, out = plan.input_bits, plan.output_bits
    lines = [
        f"  wire {instance}_s_tready, {instance}_m_tvalid, {instance}_m_tlast;",
        f"  wire [{out - 1}:0] {instance}_m_tdata;",
        f"  {plan.name} {instance} (.clk(clk), .rst(rst), .s_axis_tdata(s_axis_tdata[{width - 1}:0]),",
        f"    .s_axis_tvalid(s_axis_tvalid & selected == {select}'d{index}), .s_axis_tready({instance}_s_tready),",
        f"    .m_axis_tdata({instance}_m_tdata), .m_axis_tvalid({instance}_m_tvalid),",
        f"    .m_axis_tlast({instance}_m_tlast), .m_axis_tready(m_axis_tready));",
    ]
    for stream in inside:
        for part, bits in (("data", stream.width), ("valid", 1), ("ready", 1)):
            inner = f"{instance}.{stream.name}_{part}"
            lines.append(f"  wire [{bits - 1}:0] {instance}_{stream.name}_{part} = {inner};")
    return lines


def _rearranged(trace: StreamTrace, keep: NDArray[np.integer]) -> StreamTrace:
    """The trace with these bits of each beat only."""
    bits = np.unpackbits(trace.data, axis=-1, bitorder="little")[:, keep]
    return replace(trace, data=np.packbits(bits, axis=-1, bitorder="little"))
