"""The hardware of the window: a memory of the rows above, and a chain of registers along each row of the kernel."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import WindowOp, as_tuple
from e3ne.dialects.rtl import MemoryStyle
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.handshake import Counter, InputStream, Pipeline, count, nest, select, taken_port


@dataclass(frozen=True)
class Sweep:
    """The counter of rows or columns: `lead` positions before the first pixel, `total` in all.

    `reach` is what the dilated kernel spans, `padding` what is before the map, `windows` how many windows there are.
    """

    size: int
    reach: int
    stride: int
    padding: int
    windows: int
    total: int

    @property
    def lead(self) -> int:
        """Positions before the first pixel: those of windows that lie in the padding alone."""
        return max(0, self.padding - self.reach + 1)

    @property
    def first(self) -> int:
        """The position at which the first window is complete."""
        return self.lead + self.reach - 1 - self.padding

    @property
    def left_of_window(self) -> bool:
        """Of columns: whether windows begin left of the map, in zeros that the row before leaves in the taps."""
        return self.padding > 0 and self.reach > 1

    def masks(self, distance: int, along: Sweep) -> bool:
        """Of rows: whether one that is `distance` above is masked where it is none of the image.

        A row that no window reaches above the image needs no mask.
        """
        return distance > self.first or (distance == self.first and along.left_of_window)

    @property
    def inside(self) -> list[int]:
        """For each position whether a pixel is there."""
        return [int(0 <= position - self.lead < self.size) for position in range(self.total)]

    @property
    def complete(self) -> list[int]:
        """For each position whether a window ends there."""
        places = [divmod(position - self.first, self.stride) for position in range(self.total)]
        return [int(0 <= place < self.windows and rest == 0) for place, rest in places]

    @staticmethod
    def of(op: WindowOp, axis: int) -> Sweep:
        """Down the rows (axis 0) or along the columns (1).

        Behind the last pixel of a row there are as many columns of zeros as windows reach into there, or into what is
        left of the next row. Rows above the map are masked instead, so that those below are for the windows there.
        """
        given, result = op.input_type, op.output_type
        size, windows = ((given.height, result.height), (given.width, result.width))[axis]
        reach, stride, padding = op.reach[axis], as_tuple(op.stride)[axis], as_tuple(op.padding)[axis]
        lead = max(0, padding - reach + 1)
        total = lead + max(size, (windows - 1) * stride + reach - padding)
        return Sweep(size, reach, stride, padding, windows, max(total, size + padding) if axis else total)


class WindowBuilder:
    """Builds the module of one window.

    The taps hold a window while it is given, in `parts` beats; they shift when the last of these is taken.
    """

    def __init__(self, op: WindowOp) -> None:
        self.op, self.given = op, op.input_type
        self.down, self.along = Sweep.of(op, 0), Sweep.of(op, 1)
        self.beats = self.given.beats_per_pixel
        self.parallel = op.output_type.parallel
        self.parts = self.given.parallel // self.parallel
        kh, kw = as_tuple(op.kernel)
        sy, sx = as_tuple(op.stride)
        self.m = ModuleBuilder(
            op.unit_name,
            comment=f"Windows of {op.layer.data}: {kh}x{kw}, stride {sy}x{sx}, over {self.given.height}x"
            f"{self.given.width} pixels in {self.down.total}x{self.along.total} steps.",
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
        loops = nest(m, [("row", self.down.total), ("column", self.along.total), ("beat", self.beats)], step.value)
        inside = m.and_(self._at(loops["row"], self.down.inside), self._at(loops["column"], self.along.inside))
        start, first = self._start(loops)
        takes = inside if start is None else m.or_(start, m.and_(inside, m.not_(first)))
        gives = m.and_(self._at(loops["row"], self.down.complete), self._at(loops["column"], self.along.complete))
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
        m, down, along = self.m, self.down, self.along
        if (down.first, along.first) >= (down.lead, along.lead):
            return None, m.constant(0, 1)
        row, column, beat = (loops[name] for name in ("row", "column", "beat"))
        first = [m.eq(c.value, m.constant(i, width_of(c.value))) for c, i in ((row, down.lead), (column, along.lead))]
        return m.and_(row.first, column.first, beat.first), m.and_(*first, beat.first)

    def _at(self, counter: Counter, words: list[int]) -> SSAValue:
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
        older = [
            self._masked(m.extract(word, (distance - 1) * bits, bits), distance, loops["row"])
            for distance in range(above, 0, -dilation)
        ]
        return [*older, pixel]

    def _masked(self, line: SSAValue, distance: int, row: Counter) -> SSAValue:
        """The row `distance` above, or zeros above the image: there the memory holds another image, or anything.

        As a synchronous reset of the tap behind it the mask takes a LUT in all.
        """
        m = self.m
        if not self.down.masks(distance, self.along):
            return line
        above = m.table(row.value, [int(position < distance) for position in range(self.down.total)], 1)
        return m.mux(above, m.constant(0, width_of(line)), line)

    def _rows_above(self, pushed: SSAValue, step: SSAValue, loops: dict[str, Counter]) -> SSAValue:
        """What `pushed` was a row ago."""
        m, style, depth = self.m, self.op.memory.data, self.along.total * self.beats
        if depth == 1:
            return m.reg(pushed, enable=step, name="rows_above")
        bits = (depth - 1).bit_length()
        column, beat = loops["column"], loops["beat"]
        spaced = ((self.along.total - 1) << (self.beats - 1).bit_length()) + self.beats
        fits = spaced == depth or (style == "distributed" and (spaced - 1).bit_length() == bits)
        if style != "block" and fits:
            # The loop counters themselves are the address; words that they leave out cost no LUT.
            counted = [c.value for c, modulus in ((column, self.along.total), (beat, self.beats)) if modulus > 1]
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
        """The kernel's columns of one row, oldest first.

        Where the very first row has windows, and these begin left of the map, there are zeros from the beginning.
        """
        m = self.m
        reset = 0 if self.along.left_of_window and self.down.first == 0 else None
        columns, spacing = as_tuple(self.op.kernel)[1], as_tuple(self.op.dilation)[1] * self.beats
        taps = [m.reg(line, enable=step, reset=reset, name=f"row{row}_now")]
        for column in range(columns - 2, -1, -1):
            value = taps[0]
            for _ in range(spacing):
                value = m.reg(value, enable=step, reset=reset, name=f"row{row}_tap{column}")
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
