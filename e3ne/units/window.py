"""The window: gathers the kernel's window around each output pixel while pixels stream by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from e3ne.analysis.event_graph import Cycles, EventGraph
from e3ne.dialects.dataflow import WINDOW_MEMORIES, MatvecOp, StreamType, WindowOp, as_tuple
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Features
from e3ne.units.flow import elastic
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values
from e3ne.units.window_features import window_features
from e3ne.units.window_taps import WindowBuilder

DEEPEST_IN_LUTS = 256
"""Words of a row memory in LUTs that is read and written at one address: Yosys 0.70 cannot map more for UltraScale."""


@dataclass(frozen=True)
class WindowModel:
    """The window of each place of a kernel on the padded map; `padding` is top, left, bottom, right.

    The unit goes through the map row by row, beat by beat; `swept` tells how far beyond it. A beat is a step; where a
    window is complete it is `parts` steps, which give a beat each, a cycle later, and split the time steps of the beat
    among them. The first step takes the beat if it is inside the image. Where a window lies in the padding before the
    first pixel, the very first step takes the first beat, so that nothing is given for an image that has not come.
    Each frame of an image is a map by itself.
    """

    layout: Layout
    parts: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]

    def ends(self, axis: int) -> Cycles:
        """The row (axis 0) or column (1) of each window's last element, from the first pixel of the map."""
        size = (self.layout.height, self.layout.width)[axis]
        first = (self.kernel[axis] - 1) * self.dilation[axis] - self.padding[axis]
        return np.arange(first, size + self.padding[axis + 2], self.stride[axis], dtype=np.int64)

    def outside(self, axis: int) -> tuple[int, int]:
        """Rows or columns before and behind the map in which windows end."""
        size, ends = (self.layout.height, self.layout.width)[axis], self.ends(axis)
        return max(0, -int(ends[0])), max(0, int(ends[-1]) - size + 1)

    @property
    def swept(self) -> tuple[int, int]:
        """Rows and columns that are stepped through for an image.

        Rows above the map are zero without a step. The zeros right of a row are also those left of the next one.
        """
        return (
            self.layout.height + sum(self.outside(0)),
            self.layout.width + max(self.padding[1], sum(self.outside(1))),
        )

    def masks(self) -> tuple[Cycles, Cycles]:
        """For each step whether it takes a beat, and whether it gives one."""
        y = np.arange(self.swept[0])[:, None] - self.outside(0)[0]
        x = np.arange(self.swept[1])[None, :] - self.outside(1)[0]
        inside = (y >= 0) & (y < self.layout.height) & (x >= 0) & (x < self.layout.width)
        complete = np.isin(y, self.ends(0)) & np.isin(x, self.ends(1))
        beats = self.layout.pixel_beats
        takes = np.repeat(inside.reshape(-1), beats).astype(np.int64)
        gives = np.repeat(complete.reshape(-1), beats).astype(np.int64)
        if gives.argmax() < takes.argmax():
            takes[takes.argmax()], takes[0] = 0, 1
        takes, gives = np.tile(takes, self.layout.frames), np.tile(gives, self.layout.frames)
        steps = np.where(gives, self.parts, 1)
        first = np.zeros(int(steps.sum()), dtype=np.int64)
        first[np.cumsum(steps) - steps] = 1
        return first * np.repeat(takes, steps), np.repeat(gives, steps)

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Steps over the rows and columns that are swept, each through one register stage."""
        takes, gives = self.masks()
        return elastic(unit, taken, given, takes, gives, 1)

    def compute(self, values: Values) -> Values:
        """Beats of pixels → beats of windows, their elements ordered channel, row, column."""
        inner = self.layout
        images = values.shape[0]
        top, left, bottom, right = self.padding
        shape = (images * inner.frames, inner.height, inner.width, inner.pixel_beats, inner.parallel, inner.lanes)
        padded = np.pad(values.reshape(shape), ((0, 0), (top, bottom), (left, right), (0, 0), (0, 0), (0, 0)))
        rows = range(0, padded.shape[1] - (self.kernel[0] - 1) * self.dilation[0], self.stride[0])
        columns = range(0, padded.shape[2] - (self.kernel[1] - 1) * self.dilation[1], self.stride[1])
        parts = [
            padded[:, ky * self.dilation[0] :, kx * self.dilation[1] :][:, :: self.stride[0], :: self.stride[1]][
                :, : len(rows), : len(columns)
            ]
            for ky in range(self.kernel[0])
            for kx in range(self.kernel[1])
        ]
        windows = np.stack(parts, axis=-1)
        # The steps of a beat are its outermost elements, so that the parts of a beat are parts of its elements.
        beats = inner.frames * len(rows) * len(columns) * inner.pixel_beats * self.parts
        return windows.reshape(images, beats, inner.elements // self.parts * self.kernel[0] * self.kernel[1])


class Window(Unit[WindowOp]):
    """Line buffers and taps: a window appears a cycle after its last pixel, whole or a few time steps at a time."""

    operation = WindowOp

    def legal_choices(self, op: WindowOp) -> Sequence[Choice]:
        """Input lanes, time steps of a beat taken and of a beat given, and where the rows are kept.

        What comes out of a block memory is late in its cycle, and goes on to the row above: where control is by credit
        for the sake of the clock, rows are there only if they are too long for LUTs.
        """
        fast = any(isinstance(use.operation, MatvecOp) and use.operation.has_credit for use in op.output.uses)
        given = op.input_type
        lanes = [n for n in range(1, given.channels + 1) if given.channels % n == 0]
        steps = [p for p in range(1, given.steps + 1) if given.steps % p == 0]
        return [
            {"lanes": n, "parallel_steps": p, "parallel_out": out, "memory": memory}
            for n in lanes
            for p in steps
            for out in steps
            if p % out == 0
            for memory in WINDOW_MEMORIES
            if self._fits(memory, self.words(op, given.replaced(lanes=n, parallel=p)), fast)
        ]

    @staticmethod
    def _fits(memory: str, words: int, fast: bool) -> bool:
        short = words <= DEEPEST_IN_LUTS
        return short if memory == "distributed" else memory != "block" or not (fast and short)

    def words(self, op: WindowOp, given: StreamType) -> int:
        """Words of the memory of the rows above, if the input comes in the layout of `given`."""
        return self.over(op, given).swept[1] * given.beats_per_pixel

    def features(self, op: WindowOp) -> Features:
        """The memory of the rows above, the taps, counters of the padded map."""
        return window_features(op, self.model(op).masks()[0].size)

    def model(self, op: WindowOp) -> WindowModel:
        """The geometry."""
        return self.over(op, op.input_type)

    def over(self, op: WindowOp, given: StreamType) -> WindowModel:
        """The geometry of the window if its input came in the layout of `given`."""
        kernel, stride, dilation = as_tuple(op.kernel), as_tuple(op.stride), as_tuple(op.dilation)
        top, left, bottom, right = as_tuple(op.padding)
        return WindowModel(
            layout_of(given),
            given.parallel // (op.parallel_out.value.data or given.parallel),
            (kernel[0], kernel[1]),
            (stride[0], stride[1]),
            (top, left, bottom, right),
            (dilation[0], dilation[1]),
        )

    def build(self, op: WindowOp) -> ModuleOp:
        """A memory of the rows above, and a chain of registers along each row of the kernel."""
        return WindowBuilder(op).build()
