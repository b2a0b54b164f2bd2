"""The hardware of the window: a memory of the rows above, and a chain of registers along each row of the kernel."""

from __future__ import annotations

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import WindowOp, as_tuple
from e3ne.dialects.rtl import MemoryStyle
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.handshake import Counter, InputStream, Pipeline, count, nest, select, taken_port


class WindowBuilder:
    """Builds the module of one window.

    The taps hold a window while it is given, in `parts` beats; they shift when the last of these is taken.
    """

    def __init__(self, op: WindowOp) -> None:
        self.op, self.given = op, op.input_type
        self.top, self.left, bottom, right = as_tuple(op.padding)
        self.rows = self.given.height + self.top + bottom
        self.columns = self.given.width + self.left + right
        self.beats = self.given.beats_per_pixel
        self.parallel = op.output_type.parallel
        self.parts = self.given.parallel // self.parallel
        kh, kw = as_tuple(op.kernel)
        sy, sx = as_tuple(op.stride)
        self.m = ModuleBuilder(
            op.unit_name,
            comment=f"Windows of {op.layer.data}: {kh}x{kw}, stride {sy}x{sx}, over {self.given.height}x"
            f"{self.given.width} pixels padded to {self.rows}x{self.columns}.",
            parameters={"channels": self.given.channels, "steps": self.given.steps, "lanes": self.given.lanes},
        )

    def build(self) -> ModuleOp:
        """The module."""
        m = self.m
        s = InputStream.of(m, self.given.beat_bits)
        last_part = m.wire(1)
        ready = taken_port(m)
        pipeline = Pipeline(m, 1, m.and_(ready, last_part.value) if self.parts > 1 else ready)
        part = count(m, self.parts, m.and_(pipeline.valid(0), ready), "part")
        last_part.assign(part.last)
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
        pipeline.finish(None, select(m, part.value, [self._window(taps, number) for number in range(self.parts)]))
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
        m, style, depth = self.m, self.op.memory.data, self.columns * self.beats
        if depth == 1:
            return m.reg(pushed, enable=step, name="rows_above")
        bits = (depth - 1).bit_length()
        column, beat = loops["column"], loops["beat"]
        spaced = ((self.columns - 1) << (self.beats - 1).bit_length()) + self.beats
        fits = spaced == depth or (style == "distributed" and (spaced - 1).bit_length() == bits)
        if style != "block" and fits:
            # The loop counters themselves are the address; words that they leave out cost no LUT.
            counted = [c.value for c, modulus in ((column, self.columns), (beat, self.beats)) if modulus > 1]
            memory = m.memory(width_of(pushed), spaced, "rows_above", style=_style(style))
            address = m.concat(*counted)
            memory.write(address, pushed, step)
            return memory.read(address)
        position = m.register(bits, "position", reset=0)
        last = m.and_(column.last, beat.last)
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

    def _window(self, taps: list[list[SSAValue]], part: int) -> SSAValue:
        """A part of the window: element by element of the beat taken, those of the kernel."""
        m, given = self.m, self.given
        bits = given.element_bits
        elements = [
            m.extract(tap, (step * given.lanes + lane) * bits, bits)
            for step in range(part * self.parallel, (part + 1) * self.parallel)
            for lane in range(given.lanes)
            for row in taps
            for tap in row
        ]
        return m.concat(*reversed(elements))


def _style(memory: str) -> MemoryStyle:
    return "block" if memory == "block" else "registers" if memory == "registers" else "distributed"
