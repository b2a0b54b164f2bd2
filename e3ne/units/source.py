"""The source: unpacks the AXI4-Stream input into pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process
from e3ne.dialects.dataflow import SourceOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.handshake import InputStream, count, give, taken_port
from e3ne.units.interface import Choice, Unit
from e3ne.units.layout import Values


@dataclass(frozen=True)
class SourceModel:
    """`pixels` pixels an image of `channels` codes of `steps` bits, `per_beat` pixels in a beat of `bus` bits.

    The unit holds one beat of the bus and gives one pixel a cycle; the next beat is taken in the cycle in which the
    last pixel of the one before leaves. An image starts with a fresh beat.
    """

    pixels: int
    channels: int
    steps: int
    per_beat: int
    bus: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Beats of the bus (`taken`) and pixels (`given`)."""
        beats = -(-self.pixels // self.per_beat)
        pixel = np.arange(self.pixels, dtype=np.int64)
        first = np.arange(beats, dtype=np.int64) * self.per_beat
        held = np.where(pixel % self.per_beat == 0, pixel // self.per_beat, NEVER)
        return EventGraph(
            (Process(taken, beats), Process(given, self.pixels)),
            (
                After(given, taken, held, 1, offers=True),
                # Before the first beat of an image, that is the last pixel of the image before.
                After(taken, given, first - 1, 0),
            ),
        )

    def compute(self, values: Values) -> Values:
        """Bits of the bus, (images, beats, bus) of 0/1, → digits (images, pixels, steps·channels), first step first."""
        images = values.shape[0]
        code_bits = self.channels * self.steps
        pixels = values[:, :, : self.per_beat * code_bits].reshape(images, -1, self.channels, self.steps)
        digits = pixels[:, : self.pixels, :, ::-1]
        return digits.transpose(0, 1, 3, 2).reshape(images, self.pixels, code_bits)


class Source(Unit[SourceOp]):
    """Unpacks the input, a pixel a cycle."""

    operation = SourceOp

    def legal_choices(self, op: SourceOp) -> Sequence[Choice]:
        """Buses of whole bytes and whole pixels, up to 512 bits."""
        unit = math.lcm(8, op.output_type.channels * op.output_type.steps)
        return [{"bus": bus} for bus in range(unit, max(unit, 512) + 1, unit)]

    def features(self, op: SourceOp) -> Features:
        """The held beat, which shifts, and counters."""
        given, per_beat = op.output_type, op.pixels_per_beat
        used = per_beat * given.beat_bits
        control = Control(0)
        control.count(*((per_beat,) if given.pixels % per_beat == 0 else (given.pixels,)))
        if given.pixels % per_beat and given.pixels >= per_beat:
            control.count(per_beat)
        return Features(
            "source",
            control.lut | {"shifted": used - given.beat_bits},
            control.ff | {"unit": 1, "held": used},
            (),
            given.pixels,
        )

    def model(self, op: SourceOp) -> SourceModel:
        """Sizes of the input."""
        given = op.output_type
        return SourceModel(given.pixels, given.channels, given.steps, op.pixels_per_beat, op.bus.value.data)

    def build(self, op: SourceOp) -> ModuleOp:
        """A register for the beat that shifts down by one pixel at a time."""
        given = op.output_type
        pixel_bits = given.beat_bits
        used = op.pixels_per_beat * pixel_bits
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Input of {op.layer.data}: {given.pixels} pixels of {given.channels} x {given.steps} bits, "
            f"{op.pixels_per_beat} in a beat of {op.bus.value.data} bits, first pixel lowest.",
            parameters={"pixels": given.pixels, "channels": given.channels, "steps": given.steps},
        )
        s = InputStream.of(m, used)
        ready = taken_port(m)
        full = m.register(1, "full", reset=0)
        held = m.register(used, "held")
        leave = m.and_(full.value, ready)
        last = self._last_of_beat(m, op, leave)
        done = m.and_(leave, last)
        accept = m.or_(m.not_(full.value), done)
        load = m.and_(accept, s.valid)
        s.accept(m, accept)
        full.drive(m.or_(s.valid, m.not_(accept)))
        if op.pixels_per_beat == 1:
            held.drive(s.data, load)
        else:
            shifted = m.zext(m.extract(held.value, pixel_bits, used - pixel_bits), used)
            # What is taken where no beat comes is never given; choosing without `valid` and `ready` takes a LUT a bit
            # where choosing by `load` took up to four.
            empties = m.or_(m.not_(full.value), last)
            held.drive(m.mux(empties, s.data, shifted), m.or_(load, leave))
        # A code has its most significant digit highest; in a beat the first step comes lowest.
        digits = [
            m.extract(held.value, channel * given.steps + given.steps - 1 - step)
            for step in range(given.steps)
            for channel in range(given.channels)
        ]
        give(m, m.concat(*reversed(digits)), full.value)
        return m.build()

    @staticmethod
    def _last_of_beat(m: ModuleBuilder, op: SourceOp, leave: SSAValue) -> SSAValue:
        """Whether the pixel that is given is the last that the held beat has of this image."""
        pixels, per_beat = op.output_type.pixels, op.pixels_per_beat
        if pixels % per_beat == 0:
            return count(m, per_beat, leave, "slot").last
        if pixels < per_beat:
            return count(m, pixels, leave, "pixel").last
        bits = (per_beat - 1).bit_length()
        slot = m.register(bits, "slot", reset=0)
        full = m.eq(slot.value, m.constant(per_beat - 1, bits))
        last = m.or_(full, count(m, pixels, leave, "pixel").last)
        slot.drive(m.mux(last, m.constant(0, bits), m.add(slot.value, m.constant(1, bits))), leave)
        return last
