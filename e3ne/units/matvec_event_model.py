"""The model of the `event` implementation of the matrix-vector unit: a cycle for each spike, or for a beat without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import NEVER, After, Cycles, EventGraph, Process
from e3ne.units.flow import ordinals, positions
from e3ne.units.layout import Layout, Values
from e3ne.units.weighted_sums import weighted_sums


@dataclass(frozen=True)
class MatvecEventModel:
    """`weights` (outputs, inputs) times the trains of `taken`, spike by spike; `given` is the layout of the values.

    A beat of k spikes takes max(1, k) cycles, of which the first is the one in which it is taken. `latency` cycles
    after the last one of the last beat of a group of outputs their values are offered. One result has room: the last
    beat of a group is taken in the cycle after the values of the group before have left, or later.
    """

    taken: Layout
    given: Layout
    weights: NDArray[np.int64] = field(metadata={"array": True})
    bias: NDArray[np.int64] = field(metadata={"array": True})
    latency: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """As if every input of every beat spiked."""
        longest = self.taken.lanes
        ends = self.ends()
        return EventGraph(
            (Process(taken, self.taken.beats, longest), Process(given, int(ends.sum()))),
            (
                After(given, taken, positions(ends), longest - 1 + self.latency, offers=True),
                After(taken, given, self.results_before(), 1),
            ),
        )

    def events_of(self, unit: str, taken: str, given: str, values: Values) -> tuple[EventGraph, Mapping[str, Cycles]]:
        """The work on a beat is two events: its first and its last cycle."""
        work, beats = f"{unit}.work", np.arange(self.taken.beats, dtype=np.int64)
        ends = self.ends()
        first = np.full(2 * beats.size, NEVER, dtype=np.int64)
        first[::2] = beats
        spikes = values.astype(np.int64).sum(axis=-1).reshape(-1)
        spacing = np.ones((spikes.size, 2), dtype=np.int64)
        spacing[:, 1] = np.maximum(spikes, 1) - 1
        spacing[0, 0] = 0
        graph = EventGraph(
            (Process(taken, beats.size), Process(work, 2 * beats.size, 0), Process(given, int(ends.sum()))),
            (
                After(work, taken, first, 0),
                After(taken, work, 2 * beats, 0),
                After(given, work, 2 * positions(ends) + 1, self.latency, offers=True),
                After(taken, given, self.results_before(), 1),
            ),
        )
        return graph, {work: spacing.reshape(-1)}

    def ends(self) -> Cycles:
        """Which beats are the last of a group of outputs."""
        beats = np.arange(self.taken.beats, dtype=np.int64)
        return ((beats + 1) % self.taken.pixel_beats == 0).astype(np.int64)

    def results_before(self) -> Cycles:
        """For the last beat of a group the number of the result before, which it waits for."""
        ends = self.ends()
        return np.where(ends, ordinals(ends) - 1, NEVER)

    def compute(self, values: Values) -> Values:
        """V = Σ w·a + bias for each output, from the beats that are there for its group."""
        return weighted_sums(self.taken, self.given, self.weights, self.bias, values)
