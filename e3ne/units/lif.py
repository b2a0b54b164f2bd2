"""Integrate-and-fire neurons, leaky or not, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import NEVER, After, EventGraph
from e3ne.dialects.dataflow import STATE_MEMORIES, LifOp, integers_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Features
from e3ne.units.flow import elastic, every
from e3ne.units.frame_state import STAGES
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values, digits_of
from e3ne.units.lif_build import LifBuilder
from e3ne.units.lif_features import lif_features

NONE = np.zeros(0, dtype=np.int64)
"""A parameter that a neuron does not have."""


@dataclass(frozen=True)
class LifModel:
    """Neurons of `taken`, whose drives come frame by frame; parameters are (1,) or (channels,), or of size 0: none;
    `recurrent` weights are (channels·channels,), those in front of the first neuron first.

    The rules have the names that `snn.lif` gives them; `spike_bits` digits are a beat's number of spikes.
    """

    taken: Layout
    threshold: NDArray[np.int64] = field(metadata={"array": True})
    decay: NDArray[np.int64] = field(metadata={"array": True})
    initial: NDArray[np.int64] = field(metadata={"array": True})
    reset_value: NDArray[np.int64] = field(metadata={"array": True})
    synapse_decay: NDArray[np.int64] = field(metadata={"array": True})
    least: NDArray[np.int64] = field(metadata={"array": True})
    recurrent: NDArray[np.int64] = field(metadata={"array": True})
    recurrent_bias: NDArray[np.int64] = field(metadata={"array": True})
    fires: str
    reset: str
    timing: str
    several: bool
    loses_input: bool
    decay_bits: int
    gain_bits: int
    membrane_bits: int
    spike_bits: int
    latency: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """A beat is given for each beat taken; recurrent neurons begin a frame after the one before was given."""
        beats = self.taken.beats
        graph = elastic(unit, taken, given, every(beats), every(beats), self.latency)
        if not self.recurrent.size:
            return graph
        beat = np.arange(beats, dtype=np.int64)
        before = np.where(beat % self.taken.pixel_beats == 0, beat - 1, NEVER)
        return EventGraph(graph.processes, (*graph.edges, After(taken, given, before, 1)))

    def compute(self, values: Values) -> Values:
        """Drives → spikes, frame by frame."""
        inner = self.taken
        drives = inner.spread(values)[:, :, 0, :, 0].astype(np.int64)
        frames = drives.reshape(len(values), inner.frames, -1, inner.channels)
        membrane = np.zeros_like(frames[:, 0]) + self.initial
        current = np.zeros_like(membrane)
        fired: list[NDArray[np.int64]] = []
        for frame in range(inner.frames):
            drive = frames[:, frame]
            if self.recurrent.size:
                drive = drive + self.recurrent_bias
                drive += self._fed_back(fired[-1]) if frame else 0
            current = self._current(current, drive)
            spikes, membrane = self._step(membrane, current)
            fired.append(spikes)
            limit = 1 << (self.membrane_bits - 1)
            assert -limit <= int(membrane.min(initial=0)), "a membrane below what its bits hold"
            assert int(membrane.max(initial=0)) < limit, "a membrane above what its bits hold"
        numbers = np.stack(fired, axis=1).reshape(len(values), inner.pixels, 1, inner.channels)
        given = replace(inner, bits=1, steps=self.spike_bits, parallel=self.spike_bits)
        return given.gather(digits_of(numbers, self.spike_bits))

    def _fed_back(self, spikes: NDArray[np.int64]) -> NDArray[np.int64]:
        channels = self.taken.channels
        return spikes @ self.recurrent.reshape(channels, channels).T

    def _current(self, before: NDArray[np.int64], drive: NDArray[np.int64]) -> NDArray[np.int64]:
        come = drive * (1 << self.gain_bits)
        return (before * self.synapse_decay >> self.decay_bits) + come if self.synapse_decay.size else come

    def _above(self, membrane: NDArray[np.int64]) -> NDArray[np.int64]:
        """How often it fires."""
        excess = membrane - self.threshold - (self.fires == "gt")
        if self.several:
            return np.maximum(excess // self.threshold + 1, 0)
        return (excess >= 0).astype(np.int64)

    def _step(
        self, membrane: NDArray[np.int64], current: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        whole = (membrane * self.decay >> self.decay_bits) + current
        compared = whole
        if self.timing != "same_step" and self.reset != "none":
            again = self._above(membrane)
            if self.reset == "subtract":
                compared = whole - again * self.threshold
            else:
                compared = np.where(again == 1, self.reset_value + (0 if self.loses_input else current), whole)
        spikes = self._above(compared)
        following = compared
        if self.timing == "compared" or (self.timing == "same_step" and self.reset == "subtract"):
            following = whole - spikes * self.threshold
        elif self.timing == "same_step" and self.reset == "value":
            following = np.where(spikes == 1, self.reset_value, whole)
        return spikes, np.maximum(following, self.least) if self.least.size else following


class Lif(Unit[LifOp]):
    """Membranes are read, changed and written back in two stages; decays are sums of shifted membranes."""

    operation = LifOp

    def legal_choices(self, op: LifOp) -> Sequence[Choice]:
        """Where membranes are kept."""
        return [{"state_memory": memory} for memory in STATE_MEMORIES]

    def features(self, op: LifOp) -> Features:
        """Adders of decays, thresholds and drives; comparisons; membranes."""
        return lif_features(op)

    def model(self, op: LifOp) -> LifModel:
        """Parameters and rules."""
        numbers = {name: integers_of(op, symbol) for name, symbol in op.symbols().items()}
        recurrent, recurrent_bias = op.recurrence() or (NONE, NONE)
        return LifModel(
            layout_of(op.input_type),
            numbers["threshold"],
            numbers["decay"],
            numbers["initial"],
            numbers["reset_value"],
            numbers.get("synapse_decay", NONE),
            numbers.get("least", NONE),
            recurrent.reshape(-1),
            recurrent_bias,
            op.fires.data,
            op.reset.data,
            op.timing.data,
            op.several is not None,
            op.loses_input is not None,
            op.decay_bits.value.data,
            op.gain_bits.value.data,
            op.membrane_bits.value.data,
            op.spike_bits.value.data,
            STAGES,
        )

    def build(self, op: LifOp) -> ModuleOp:
        """All lanes beside each other."""
        return LifBuilder(op).build()
