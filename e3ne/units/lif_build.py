"""The hardware of integrate-and-fire neurons: for each lane what one step does to its membrane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import LifOp, integers_of
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.frame_state import STAGES, FrameState
from e3ne.units.handshake import InputStream, Pipeline, taken_port
from e3ne.units.lif_recurrence import Feedback


class LifBuilder:
    """Builds the unit of an operation."""

    def __init__(self, op: LifOp) -> None:
        self.op = op
        self.given, self.bits = op.input_type, op.membrane_bits.value.data
        self.drive_bits = self.given.element_bits
        self.numbers = {name: integers_of(op, symbol).tolist() for name, symbol in op.symbols().items()}
        self.m = ModuleBuilder(
            op.unit_name,
            comment=f"Integrate-and-fire neurons of {op.layer.data}: {self.given.channels} channels, "
            f"{self.given.frames} time steps, {self.given.lanes} neurons at once.",
            parameters={
                "membrane bits": self.bits,
                "fires": op.fires.data,
                "reset": op.reset.data,
                "timing": op.timing.data,
                "decay bits": op.decay_bits.value.data,
                "gain bits": op.gain_bits.value.data,
            },
        )

    def build(self) -> ModuleOp:
        """Two stages: what is kept is read, then changed and written back."""
        m, op = self.m, self.op
        s = InputStream.of(m, self.given.beat_bits)
        ready = taken_port(m)
        pipeline = Pipeline(m, STAGES, ready)
        lanes, per_lane = self.given.lanes, op.state_bits
        feedback = Feedback(m, op) if op.is_recurrent else None
        opened = None
        if feedback is not None:
            s, opened = self._fed(s, feedback), feedback.open.value
        self.state = FrameState.of(m, pipeline, s, self.given, per_lane * lanes, op.state_memory.data, opened)
        kept: list[SSAValue] = []
        spikes: list[list[SSAValue]] = []
        for lane in range(lanes):
            fired, new = self._lane(lane, m.extract(self.state.old, per_lane * lane, per_lane))
            kept.append(new)
            spikes.append(fired)
        self.state.keep(m.concat(*reversed(kept)))
        digits = [m.concat(*(spikes[lane][step] for lane in reversed(range(lanes)))) for step in range(len(spikes[0]))]
        given = m.reg(m.concat(*reversed(digits)), enable=pipeline.enable[1], name="spikes")
        if feedback is not None:
            feedback.connect(self.state.enters, given, m.and_(pipeline.valid(STAGES - 1), ready))
        pipeline.finish(None, given)
        return m.build()

    def _fed(self, s: InputStream, feedback: Feedback) -> InputStream:
        """The drives with what the frame before adds to them."""
        m, bits = self.m, self.given.element_bits
        self.drive_bits = max(bits, feedback.bits) + 1
        drives = (m.sext(m.extract(s.data, lane * bits, bits), self.drive_bits) for lane in range(self.given.lanes))
        added = (m.sext(value, self.drive_bits) for value in feedback.front)
        sums = [m.add(drive, more) for drive, more in zip(drives, added, strict=True)]
        return InputStream(m.concat(*reversed(sums)), s.valid)

    def _lane(self, lane: int, old: SSAValue) -> tuple[list[SSAValue], SSAValue]:
        """The digits of the number of spikes, most significant first, and what is kept."""
        m, bits, state = self.m, self.bits, self.state
        wide = self.drive_bits
        drive = m.extract(state.data, lane * wide, wide)
        come = self._fitted(m.concat(drive, m.constant(0, self._gain)) if self._gain else drive)
        membrane = m.mux(state.first, self._constant("initial", lane), m.extract(old, 0, bits))
        if "synapse_decay" not in self.numbers:
            spikes, new = self._step(lane, membrane, come)
            return spikes, new
        current = m.mux(state.first, m.constant(0, bits), m.extract(old, bits, bits))
        current = m.add(self._decayed("synapse_decay", lane, current), come)
        spikes, new = self._step(lane, membrane, current)
        return spikes, m.concat(current, new)

    def _step(self, lane: int, membrane: SSAValue, come: SSAValue) -> tuple[list[SSAValue], SSAValue]:
        m, op = self.m, self.op
        timing, reset = op.timing.data, op.reset.data
        theta = self._constant("threshold", lane)
        whole = m.add(self._decayed("decay", lane, membrane), come)
        if op.several is not None:
            spikes, rest = self._several(whole, theta)
            return spikes, self._limited(lane, rest)
        compared = whole
        if timing != "same_step" and reset == "subtract":
            compared = m.mux(self._fires(membrane, theta), m.sub(whole, theta), whole)
        elif timing == "next_step" and reset == "value":
            put = self._constant("reset_value", lane)
            put = put if op.loses_input is not None else m.add(put, come)
            compared = m.mux(self._fires(membrane, theta), put, whole)
        spike = m.name(self._fires(compared, theta), "spike")
        new = compared
        if timing == "compared" or (timing == "same_step" and reset == "subtract"):
            new = m.mux(spike, m.sub(whole, theta), whole)
        elif timing == "same_step" and reset == "value":
            new = m.mux(spike, self._constant("reset_value", lane), whole)
        return [spike], self._limited(lane, new)

    def _several(self, whole: SSAValue, theta: SSAValue) -> tuple[list[SSAValue], SSAValue]:
        """As many spikes as thresholds fit in, by division: the largest multiple first; and what remains."""
        m, digits = self.m, self.op.spike_bits.value.data
        wide = max(self.bits, self.bits + digits - 1)
        rest, step = m.sext(whole, wide), m.sext(theta, wide)
        spikes: list[SSAValue] = []
        for place in reversed(range(digits)):
            shifted = m.concat(m.extract(step, 0, wide - place), m.constant(0, place)) if place else step
            fits = m.sle(shifted, rest)
            rest = m.mux(fits, m.sub(rest, shifted), rest)
            spikes.append(fits)
        return spikes, m.extract(rest, 0, self.bits)

    def _fires(self, membrane: SSAValue, theta: SSAValue) -> SSAValue:
        return self.m.slt(theta, membrane) if self.op.fires.data == "gt" else self.m.sle(theta, membrane)

    def _limited(self, lane: int, membrane: SSAValue) -> SSAValue:
        if "least" not in self.numbers:
            return membrane
        least = self._constant("least", lane)
        return self.m.mux(self.m.slt(membrane, least), least, membrane)

    @cached_property
    def _gain(self) -> int:
        return self.op.gain_bits.value.data

    def _fitted(self, value: SSAValue) -> SSAValue:
        """A signed value in the bits of a membrane, which hold whatever is reached."""
        width = width_of(value)
        return self.m.sext(value, self.bits) if width <= self.bits else self.m.extract(value, 0, self.bits)

    def _by_chunk(self, name: str, lane: int) -> Sequence[int]:
        """The parameter of a lane's channels, chunk by chunk; one where it is always the same."""
        words = self.numbers[name]
        mine = words if len(words) == 1 else words[lane :: self.given.lanes]
        return mine[:1] if len(set(mine)) == 1 else mine

    def _constant(self, name: str, lane: int) -> SSAValue:
        words, mask = self._by_chunk(name, lane), (1 << self.bits) - 1
        if len(words) == 1 or self.state.chunk is None:
            return self.m.constant(words[0], self.bits)
        return self.m.table(self.state.chunk, [word & mask for word in words], self.bits)

    def _decayed(self, name: str, lane: int, value: SSAValue) -> SSAValue:
        """⌊value · factor / 2^decay_bits⌋, the factor being 2^decay_bits at most."""
        m, shift = self.m, self.op.decay_bits.value.data
        words = self._by_chunk(name, lane)
        wide = m.sext(value, self.bits + shift)
        if len(words) == 1 or self.state.chunk is None:
            product = self._times(wide, words[0])
        else:
            factor = m.table(self.state.chunk, words, shift + 1)
            none = m.constant(0, width_of(wide))
            parts = [m.mux(m.extract(factor, place), self._shifted(wide, place), none) for place in range(shift + 1)]
            product = self._sum(parts)
        return m.extract(product, shift, self.bits)

    def _times(self, value: SSAValue, factor: int) -> SSAValue:
        """The product with a constant: a sum and differences of shifted values, as few as there are."""
        m = self.m
        result = m.constant(0, width_of(value))
        for place, sign in reversed(signed_digits(factor)):
            shifted = self._shifted(value, place)
            result = m.add(result, shifted) if sign > 0 else m.sub(result, shifted)
        return result

    def _shifted(self, value: SSAValue, places: int) -> SSAValue:
        width = width_of(value)
        if places == 0:
            return value
        return self.m.concat(self.m.extract(value, 0, width - places), self.m.constant(0, places))

    def _sum(self, parts: Sequence[SSAValue]) -> SSAValue:
        total = parts[0]
        for part in parts[1:]:
            total = self.m.add(total, part)
        return total


def signed_digits(number: int) -> list[tuple[int, int]]:
    """A number ≥ 0 as a sum of ±2^place, no two places next to each other: (place, sign), lowest place first."""
    found: list[tuple[int, int]] = []
    place = 0
    while number:
        if number & 1:
            sign = 2 - (number & 3)
            found.append((place, sign))
            number -= sign
        number >>= 1
        place += 1
    return found
