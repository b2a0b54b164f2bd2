"""A run of a design in Yosys's simulator, which knows unknown bits, and its comparison with the cycle model.

Registers and words of memories without a value are unknown at the start. An unknown bit goes on wherever a result may
depend on it. No valid and no ready may be unknown in any cycle after reset, and no bit of a beat that is offered.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from e3ne.backends.synthesis.process import run_commands
from e3ne.backends.testbench.streams import StreamTrace, Violation, bytes_of
from e3ne.semantics.plan import INPUT, OUTPUT, Plan
from e3ne.verification.batch import Prediction, Recorded, Run, data_of
from e3ne.verification.four_state.driver import DRIVER, INSTANCE, driver
from e3ne.verification.four_state.waves import sampled
from e3ne.verification.lowering import Lowered

RESET_CYCLES = 8
QUIET_CYCLES = 24
"""Cycles behind the last event, in which nothing may be offered any more."""


def compare(design: Lowered, run: Run, kept: Path | None = None) -> tuple[str, int]:
    """What is wrong, or nothing; and the beats that were compared. Raises E3neError if Yosys refuses the design.

    If something is wrong, Verilog and waves go to the folder `kept`.
    """
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        message, beats = _compare(design, run, folder)
        if message and kept is not None:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
    return message, beats


def _compare(design: Lowered, run: Run, folder: Path) -> tuple[str, int]:
    prediction = Prediction.of(design.plan, run)
    waves = _simulate(design, run, prediction.last + QUIET_CYCLES, folder)
    recorder = _Recorder(design.plan)
    for cycle, values in enumerate(sampled(waves, (DRIVER, INSTANCE), recorder.names)):
        unknown = recorder.add(cycle, values)
        if unknown:
            return f"unknown after reset, in cycle {cycle}: {', '.join(unknown)}", 0
    compared = prediction.against(Recorded(recorder.traces(), "complete"))
    return compared.message, compared.beats


def _simulate(design: Lowered, run: Run, cycles: int, folder: Path) -> Path:
    plan = design.plan
    bits = plan.pack(data_of(plan, run.codes))
    beats = np.packbits(bits.reshape(-1, bits.shape[-1]).astype(np.uint8), axis=-1, bitorder="little")
    gaps, stalls = ([int(pause) for pause in pauses] for pauses in (run.gaps, run.stalls))
    texts = {**design.verilog, f"{DRIVER}.v": driver(plan.name, plan.input_bits, plan.output_bits, beats, gaps, stalls)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    waves = folder / "waves.vcd"
    run_commands(
        [
            *(f'read_verilog "{folder / name}"' for name in texts),
            f"hierarchy -check -top {DRIVER}",
            "proc",
            f'sim -q -clock clk -reset rst -rstlen {RESET_CYCLES} -n {RESET_CYCLES + cycles} -vcd "{waves}"',
        ]
    )
    return waves


class _Recorder:
    """The beats of all streams of a design, as its wires show them."""

    def __init__(self, plan: Plan) -> None:
        self.streams = {
            INPUT: ("s_axis_tdata", "s_axis_tvalid", "s_axis_tready"),
            **{s.name: (f"{s.name}_data", f"{s.name}_valid", f"{s.name}_ready") for s in plan.streams},
            OUTPUT: ("m_axis_tdata", "m_axis_tvalid", "m_axis_tready"),
        }
        self.widths = {
            INPUT: plan.input_bits,
            **{stream.name: stream.width for stream in plan.streams},
            OUTPUT: plan.output_bits + 1,
        }
        self.names = [*(name for signals in self.streams.values() for name in signals), "m_axis_tlast"]
        self.beats: dict[str, list[tuple[int, int, int]]] = {name: [] for name in self.streams}
        self.offers: dict[str, tuple[int, str]] = {}
        self.violations: dict[str, list[Violation]] = {name: [] for name in self.streams}

    def add(self, cycle: int, values: Mapping[str, str]) -> Sequence[str]:
        """Takes a cycle; the names of what is unknown and matters, with which all ends."""
        unknown: list[str] = []
        for name, (data, valid, ready) in self.streams.items():
            bits = values[data] if name != OUTPUT else values["m_axis_tlast"] + values[data]
            unknown += [each for each in (valid, ready) if values[each] not in "01"]
            if values[valid] == "1" and not set(bits) <= set("01"):
                unknown.append(data)
            elif not unknown:
                self._add(name, cycle, bits, values[valid] == "1", values[ready] == "1")
        return unknown

    def _add(self, name: str, cycle: int, bits: str, valid: bool, ready: bool) -> None:
        beats, offer = self.beats[name], self.offers.pop(name, None)
        if not valid:
            if offer is not None:
                self.violations[name].append(Violation(name, len(beats), cycle, "valid dropped"))
            return
        if offer is not None and offer[1] != bits:
            self.violations[name].append(Violation(name, len(beats), cycle, "data changed"))
        first = cycle if offer is None else offer[0]
        if ready:
            beats.append((first, cycle, int(bits, 2)))
        else:
            self.offers[name] = first, bits

    def traces(self) -> dict[str, StreamTrace]:
        """What was recorded."""
        return {name: self._trace(name) for name in self.streams}

    def _trace(self, name: str) -> StreamTrace:
        beats, size = self.beats[name], bytes_of(self.widths[name])
        data = [np.frombuffer(value.to_bytes(size, "little"), np.uint8) for _, _, value in beats]
        offers, transfers = (np.array([beat[n] for beat in beats], np.int64) for n in (0, 1))
        pending = self.offers.get(name)
        return StreamTrace(
            offers,
            transfers,
            np.array(data, np.uint8).reshape(len(beats), size),
            None if pending is None else pending[0],
            tuple(self.violations[name]),
        )
