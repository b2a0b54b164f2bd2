"""The replay: stores the beats of a pixel and gives them once for each group of outputs; or whole images, as frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import After, EventGraph, Process
from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import REPLAY_MEMORIES, Order, ReplayOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.handshake import Counter, InputStream, Pipeline, count, nest, taken_port
from e3ne.units.interface import Choice, Unit
from e3ne.units.layout import Values


@dataclass(frozen=True)
class ReplayModel:
    """Blocks (pixels, or a whole image) of `chunks`·`step_beats` beats, given `repeat` times.

    Time steps are outside if `outer`.

    Two blocks have room. A beat can be read in the cycle after it was written and is valid a cycle later; the place of
    a block is free in the cycle after its last beat was read.
    """

    blocks: int
    chunks: int
    step_beats: int
    repeat: int
    outer: bool

    def order(self) -> NDArray[np.int64]:
        """The beats of a block in the order in which one repetition reads them."""
        beats = np.arange(self.chunks * self.step_beats, dtype=np.int64).reshape(self.chunks, self.step_beats)
        return (beats.T if self.outer else beats).reshape(-1)

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Writes are `taken`; reads enter a register stage that gives."""
        size = self.chunks * self.step_beats
        read = f"{unit}.read"
        reads = self.blocks * self.repeat * size
        block = np.arange(self.blocks, dtype=np.int64)[:, None]
        needs = (block * size + np.tile(self.order(), self.repeat)).reshape(-1)
        written = np.arange(self.blocks * size, dtype=np.int64)
        freed = (written // size - 1) * self.repeat * size - 1
        whole = np.arange(reads, dtype=np.int64)
        return EventGraph(
            (Process(taken, written.size), Process(read, reads), Process(given, reads)),
            (
                After(read, taken, needs, 1),
                After(taken, read, freed, 1),
                After(given, read, whole, 1, offers=True),
                After(read, given, whole - 1, 0),
            ),
        )

    def compute(self, values: Values) -> Values:
        """Beats → the same beats, repeated and reordered."""
        images, _, elements = values.shape
        blocks = values.reshape(images, self.blocks, 1, self.chunks * self.step_beats, elements)
        ordered = np.repeat(blocks[:, :, :, self.order()], self.repeat, axis=2)
        return ordered.reshape(images, -1, elements)


class Replay(Unit[ReplayOp]):
    """Two banks of a memory: one is written while the other is read; the first reading follows the writing."""

    operation = ReplayOp

    def legal_choices(self, op: ReplayOp) -> Sequence[Choice]:
        """The memory."""
        return [{"memory": memory} for memory in REPLAY_MEMORIES]

    def features(self, op: ReplayOp) -> Features:
        """Two banks of memory, the positions in them, and the loops of reading."""
        given = op.input_type
        size, block = op.beats, op.memory.data == "block"
        outer = Order(op.order.data) is Order.STEPS_OUTER and given.chunks > 1 and given.step_beats > 1
        position = (size - 1).bit_length()
        control = Control(1)
        control.count(size, 2, 2, op.repeat.value.data, *((given.step_beats, given.chunks) if outer else (size,)))
        words = 2 << position if size > 1 else 2
        # Where a block memory cannot read and write one word at once, synthesis adds what can.
        bypassed = given.beat_bits if block else 0
        return Features(
            "replay",
            control.lut | {"position_bits": position, "reordered_bits": position if outer else 0, "bypassed": bypassed},
            control.ff
            | {
                "full_banks": 2,
                "reordered_bits": position if outer else 0,
                "bypassed": bypassed,
                "read": 0 if block else given.beat_bits,
            },
            (Memory(words, given.beat_bits, "block" if block else "distributed"),),
            op.output_type.beats_per_image,
        )

    def model(self, op: ReplayOp) -> ReplayModel:
        """Block and order."""
        given = op.input_type
        whole = op.whole is not None
        return ReplayModel(
            1 if whole else given.pixels,
            given.chunks * (given.pixels if whole else 1),
            given.step_beats,
            op.repeat.value.data,
            Order(op.order.data) is Order.STEPS_OUTER,
        )

    def build(self, op: ReplayOp) -> ModuleOp:
        """A bank bit and a position for writing and for reading, and the number of full banks."""
        given = op.input_type
        size = op.beats
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Replay buffer of {op.layer.data}: {size} beats, given {op.repeat.value.data} times.",
            parameters={"chunks": given.chunks, "step beats": given.step_beats, "order": op.order.data},
        )
        s = InputStream.of(m, given.beat_bits)
        pipeline = Pipeline(m, 1, taken_port(m))
        full = m.register(2, "full_banks", reset=0)
        two = m.constant(2, 2)
        room = m.name(m.ne(full.value, two), "room")
        s.accept(m, room)
        write = m.and_(s.valid, room)
        position = count(m, size, write, "write_position")
        filled = m.and_(write, position.last)
        write_bank = count(m, 2, filled, "write_bank")
        read = m.wire(1)
        address, loops = self._read_order(m, op, size, read.value)
        some = m.ne(full.value, m.constant(0, 2))
        here = m.ult(address, position.value)
        read.assign(m.name(m.and_(m.or_(some, here), pipeline.ready), "read"))
        pipeline.enter(m.or_(some, here))
        freed = m.and_(read.value, *(counter.last for counter in loops.values()))
        read_bank = count(m, 2, freed, "read_bank")
        one = m.constant(1, 2)
        full.drive(m.mux(filled, m.add(full.value, one), m.sub(full.value, one)), m.xor(filled, freed))
        data = self._memory(
            m, op, size, (write_bank.value, position.value, s.data, write), (read_bank.value, address), pipeline
        )
        pipeline.finish(None, data)
        return m.build()

    @staticmethod
    def _read_order(m: ModuleBuilder, op: ReplayOp, size: int, read: SSAValue) -> tuple[SSAValue, dict[str, Counter]]:
        """The position that is read, and the loop counters of the reading side."""
        given = op.input_type
        repeat = ("repeat", op.repeat.value.data)
        if Order(op.order.data) is Order.STEPS_INNER or given.chunks == 1 or given.step_beats == 1:
            loops = nest(m, [repeat, ("read_position", size)], read)
            return loops["read_position"].value, loops
        loops = nest(m, [repeat, ("time", given.step_beats), ("chunk", given.chunks)], read)
        bits = (size - 1).bit_length()
        position = m.register(bits, "read_position", reset=0)
        following = m.add(position.value, m.constant(given.step_beats, bits))
        next_time = m.add(m.zext(loops["time"].value, bits), m.constant(1, bits))
        restart = m.mux(loops["time"].last, m.constant(0, bits), next_time)
        position.drive(m.mux(loops["chunk"].last, restart, following), read)
        return position.value, loops

    @staticmethod
    def _memory(
        m: ModuleBuilder,
        op: ReplayOp,
        size: int,
        write: tuple[SSAValue, SSAValue, SSAValue, SSAValue],
        read: tuple[SSAValue, SSAValue],
        pipeline: Pipeline,
    ) -> SSAValue:
        bank, position, data, enable = write
        read_bank, read_position = read
        if size == 1:
            words = 2
            write_address, read_address = bank, read_bank
        else:
            words = 2 << (size - 1).bit_length()
            write_address, read_address = m.concat(bank, position), m.concat(read_bank, read_position)
        block = op.memory.data == "block"
        memory = m.memory(op.input_type.beat_bits, words, "banks", style="block" if block else "distributed")
        memory.write(write_address, data, enable)
        if block:
            return memory.read_registered(read_address, pipeline.enable[0])
        return m.reg(memory.read(read_address), enable=pipeline.enable[0], name="read_data")
