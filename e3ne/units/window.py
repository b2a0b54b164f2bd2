"""The window: gathers the kernel's window around each output pixel while pixels stream by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import Cycles, EventGraph
from e3ne.dialects.dataflow import WINDOW_MEMORIES, WindowOp, as_tuple
from e3ne.dialects.rtl import MemoryStyle
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.flow import elastic
from e3ne.units.handshake import Counter, InputStream, Pipeline, nest, taken_port
from e3ne.units.interface import Choice, Cost, Unit, layout_of
from e3ne.units.layout import Layout, Values


@dataclass(frozen=True)
class WindowModel:
    """The window of each place of a kernel on the padded map; `padding` is top, left, bottom, right.

    The unit steps through the padded map, a beat a step: inside the image a step takes a beat, and where a window is
    complete it gives one, a cycle later. Where a window lies in the padding before the first pixel, the first step
    takes the first beat, so that nothing is given for an image that has not come.
    """

    layout: Layout
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns of the padded map."""
        top, left, bottom, right = self.padding
        return self.layout.height + top + bottom, self.layout.width + left + right

    def masks(self) -> tuple[Cycles, Cycles]:
        """For each step whether it takes a beat, and whether it gives one."""
        (rows, columns), (top, left, _, _) = self.padded, self.padding
        y = np.arange(rows)[:, None]
        x = np.arange(columns)[None, :]
        inside = (y >= top) & (y < top + self.layout.height) & (x >= left) & (x < left + self.layout.width)
        dy = y - (self.kernel[0] - 1) * self.dilation[0]
        dx = x - (self.kernel[1] - 1) * self.dilation[1]
        complete = (dy >= 0) & (dx >= 0) & (dy % self.stride[0] == 0) & (dx % self.stride[1] == 0)
        beats = self.layout.pixel_beats
        takes = np.repeat(inside.reshape(-1), beats).astype(np.int64)
        gives = np.repeat(complete.reshape(-1), beats).astype(np.int64)
        if gives.argmax() < takes.argmax():
            takes[takes.argmax()], takes[0] = 0, 1
        return takes, gives

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Steps over the padded map, each through one register stage."""
        takes, gives = self.masks()
        return elastic(unit, taken, given, takes, gives, 1)

    def compute(self, values: Values) -> Values:
        """Beats of pixels → beats of windows, their elements ordered channel, row, column."""
        inner = self.layout
        images = values.shape[0]
        top, left, bottom, right = self.padding
        shape = (images, inner.height, inner.width, inner.pixel_beats, inner.parallel, inner.lanes)
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
        beats = len(rows) * len(columns) * inner.pixel_beats
        return windows.reshape(images, beats, inner.elements * self.kernel[0] * self.kernel[1])


class Window(Unit[WindowOp]):
    """Line buffers and taps: a window appears a cycle after its last pixel."""

    operation = WindowOp

    def legal_choices(self, op: WindowOp) -> Sequence[Choice]:
        """Input lanes, parallel steps, and where the rows are kept."""
        given = op.input_type
        lanes = [n for n in range(1, given.channels + 1) if given.channels % n == 0]
        steps = [p for p in range(1, given.steps + 1) if given.steps % p == 0]
        return [
            {"lanes": n, "parallel_steps": p, "memory": memory}
            for n in lanes
            for p in steps
            for memory in WINDOW_MEMORIES
        ]

    def cost(self, op: WindowOp) -> Cost:
        """A LUT RAM bit costs 1/32 LUT with a minimum of one LUT for a bit of width; taps are flip-flops."""
        model, given = self.model(op), op.input_type
        row_beats = model.padded[1] * given.beats_per_pixel
        rows, columns = op.reach
        bits = (rows - 1) * given.beat_bits
        taps = rows * ((columns - 1) * given.beats_per_pixel + 1) * given.beat_bits
        block = op.memory.data == "block"
        return Cost(
            lut=40 + (0 if block else bits * -(-row_beats // 64)),
            ff=taps + 40,
            bram36=max(0.5, -(-bits // 36) * 0.5 * -(-row_beats // 512)) if block and bits else 0,
            cycles=model.padded[0] * row_beats,
        )

    def model(self, op: WindowOp) -> WindowModel:
        """The geometry."""
        kernel, stride, dilation = as_tuple(op.kernel), as_tuple(op.stride), as_tuple(op.dilation)
        top, left, bottom, right = as_tuple(op.padding)
        return WindowModel(
            layout_of(op.input_type),
            (kernel[0], kernel[1]),
            (stride[0], stride[1]),
            (top, left, bottom, right),
            (dilation[0], dilation[1]),
        )

    def build(self, op: WindowOp) -> ModuleOp:
        """A memory of the rows above, and a chain of registers along each row of the kernel."""
        return _WindowBuilder(op).build()


class _WindowBuilder:
    def __init__(self, op: WindowOp) -> None:
        self.op, self.given = op, op.input_type
        self.top, self.left, bottom, right = as_tuple(op.padding)
        self.rows = self.given.height + self.top + bottom
        self.columns = self.given.width + self.left + right
        self.beats = self.given.beats_per_pixel
        kh, kw = as_tuple(op.kernel)
        sy, sx = as_tuple(op.stride)
        self.m = ModuleBuilder(
            op.unit_name,
            comment=f"Windows of {op.layer.data}: {kh}x{kw}, stride {sy}x{sx}, over {self.given.height}x"
            f"{self.given.width} pixels padded to {self.rows}x{self.columns}.",
            parameters={"channels": self.given.channels, "steps": self.given.steps, "lanes": self.given.lanes},
        )

    def build(self) -> ModuleOp:
        m = self.m
        s = InputStream.of(m, self.given.beat_bits)
        pipeline = Pipeline(m, 1, taken_port(m))
        step = m.wire(1)
        loops = nest(m, [("row", self.rows), ("column", self.columns), ("beat", self.beats)], step.value)
        inside = m.and_(
            self._within(loops["row"], self.top, self.given.height, self.rows),
            self._within(loops["column"], self.left, self.given.width, self.columns),
        )
        start, first = self._start(loops)
        takes = inside if start is None else m.or_(start, m.and_(inside, m.not_(first)))
        gives = m.and_(self._complete(loops["row"], self.rows, 0), self._complete(loops["column"], self.columns, 1))
        step.assign(m.name(m.and_(pipeline.ready, m.or_(s.valid, m.not_(takes))), "step"))
        s.accept(m, m.and_(pipeline.ready, takes))
        pipeline.enter(m.and_(step.value, gives))
        data = s.data if start is None else m.mux(first, m.reg(s.data, enable=start, name="first_beat"), s.data)
        pixel = m.and_(data, m.replicate(inside, self.given.beat_bits))
        lines = self._lines(pixel, step.value, loops)
        taps = [self._taps(line, step.value, row) for row, line in enumerate(lines)]
        pipeline.finish(None, self._window(taps))
        return m.build()

    def _start(self, loops: dict[str, Counter]) -> tuple[SSAValue | None, SSAValue]:
        """Where the first beat is taken if not where its pixel is, and where its pixel is.

        The register may be loaded again while the first step waits: the beat is the same until it is taken.
        """
        m, reach = self.m, self.op.reach
        if (reach[0] - 1, reach[1] - 1) >= (self.top, self.left):
            return None, m.constant(0, 1)
        row, column, beat = (loops[name] for name in ("row", "column", "beat"))
        first = [m.eq(c.value, m.constant(i, width_of(c.value))) for c, i in ((row, self.top), (column, self.left))]
        return m.and_(row.first, column.first, beat.first), m.and_(*first, beat.first)

    def _within(self, counter: Counter, start: int, length: int, total: int) -> SSAValue:
        if length == total:
            return self.m.constant(1, 1)
        return self.m.table(counter.value, [int(start <= i < start + length) for i in range(total)], 1)

    def _complete(self, counter: Counter, total: int, axis: int) -> SSAValue:
        reach, stride = self.op.reach[axis], as_tuple(self.op.stride)[axis]
        words = [int(i >= reach - 1 and (i - reach + 1) % stride == 0) for i in range(total)]
        return self.m.constant(1, 1) if all(words) else self.m.table(counter.value, words, 1)

    def _lines(self, pixel: SSAValue, step: SSAValue, loops: dict[str, Counter]) -> list[SSAValue]:
        """The current column of the kernel's rows, oldest row first."""
        m, bits, above = self.m, self.given.beat_bits, self.op.reach[0] - 1
        dilation = as_tuple(self.op.dilation)[0]
        if above == 0:
            return [pixel]
        width = above * bits
        pushed = m.wire(width)
        word = self._rows_above(pushed.value, step, loops)
        # The word holds the rows above, the nearest lowest; each row moves up by one.
        pushed.assign(m.concat(m.extract(word, 0, width - bits), pixel) if above > 1 else pixel)
        older = [m.extract(word, (distance - 1) * bits, bits) for distance in range(above, 0, -dilation)]
        return [*older, pixel]

    def _rows_above(self, pushed: SSAValue, step: SSAValue, loops: dict[str, Counter]) -> SSAValue:
        """What `pushed` was a row ago."""
        m, depth, style = self.m, self.columns * self.beats, self.op.memory.data
        if depth == 1:
            return m.reg(pushed, enable=step, name="rows_above")
        bits = (depth - 1).bit_length()
        position = m.register(bits, "position", reset=0)
        last = m.and_(loops["column"].last, loops["beat"].last)
        following = m.mux(last, m.constant(0, bits), m.add(position.value, m.constant(1, bits)))
        position.drive(following, step)
        memory = m.memory(width_of(pushed), depth, "rows_above", style=_style(style))
        memory.write(position.value, pushed, step)
        return memory.read_registered(following, step) if style == "block" else memory.read(position.value)

    def _taps(self, line: SSAValue, step: SSAValue, row: int) -> list[SSAValue]:
        """The kernel's columns of one row, oldest first."""
        m = self.m
        columns, spacing = as_tuple(self.op.kernel)[1], as_tuple(self.op.dilation)[1] * self.beats
        taps = [m.reg(line, enable=step, name=f"row{row}_now")]
        for column in range(columns - 2, -1, -1):
            value = taps[0]
            for _ in range(spacing):
                value = m.reg(value, enable=step, name=f"row{row}_tap{column}")
            taps.insert(0, value)
        return taps

    def _window(self, taps: list[list[SSAValue]]) -> SSAValue:
        m, given = self.m, self.given
        bits = given.element_bits
        elements = [
            m.extract(tap, (parallel * given.lanes + lane) * bits, bits)
            for parallel in range(given.parallel)
            for lane in range(given.lanes)
            for row in taps
            for tap in row
        ]
        return m.concat(*reversed(elements))


def _style(memory: str) -> MemoryStyle:
    return "block" if memory == "block" else "registers" if memory == "registers" else "distributed"
