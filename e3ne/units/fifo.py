"""The FIFO: decouples two units, and cuts the combinational path of `ready`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import After, EventGraph, Process
from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import FifoOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.handshake import InputStream, count, give, taken_port
from e3ne.units.interface import Choice, Unit
from e3ne.units.layout import Values


@dataclass(frozen=True)
class FifoModel:
    """Room for `depth` beats; a beat can leave a cycle after it came, and its place is free a cycle after it left."""

    beats: int
    depth: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """A beat is given for each beat taken."""
        beat = np.arange(self.beats, dtype=np.int64)
        return EventGraph(
            (Process(taken, self.beats), Process(given, self.beats)),
            (After(given, taken, beat, 1, offers=True), After(taken, given, beat - self.depth, 1)),
        )

    def compute(self, values: Values) -> Values:
        """The same beats."""
        return values


class Fifo(Unit[FifoOp]):
    """A ring buffer in LUT RAM; two beats have two registers, one behind or beside the other, and one beat has one.

    Where what comes late is to meet no logic, a register is in front of the RAM.
    """

    operation = FifoOp

    def legal_choices(self, op: FifoOp) -> Sequence[Choice]:
        """Depths up to 64 by powers of two, and one beat."""
        return [{"depth": depth} for depth in (1, 2, 4, 8, 16, 32, 64)]

    def features(self, op: FifoOp) -> Features:
        """A register, two of them, or RAM in LUTs; positions and the number of beats held."""
        depth, bits = op.depth.value.data, op.input_type.beat_bits
        control = Control(0)
        # Two beats need no positions: a bit tells whether there is one, another whether one waits behind it.
        control.count(*([depth, depth] if depth > 2 else []))
        held = depth.bit_length() + 2 * op.chooses_last
        # Yosys keeps a copy of the position that addresses an asynchronous read.
        copied = (depth - 1).bit_length() if depth > 2 else 0
        waiting = bits if depth == 2 or op.chooses_last else 0
        registers = depth if depth <= 2 else int(op.chooses_last)
        return Features(
            "fifo",
            control.lut | {"held_bits": held, "read_position": copied, "waiting": waiting},
            control.ff
            | {
                "held_bits": held,
                "read_position": copied,
                "stored": bits * registers,
            },
            (Memory(depth, bits, "distributed"),) if depth > 2 else (),
            op.input_type.beats_per_image,
        )

    def model(self, op: FifoOp) -> FifoModel:
        """Beats and depth."""
        return FifoModel(op.input_type.beats_per_image, op.depth.value.data)

    def build(self, op: FifoOp) -> ModuleOp:
        """Read and write position, and the number of beats held."""
        depth, bits = op.depth.value.data, op.input_type.beat_bits
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Buffer of {depth} beats in {op.layer.data}.",
            parameters={"depth": depth, "width": bits},
        )
        s = InputStream.of(m, bits)
        ready = taken_port(m)
        if depth == 2:
            (_alternating if op.chooses_last else _two_beats)(m, s, ready)
            return m.build()
        held_bits = depth.bit_length()
        held = m.register(held_bits, "held", reset=0)
        room = m.name(m.ne(held.value, m.constant(depth, held_bits)), "room")
        some = m.name(m.ne(held.value, m.constant(0, held_bits)), "some")
        write, read = m.and_(s.valid, room), m.and_(some, ready)
        one = m.constant(1, held_bits)
        changed = m.mux(write, m.add(held.value, one), m.sub(held.value, one))
        held.drive(changed, m.xor(write, read))
        s.accept(m, room)
        if depth == 1:
            give(m, m.reg(s.data, enable=write, name="stored"), some)
            return m.build()
        memory = m.memory(bits, depth, "stored", style="distributed")
        data, writes = s.data, write
        if op.chooses_last:
            data, writes = m.reg(s.data, enable=write, name="come"), m.reg(write, reset=0, name="comes")
        memory.write(count(m, depth, writes, "write_position").value, data, writes)
        front = memory.read(count(m, depth, read, "read_position").value)
        if op.chooses_last:
            # What came last is the next to leave when nothing else is there, and in the memory a cycle later.
            alone = m.or_(m.not_(some), m.and_(m.eq(held.value, one), ready))
            front = m.mux(m.reg(m.and_(write, alone), reset=0, name="only"), data, front)
        give(m, front, some)
        return m.build()


@dataclass(frozen=True)
class _Held:
    """Whether there is a beat, whether another one waits behind it, and whether the output may take one."""

    given: SSAValue
    waiting: SSAValue
    moves: SSAValue

    @staticmethod
    def of(m: ModuleBuilder, s: InputStream, ready: SSAValue) -> _Held:
        """Of two beats; valid and ready come out of registers."""
        given, waiting = m.register(1, "given", reset=0), m.register(1, "waiting", reset=0)
        s.accept(m, m.not_(waiting.value))
        moves = m.or_(m.not_(given.value), ready)
        given.drive(m.or_(waiting.value, s.valid), moves)
        # A beat waits that comes while the output is held; it leaves with the next one that is taken there.
        waiting.drive(m.and_(m.or_(waiting.value, s.valid), m.not_(moves)))
        return _Held(given.value, waiting.value, moves)


def _two_beats(m: ModuleBuilder, s: InputStream, ready: SSAValue) -> None:
    """One beat at the output, one behind it: the data come out of a register, too."""
    held = _Held.of(m, s, ready)
    spare = m.reg(s.data, enable=m.not_(held.waiting), name="spare")
    give(m, m.reg(m.mux(held.waiting, spare, s.data), enable=held.moves, name="first"), held.given)


def _alternating(m: ModuleBuilder, s: InputStream, ready: SSAValue) -> None:
    """Beats go to two registers in turn: what comes late in its cycle meets no logic in front of them."""
    held = _Held.of(m, s, ready)
    room = m.not_(held.waiting)
    write, read = m.register(1, "write_position", reset=0), m.register(1, "read_position", reset=0)
    write.drive(m.not_(write.value), m.and_(s.valid, room))
    read.drive(m.not_(read.value), m.and_(held.given, ready))
    even = m.reg(s.data, enable=m.and_(room, m.not_(write.value)), name="even")
    odd = m.reg(s.data, enable=m.and_(room, write.value), name="odd")
    give(m, m.mux(read.value, odd, even), held.given)
