"""The radix neuron: turns a value into a train of spikes, most significant digit first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process
from e3ne.dialects.dataflow import FireOp, integers_of
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.adders import signed_bits
from e3ne.units.handshake import InputStream, count, give, taken_port
from e3ne.units.interface import Choice, Cost, Unit, layout_of
from e3ne.units.layout import Layout, Values, digits_of


@dataclass(frozen=True)
class FireModel:
    """Code = clamp(⌊(V·2^fraction_bits + bias) / threshold⌋, 0, 2^steps − 1), per channel.

    A value is taken when the digits of the one before are given; its first digit is valid a cycle later, then one
    digit a cycle.
    """

    taken: Layout
    steps: int
    threshold: NDArray[np.int64] = field(metadata={"array": True})
    bias: NDArray[np.int64] = field(metadata={"array": True})
    fraction_bits: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """`steps` beats are given for each taken."""
        beats = self.taken.beats
        digit = np.arange(beats * self.steps, dtype=np.int64)
        loaded = np.where(digit % self.steps == 0, digit // self.steps, NEVER)
        load = np.arange(beats, dtype=np.int64)
        return EventGraph(
            (Process(taken, beats, self.steps), Process(given, digit.size)),
            (
                After(given, taken, loaded, 1, offers=True),
                After(taken, given, load * self.steps - 1, 0),
            ),
        )

    def compute(self, values: Values) -> Values:
        """Values → digits."""
        content = self.taken.spread(values)[:, :, :, :, 0]
        scaled = (content << self.fraction_bits) + self.bias
        codes = np.clip(scaled // self.threshold, 0, (1 << self.steps) - 1)
        given = Layout(
            self.taken.height, self.taken.width, self.taken.channels, self.steps, 1, self.taken.lanes, 1, 1, False
        )
        return given.gather(digits_of(codes, self.steps))


def search_thresholds(threshold: int, bias: int, fraction_bits: int, steps: int, bits: int) -> list[int]:
    """τ_k = ⌈(k·θ − b) / 2^f⌉ for k = 0 … 2^steps − 1: the code is at least k exactly if V ≥ τ_k.

    Clamped to one beyond the range of a signed value of `bits` bits; τ_0 is not used and 0.
    """
    low, high = -(1 << (bits - 1)), 1 << (bits - 1)
    exact = (-((bias - k * threshold) >> fraction_bits) for k in range(1, 1 << steps))
    return [0, *(min(max(value, low), high) for value in exact)]


class Fire(Unit[FireOp]):
    """A binary search over the 2^T − 1 values at which the code changes; one comparison a digit, no arithmetic."""

    operation = FireOp

    def legal_choices(self, op: FireOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def cost(self, op: FireOp) -> Cost:
        """16 to 19 LUTs a channel at 4 digits (Yosys 0.70, xcup); tables grow with digits and groups of channels."""
        given = op.input_type
        bits = given.element_bits + 1
        entries = (1 << op.steps.value.data) * given.chunks
        lut = given.lanes * (bits * max(1, entries / 64) + bits / 2 + op.steps.value.data)
        return Cost(
            lut, given.lanes * (bits + op.steps.value.data), 0, given.pixels * given.chunks * op.steps.value.data
        )

    def model(self, op: FireOp) -> FireModel:
        """Thresholds and biases of the layer."""
        return FireModel(
            layout_of(op.input_type),
            op.steps.value.data,
            integers_of(op, op.threshold),
            integers_of(op, op.bias),
            op.fraction_bits.value.data,
        )

    def build(self, op: FireOp) -> ModuleOp:
        """A register for each lane's value; the digits found so far, with a leading one, address its thresholds."""
        given, steps = op.input_type, op.steps.value.data
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Radix neurons of {op.layer.data}: {given.channels} channels, {steps} digits, most significant "
            f"first, {given.lanes} neurons at once.",
            parameters={"steps": steps, "value bits": given.element_bits, "fraction bits": op.fraction_bits.value.data},
        )
        s = InputStream.of(m, given.beat_bits)
        ready = taken_port(m)
        busy = m.register(1, "busy", reset=0)
        emit = m.and_(busy.value, ready)
        digit = count(m, steps, emit, "digit")
        accept = m.name(m.or_(m.not_(busy.value), m.and_(emit, digit.last)), "accept")
        load = m.and_(accept, s.valid)
        s.accept(m, accept)
        busy.drive(m.or_(s.valid, m.not_(accept)))
        group = self._group(m, given.chunks, load)
        step = m.or_(emit, load)
        spikes = [self._neuron(m, op, s.data, lane, group, load, step) for lane in range(given.lanes)]
        give(m, m.concat(*reversed(spikes)), busy.value)
        return m.build()

    @staticmethod
    def _group(m: ModuleBuilder, chunks: int, load: SSAValue) -> SSAValue | None:
        """The group of channels whose values are held."""
        if chunks == 1:
            return None
        return m.reg(count(m, chunks, load, "next_group").value, enable=load, name="group")

    @staticmethod
    def _neuron(
        m: ModuleBuilder,
        op: FireOp,
        data: SSAValue,
        lane: int,
        group: SSAValue | None,
        load: SSAValue,
        step: SSAValue,
    ) -> SSAValue:
        given, steps = op.input_type, op.steps.value.data
        bits = given.element_bits
        value = m.reg(m.extract(data, lane * bits, bits), enable=load, name="value")
        node = m.register(steps, "node")
        words: list[int] = []
        thresholds, biases = integers_of(op, op.threshold), integers_of(op, op.bias)
        for chunk in range(given.chunks):
            channel = chunk * given.lanes + lane
            theta = int(thresholds[channel % thresholds.size])
            bias = int(biases[channel % biases.size])
            tau = search_thresholds(theta, bias, op.fraction_bits.value.data, steps, bits)
            words.extend(tau[_tested_code(path, steps)] for path in range(1 << steps))
        used = signed_bits(min(words), max(words))
        width = max(used, 1)
        address = node.value if group is None else m.concat(group, node.value)
        tau_now = m.table(address, [word & ((1 << width) - 1) for word in words], width)
        wide = max(width, bits)
        spike = m.name(m.not_(m.slt(m.sext(value, wide), m.sext(tau_now, wide))), "spike")
        first = m.constant(1, steps)
        following = m.concat(m.extract(node.value, 0, steps - 1), spike) if steps > 1 else first
        node.drive(m.mux(load, first, following), step)
        return spike


def _tested_code(path: int, steps: int) -> int:
    """The code that is tested at a node: the digits found so far, a one, and zeros. `path` has a leading one."""
    if path == 0:
        return 0
    found = path.bit_length() - 1
    prefix = path - (1 << found)
    return (prefix << (steps - found)) + (1 << (steps - found - 1))
