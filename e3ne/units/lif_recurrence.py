"""Recurrent connections of integrate-and-fire neurons: what the spikes of a frame add to the drives of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import LifOp
from e3ne.dialects.rtl.builder import ModuleBuilder, Register
from e3ne.units.adders import signed_bits
from e3ne.units.handshake import count


def feedback_bits(op: LifOp) -> int:
    """Bits of what the spikes of a frame add to a drive; 0 without recurrence."""
    found = op.recurrence()
    if found is None:
        return 0
    weights, bias = found
    most = (1 << op.spike_bits.value.data) - 1
    low = (weights.clip(max=0).sum(axis=1) * most + bias).min()
    high = (weights.clip(min=0).sum(axis=1) * most + bias).max()
    return signed_bits(int(low), int(high))


@dataclass
class Feedback:
    """A sum for each neuron, to which the weights of a beat's spikes are added when the beat leaves.

    With a frame's last beat the sums become what is added to the next frame's drives. That shifts along with the beats
    that enter, so that what their lanes need is in front. A frame is let in when the one before has left.
    """

    m: ModuleBuilder
    op: LifOp
    bits: int = field(init=False)
    open: Register = field(init=False)
    front: Sequence[SSAValue] = field(init=False)
    """for each lane what is added to the drive that enters"""

    def __post_init__(self) -> None:
        found = self.op.recurrence()
        assert found is not None
        self._weights, self._bias = found[0].tolist(), found[1].tolist()
        self.bits = feedback_bits(self.op)
        self.open = self.m.register(1, "open", reset=1)
        self._added = [self.m.register(self.bits, f"added_{n}", reset=bias) for n, bias in enumerate(self._bias)]
        self.front = [register.value for register in self._added[: self.op.input_type.lanes]]

    def connect(self, enters: SSAValue, spikes: SSAValue, leaves: SSAValue) -> None:
        """`enters` and `leaves`: whether a beat does; `spikes` are the digits of the one that leaves."""
        m, given = self.m, self.op.input_type
        entering = count(m, given.chunks, enters, "chunk_entering")
        leaving = count(m, given.chunks, leaves, "chunk_leaving")
        ends = m.name(m.and_(leaves, leaving.last), "frame_leaves")
        frame = count(m, given.frames, ends, "frame_leaving")
        self.open.drive(ends, m.or_(ends, m.and_(enters, entering.last)))
        shifts = enters if given.chunks > 1 else m.constant(0, 1)
        chunk = leaving.value if given.chunks > 1 else None
        for neuron, added in enumerate(self._added):
            start = m.constant(self._bias[neuron], self.bits)
            total = m.register(self.bits, f"sum_{neuron}", reset=self._bias[neuron])
            now = m.add(total.value, self._weighted(self._weights[neuron], spikes, chunk))
            total.drive(m.mux(leaving.last, start, now), leaves)
            behind = neuron + given.lanes
            following = self._added[behind].value if behind < given.channels else start
            added.drive(m.mux(ends, m.mux(frame.last, start, now), following), m.or_(ends, shifts))

    def _weighted(self, row: Sequence[int], spikes: SSAValue, chunk: SSAValue | None) -> SSAValue:
        """The weights in front of one neuron times the numbers of spikes of all lanes, added up as a tree."""
        m, lanes, digits = self.m, self.op.input_type.lanes, self.op.spike_bits.value.data
        terms: list[SSAValue] = []
        for lane in range(lanes):
            if (weight := self._weight(row[lane::lanes], chunk)) is None:
                continue
            for digit in range(digits):
                place = digits - 1 - digit
                kept = m.extract(weight, 0, self.bits - place)
                term = m.concat(kept, m.constant(0, place)) if place else kept
                terms.append(m.and_(term, m.replicate(m.extract(spikes, digit * lanes + lane), self.bits)))
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            terms = [m.add(*pair) for pair in pairs] + (terms[-1:] if len(terms) % 2 else [])
        return terms[0] if terms else m.constant(0, self.bits)

    def _weight(self, words: Sequence[int], chunk: SSAValue | None) -> SSAValue | None:
        """The weight of a lane's neuron, by the chunk that it is in; None where it is always 0."""
        if not any(words):
            return None
        if chunk is None or len(set(words)) == 1:
            return self.m.constant(words[0], self.bits)
        width = signed_bits(min(words), max(words))
        table = self.m.table(chunk, [word & ((1 << width) - 1) for word in words], width)
        return self.m.sext(table, self.bits)


def feedback_parts(op: LifOp) -> tuple[dict[str, float], dict[str, float]]:
    """LUTs and flip-flops of the recurrence, by feature; nothing without it."""
    found, given = op.recurrence(), op.input_type
    if found is None:
        return {}, {}
    bits, lanes = feedback_bits(op), given.lanes
    terms, tables = 0, 0.0
    for row in found[0].tolist():
        for lane in range(lanes):
            words = row[lane::lanes]
            terms += any(words)
            if len(set(words)) > 1:
                tables += signed_bits(min(words), max(words)) * max(0.5, len(words) / 64)
    lut = {
        "drives": lanes * (max(bits, given.element_bits) + 1),
        "fed_back": terms * op.spike_bits.value.data * bits,
        "recurrent_tables": tables,
        "sums": given.channels * bits,
    }
    return lut, {"sums": 2 * given.channels * bits}
