"""The running max pool: keeps the largest value so far of each window while the values of a map stream by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from e3ne.analysis.event_graph import NEVER, After, Cycles, EventGraph, Process
from e3ne.dialects.dataflow import MaxPoolOp, as_tuple
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Features
from e3ne.units.flow import positions
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values
from e3ne.units.max_pool_build import MaxPoolBuilder
from e3ne.units.max_pool_features import max_pool_features


@dataclass(frozen=True)
class MaxPoolModel:
    """The maximum of windows of `kernel` pixels side by side, and of `pixels` neighbouring channels.

    A level of comparisons between the neighbours in a beat is a stage. Then there are two ways to go on. Where
    neighbouring beats are of one row of a window (a beat is a pixel, the kernel has columns), a row is complete a cycle
    after its last beat; it moves on a cycle after the row before it has, and is replaced by the next beat from then
    on. A cycle later the row has joined those above it. Otherwise each beat has its window's word read, if words are
    kept in a memory, in one more stage, and joins it a cycle later.

    What completes a window is given a cycle after that; it waits until the beat given before it has been taken. What
    completes nothing waits for nothing.
    """

    taken: Layout
    kernel: tuple[int, int]
    pixels: int

    @property
    def by_rows(self) -> bool:
        """Whether beats that follow each other are of one row of a window."""
        return self.taken.pixel_beats == 1 and self.kernel[1] > 1

    @property
    def depth(self) -> int:
        """Stages in front of the first comparison with another beat."""
        rows, columns = self.kernel
        words = (self.taken.width // columns if rows > 1 else 1) * self.taken.pixel_beats
        reads = not self.by_rows and rows * columns > 1 and words > 1
        return (self.pixels - 1).bit_length() + reads

    def ends(self) -> tuple[Cycles, Cycles]:
        """For each beat of an image whether it is the last one of a row of a window, and of a window."""
        (rows, columns), inner = self.kernel, self.taken
        y, x = np.arange(inner.height)[:, None], np.arange(inner.width)[None, :]
        row = np.broadcast_to(x % columns == columns - 1, (inner.height, inner.width))
        window = row & (y % rows == rows - 1)
        beats = [np.repeat(end.reshape(-1), inner.pixel_beats).astype(np.int64) for end in (row, window)]
        row, window = (np.tile(end, inner.frames) for end in beats)
        return row, window

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Beats taken, compared with others, rows joined, and beats given."""
        row, window = self.ends()
        beats = np.arange(row.size, dtype=np.int64)
        compared = f"{unit}.compared" if self.depth else taken
        processes = [Process(taken, beats.size), Process(compared, beats.size)][: 1 + (self.depth > 0)]
        edges: list[After] = []
        if self.depth:
            edges.append(After(compared, taken, beats, self.depth))
            edges.append(After(taken, compared, beats - self.depth, 0))
        joined, completes = compared, window
        if self.by_rows:
            ending, completes = positions(row), window[row == 1]
            rows = np.arange(ending.size, dtype=np.int64)
            moved, joined = f"{unit}.moved", f"{unit}.moved" if self.kernel[0] == 1 else f"{unit}.joined"
            # The beat behind the end of a row replaces it; in front of the first beat is the last one before it.
            replaced = np.where(np.roll(row, 1), np.cumsum(row) - row - 1, NEVER)
            edges += [After(moved, compared, ending, 1), After(compared, moved, replaced, 0)]
            processes.append(Process(moved, rows.size))
            if joined != moved:
                edges += [After(joined, moved, rows, 1), After(moved, joined, rows - 1, 1)]
                processes.append(Process(joined, rows.size))
        before = np.where(completes, np.cumsum(completes) - 2, NEVER)
        edges += [After(given, joined, positions(completes), 1, offers=True), After(joined, given, before, 0)]
        return EventGraph((*processes, Process(given, int(completes.sum()))), tuple(edges))

    def compute(self, values: Values) -> Values:
        """Values of a map → the maxima of its whole windows."""
        (rows, columns), inner = self.kernel, self.taken
        height, width, channels = inner.height // rows, inner.width // columns, inner.channels // self.pixels
        image = inner.spread(values).reshape(-1, inner.height, inner.width, channels, self.pixels)
        whole = image[:, : height * rows, : width * columns]
        windows = whole.reshape(-1, height, rows, width, columns, channels, self.pixels)
        given = replace(inner, height=height, width=width, channels=channels, lanes=inner.lanes // self.pixels)
        return given.gather(windows.max(axis=(2, 4, 6)).reshape(len(values), given.pixels, 1, channels, 1))


class MaxPool(Unit[MaxPoolOp]):
    """A comparison and a word of LUT RAM for each lane; the word is the largest value of a window so far."""

    operation = MaxPoolOp

    def legal_choices(self, op: MaxPoolOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def features(self, op: MaxPoolOp) -> Features:
        """Comparisons within a beat and with the largest so far, the memory of these, and counters of windows."""
        return max_pool_features(op)

    def model(self, op: MaxPoolOp) -> MaxPoolModel:
        """Sizes."""
        rows, columns = as_tuple(op.kernel)
        return MaxPoolModel(layout_of(op.input_type), (rows, columns), op.pixels.value.data)

    def build(self, op: MaxPoolOp) -> ModuleOp:
        """Comparisons within a beat, if there are any, the largest values so far, and a register of what is given."""
        return MaxPoolBuilder(op).build()
