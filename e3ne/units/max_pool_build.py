"""The hardware of the running max pool: counters of windows, and the two ways to keep the largest values so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MaxPoolOp, as_tuple
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.adders import tree_depth
from e3ne.units.comparison import less
from e3ne.units.handshake import Counter, InputStream, Pipeline, count, give, taken_port
from e3ne.units.pool import largest_value


@dataclass(frozen=True)
class Windows:
    """Where in the windows along an axis a value is: the number of its window, first and last place in it, the end.

    `beyond` is where the map ends before the window would, which is dropped: it has no last place.
    """

    number: SSAValue
    first: SSAValue
    last: SSAValue
    beyond: SSAValue
    end: SSAValue

    @staticmethod
    def count(m: ModuleBuilder, total: int, kernel: int, step: SSAValue, name: str) -> Windows:
        """Counters along `total` places, which go on in each cycle in which `step` is 1."""
        windows, rest = divmod(total, kernel)
        if rest == 0:
            place = count(m, kernel, step, f"{name}_of_window")
            window = count(m, windows, m.and_(step, place.last), f"window_{name}")
            return Windows(window.value, place.first, place.last, m.constant(0, 1), m.and_(place.last, window.last))
        place_bits, window_bits = (kernel - 1).bit_length(), windows.bit_length()
        at, number = m.register(place_bits, f"{name}_of_window", 0), m.register(window_bits, f"window_{name}", 0)
        zero = m.constant(0, place_bits)
        last = m.name(m.eq(at.value, m.constant(kernel - 1, place_bits)), f"{name}_last")
        beyond = m.name(m.eq(number.value, m.constant(windows, window_bits)), f"{name}_beyond")
        end = m.and_(beyond, m.eq(at.value, m.constant(rest - 1, place_bits)))
        turn = m.or_(last, end)
        at.drive(m.mux(turn, zero, m.add(at.value, m.constant(1, place_bits))), step)
        following = m.add(number.value, m.constant(1, window_bits))
        number.drive(m.mux(end, m.constant(0, window_bits), following), m.and_(step, turn))
        return Windows(number.value, m.eq(at.value, zero), last, beyond, end)


class MaxPoolBuilder:
    """Builds the module of one running max pool.

    Values that follow each other are of one window where a beat is a pixel and the kernel has several columns. Then a
    register for each lane takes the largest of a row of the window, and a memory the largest of its rows; only what is
    larger is written to either, so that nothing is selected. Otherwise the next value is of another window: each has
    its word read, is compared, and the larger of both is written back while the next word is read.
    """

    def __init__(self, op: MaxPoolOp) -> None:
        self.op, self.given = op, op.input_type
        self.bits, self.chunks = self.given.element_bits, self.given.beats_per_pixel
        self.rows, self.columns = as_tuple(op.kernel)
        self.across = self.given.width // self.columns
        self.m = ModuleBuilder(
            op.unit_name,
            comment=f"Max pool of {op.layer.data}: {self.rows}x{self.columns} windows of {self.given.height}x"
            f"{self.given.width} pixels, the largest value of each so far.",
            parameters={"channels": op.output_type.channels, "lanes": op.output_type.lanes},
        )
        self.s = InputStream.of(self.m, self.given.beat_bits)
        self.offered = self.m.register(1, "valid", reset=0)
        self.waits = self.m.and_(self.offered.value, self.m.not_(taken_port(self.m)))

    def build(self) -> ModuleOp:
        """The module."""
        if self.chunks == 1 and self.columns > 1:
            self._rows_of_windows()
        else:
            self._word_by_word()
        return self.m.build()

    def _values(self, accept: SSAValue, more: int) -> tuple[Pipeline | None, SSAValue, list[SSAValue]]:
        """Whether a beat comes, and one value of it for each window; it is taken in a cycle with `accept`.

        Their pipeline has `more` stages than comparisons within a beat need; None if it has none at all.
        """
        m, pixels = self.m, self.op.pixels.value.data
        lanes = [m.extract(self.s.data, lane * self.bits, self.bits) for lane in range(self.given.lanes)]
        compared = tree_depth(pixels)
        if compared + more == 0:
            self.s.accept(m, accept)
            return None, self.s.valid, lanes
        pipeline = Pipeline(m, compared + more, accept)
        self.s.accept(m, pipeline.ready)
        pipeline.enter(self.s.valid)
        neighbours = [lanes[i : i + pixels] for i in range(0, len(lanes), pixels)]
        values = [largest_value(m, pipeline, compared, each) for each in neighbours]
        return pipeline, pipeline.valid(compared - 1) if compared else self.s.valid, values

    def _down(self, step: SSAValue) -> Counter | Windows:
        """Where in its window a row is; whole windows need not be counted."""
        if self.given.height % self.rows:
            return Windows.count(self.m, self.given.height, self.rows, step, "row")
        return count(self.m, self.rows, step, "row_of_window")

    def _give(self, completed: SSAValue, results: Sequence[SSAValue]) -> None:
        """Results are offered from the cycle after `completed`, until they are taken."""
        self.offered.drive(self.m.or_(completed, self.waits))
        registers = [self.m.reg(result, enable=completed, name="largest") for result in results]
        give(self.m, self.m.concat(*reversed(registers)), self.offered.value)

    # A word for each window, read and written for each value

    def _word_by_word(self) -> None:
        m = self.m
        kept = self.rows * self.columns > 1
        words = (self.across if self.rows > 1 else 1) * self.chunks if kept else 0
        accept, step = m.wire(1), m.wire(1)
        pipeline, comes, values = self._values(accept.value, int(words > 1))
        beat = count(m, self.chunks, step.value, "beat")
        columns = Windows.count(m, self.given.width, self.columns, m.and_(step.value, beat.last), "column")
        rows = self._down(m.and_(step.value, beat.last, columns.end))
        completes = m.name(m.and_(columns.last, rows.last), "completes")
        first = m.and_(columns.first, rows.first)
        merges, memory = step.value, None
        if words > 1:
            assert pipeline is not None
            # One stage more, in which the word is read.
            stage = pipeline.stages - 1
            step.assign(m.name(m.and_(comes, pipeline.enable[stage]), "step"))
            merges = m.and_(pipeline.leave(None), accept.value)
            memory = _Words(self, pipeline, columns, beat)
            first, completes = (
                pipeline.carry(value, name, stage, stage)
                for value, name in ((first, "first"), (completes, "completes"))
            )
            values = [pipeline.carry(value, "value", stage, stage) for value in values]
        else:
            step.assign(m.name(m.and_(comes, accept.value), "step"))
            if pipeline is not None:
                pipeline.leave(None)
        accept.assign(m.not_(m.and_(completes, self.waits)))
        if memory is not None:
            values = [
                self._larger_of(first, value, so_far) for value, so_far in zip(values, memory.read(), strict=True)
            ]
            memory.write(values, merges)
        elif words:
            values = [self._merge_in_register(value, first, merges) for value in values]
        self._give(m.and_(merges, completes), values)

    def _larger_of(self, first: SSAValue, value: SSAValue, so_far: SSAValue) -> SSAValue:
        return self.m.mux(self.m.or_(first, less(self.m, so_far, value)), value, so_far)

    def _merge_in_register(self, value: SSAValue, first: SSAValue, merges: SSAValue) -> SSAValue:
        """The only window of a row of windows has a register."""
        so_far = self.m.register(self.bits, "so_far")
        merged = self._larger_of(first, value, so_far.value)
        so_far.drive(merged, merges)
        return merged

    # A register for a row of a window, a memory for its rows

    def _rows_of_windows(self) -> None:
        m = self.m
        accept = m.wire(1)
        pipeline, comes, values = self._values(accept.value, 0)
        if pipeline is not None:
            pipeline.leave(None)
        step = m.name(m.and_(comes, accept.value), "step")
        columns = Windows.count(m, self.given.width, self.columns, step, "column")
        rows = self._down(m.and_(step, columns.end))
        row_done = m.register(1, "row_done", reset=0)
        ends = m.and_(step, columns.last)
        row = [self._larger(value, columns.first, step, "largest_of_row") for value in values]
        if self.rows == 1:
            moves = m.and_(row_done.value, m.not_(self.waits))
            self._give(moves, row)
        else:
            merged = m.register(1, "merged", reset=0)
            moves = m.name(m.and_(row_done.value, m.not_(merged.value)), "merges")
            window = m.reg(columns.number, enable=ends, name="window")
            first = m.reg(rows.first, enable=ends, name="first_row")
            completes = m.reg(m.reg(rows.last, enable=ends, name="last_row"), enable=moves, name="completes")
            leaves = m.and_(merged.value, m.not_(m.and_(completes, self.waits)))
            merged.drive(m.or_(moves, m.and_(merged.value, m.not_(leaves))))
            results = self._merge_rows(row, first, window, columns, merged.value, moves)
            self._give(m.and_(leaves, completes), results)
        accept.assign(m.name(m.or_(m.not_(row_done.value), moves), "accept"))
        row_done.drive(m.or_(ends, m.and_(row_done.value, m.not_(moves))))

    def _larger(self, value: SSAValue, first: SSAValue, step: SSAValue, name: str) -> SSAValue:
        """A register that takes a value if it is the first one or larger."""
        register = self.m.register(self.bits, name)
        register.drive(value, self.m.and_(step, self.m.or_(first, less(self.m, register.value, value))))
        return register.value

    def _merge_rows(
        self,
        row: Sequence[SSAValue],
        first: SSAValue,
        window: SSAValue,
        columns: Windows,
        reads: SSAValue,
        merges: SSAValue,
    ) -> list[SSAValue]:
        """The largest of the rows so far, in the cycles after `merges`, in which `reads` is 1.

        While rows are merged the memory is read ahead for the next window, and behind for the result.
        """
        m = self.m
        if self.across == 1:
            return [self._larger(value, first, merges, "so_far") for value in row]
        bits = (self.across - 1).bit_length()
        at = m.extract(window, 0, bits)
        # Behind the last whole window comes the first one of the next row.
        ahead = m.and_(m.extract(columns.number, 0, bits), m.not_(m.replicate(columns.beyond, bits)))
        behind = m.reg(at, enable=merges, name="merged_window")
        address = m.name(m.mux(reads, behind, ahead), "read_window")
        results: list[SSAValue] = []
        for value in row:
            memory = m.memory(self.bits, self.across, "largest_so_far", style="distributed")
            word = memory.read(address)
            so_far = m.reg(word, enable=merges, name="so_far")
            memory.write(at, value, m.and_(merges, m.or_(first, less(m, so_far, value))))
            results.append(word)
        return results


class _Words:
    """A memory of the largest values so far, a word for each window and chunk of lanes.

    A word is read when its beat enters the last stage of a pipeline. The beat after it is of another word.
    """

    def __init__(self, pool: MaxPoolBuilder, pipeline: Pipeline, columns: Windows, beat: Counter) -> None:
        self.pool, self.pipeline, self.stage = pool, pipeline, pipeline.stages - 1
        m, across = pool.m, pool.across if pool.rows > 1 else 1
        numbers = [(columns.number, across), (beat.value, pool.chunks)]
        counted = [m.extract(n, 0, (modulus - 1).bit_length()) for n, modulus in numbers if modulus > 1]
        # The counters themselves are the address; words that they leave out cost no LUT.
        depth = ((across - 1) << (pool.chunks - 1).bit_length()) + pool.chunks
        self.lanes = pool.op.output_type.lanes
        self.memory = m.memory(self.lanes * pool.bits, depth, "largest_so_far", style="distributed")
        self.address = m.concat(*counted)
        self.inside = m.not_(columns.beyond)
        # Beats from one to the next of the same word, at least.
        self.distance = pool.chunks * (across if pool.columns == 1 else 1)

    def read(self) -> list[SSAValue]:
        """The largest values so far, one for each lane, in the last stage."""
        m, bits = self.pool.m, self.pool.bits
        word = self.pipeline.carry(self.memory.read(self.address), "so_far", self.stage, self.stage)
        return [m.extract(word, lane * bits, bits) for lane in range(self.lanes)]

    def write(self, values: Sequence[SSAValue], merges: SSAValue) -> None:
        """Replaces the word that was read; a cycle later, for the sake of the clock, if nobody reads it as early."""
        m = self.pool.m
        address = self.pipeline.carry(self.address, "address", self.stage, self.stage)
        writes = m.and_(merges, self.pipeline.carry(self.inside, "inside", self.stage, self.stage))
        word = m.concat(*reversed(values))
        if self.distance > 2:
            address, word, writes = m.reg(address), m.reg(word, name="merged"), m.reg(writes, reset=0, name="writes")
        self.memory.write(address, word, writes)
