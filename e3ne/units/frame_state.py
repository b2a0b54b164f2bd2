"""Numbers that are kept from frame to frame: read for each beat, and written a stage later."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import StreamType
from e3ne.dialects.rtl.builder import Memory as Handle
from e3ne.dialects.rtl.builder import ModuleBuilder, Register
from e3ne.units.features import Control
from e3ne.units.handshake import InputStream, Pipeline, count

STAGES = 2
"""Stages: what is kept comes out of the first one, and goes back, with what the unit gives, into the second."""


@dataclass(frozen=True)
class FrameState:
    """In the first stage: the beat's data, what is kept for its place, and where it is.

    `chunk` is the number of its group of channels, None where there is one; `first` and `last` tell about its frame.
    `enters`: whether a beat is taken.
    """

    m: ModuleBuilder
    data: SSAValue
    chunk: SSAValue | None
    old: SSAValue
    first: SSAValue
    last: SSAValue
    enters: SSAValue
    _address: SSAValue | None
    _kept: Handle | Register
    _write: SSAValue

    @staticmethod
    def of(
        m: ModuleBuilder,
        pipeline: Pipeline,
        s: InputStream,
        given: StreamType,
        bits: int,
        style: str,
        opened: SSAValue | None = None,
    ) -> FrameState:
        """For beats of `given`, with `bits` kept for each of a frame's; beats enter as the pipeline lets them.

        They do so while `opened`, if that is given. A place is read two beats, at least, after it was written, unless
        it is the only one.
        """
        pixels, enable = given.pixels // given.frames, pipeline.enable[0]
        places = pixels * given.beats_per_pixel
        valid = s.valid if opened is None else m.and_(s.valid, opened)
        s.accept(m, pipeline.ready if opened is None else m.and_(pipeline.ready, opened))
        pipeline.enter(valid)
        step = m.and_(valid, pipeline.ready)
        place = count(m, places, step, "place")
        frame = count(m, given.frames, m.and_(step, place.last), "frame")
        group = None
        if given.chunks > 1:
            group = m.reg(count(m, given.chunks, step, "next_chunk").value, enable=enable, name="chunk")
        data = m.reg(s.data, enable=enable, name="taken")
        first = m.reg(frame.first, enable=enable, name="first_frame")
        last = m.reg(frame.last, enable=enable, name="last_frame")
        write = m.and_(pipeline.enable[1], pipeline.valid(0))
        if places == 1:
            register = m.register(bits, "state")
            return FrameState(m, data, group, register.value, first, last, step, None, register, write)
        memory = m.memory(bits, places, "states", style="block" if style == "block" else "distributed")
        if style == "block":
            old = memory.read_registered(place.value, enable)
        else:
            old = m.reg(memory.read(place.value), enable=enable, name="state")
        address = m.reg(place.value, enable=enable, name="place_taken")
        return FrameState(m, data, group, old, first, last, step, address, memory, write)

    def keep(self, new: SSAValue) -> None:
        """What is kept for the place from now on."""
        if isinstance(self._kept, Register):
            self._kept.drive(new, self._write)
        else:
            assert self._address is not None
            self._kept.write(self._address, new, self._write)


def frame_state_parts(given: StreamType, bits: int, style: str) -> tuple[Control, int, tuple[Memory, ...]]:
    """What it is made of: control, registers beside it, memories."""
    places = given.pixels // given.frames * given.beats_per_pixel
    control = Control(STAGES)
    control.count(places, given.frames, given.chunks)
    block = style == "block" and places > 1
    address = (places - 1).bit_length()
    held = given.beat_bits + 2 + address + (given.chunks - 1).bit_length() + (0 if block else bits)
    memories = (Memory(places, bits, "block" if block else "distributed"),) if places > 1 else ()
    return control, held, memories
