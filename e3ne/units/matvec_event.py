"""The `event` implementation of the matrix-vector unit: only inputs that spike are visited, one a cycle.

A beat is taken into `rest`, the inputs that are still to be visited; in each cycle the lowest spike is found and
leaves it. Its number is the address of its weights, one for each output lane, which are added to the membranes. No
stage waits: the last beat of a group of outputs is taken when the register of results is free for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MatvecOp, Order, integers_of
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.accumulator import biases, is_two_level
from e3ne.units.handshake import Counter, InputStream, count, give, nest, select, taken_port
from e3ne.units.matvec_adder import packed, weight_bits, weight_range
from e3ne.units.synapse_module import synapse_module
from e3ne.units.synapses import Fold, Integers

NARROW = 8
"""Inputs of a beat up to which a spike is found and its number known in one cycle; of a wider one in two."""

SPAN = 4
"""Inputs, or groups of them, among which the lowest is found at once."""


@dataclass(frozen=True)
class EventStages:
    """Register stages: until the address is there, until the weights are; with shifted weights; sums; and biases."""

    address: int
    weights: int
    shift: int
    bias: int

    @staticmethod
    def of(op: MatvecOp, fold: Fold) -> EventStages:
        """The stages for the decided folding."""
        rows = op.groups * op.input_type.channels
        return EventStages(
            2 if op.input_lanes.value.data > NARROW else 1,
            2 if op.weight_memory.data == "block" and rows > 1 else 1,
            int(is_two_level(fold, op.reduction)),
            int(op.bias is not None),
        )

    @property
    def latency(self) -> int:
        """From the cycle of a beat's last spike to that in which values are offered."""
        return self.address + self.weights + self.shift + 1 + self.bias


@dataclass(frozen=True)
class _Found:
    """A spike, or a beat without one, in the stage in which it is found.

    `spike` marks it among the inputs; in front of the stage's registers if the beat is narrow, behind them if not.
    `restart` and `double` are set in the first cycle of a beat alone, `gives` in the last one of a group of outputs.
    `time` is the time step of its beat, `block` the number of its group and chunk, as of the `spike`.
    """

    spike: SSAValue
    valid: SSAValue
    restart: SSAValue
    double: SSAValue
    gives: SSAValue
    time: SSAValue
    block: SSAValue


def build_event(op: MatvecOp, fold: Fold) -> ModuleOp:
    """The module of a unit whose choices are legal."""
    given, lanes = op.input_type, op.input_lanes.value.data
    m = synapse_module(op, fold, f"one spike of {lanes} inputs")
    stages = EventStages.of(op, fold)
    s, ready = InputStream.of(m, given.beat_bits), taken_port(m)
    full = m.register(1, "full", reset=0)
    found = _find(m, op, fold, s, m.and_(full.value, ready))
    weights = _weights(m, op, fold, stages, found)
    before = stages.address + stages.weights + stages.shift - 1
    values, gives = _integrate(
        m,
        op,
        fold,
        weights,
        _Membranes(
            _delayed(m, found.valid, before, "valid", reset=0),
            _delayed(m, found.restart, before, "restart"),
            _delayed(m, found.double, before, "double"),
            _delayed(m, found.gives, before, "gives", reset=0),
        ),
    )
    full.drive(m.or_(gives, m.and_(full.value, m.not_(ready))))
    give(m, m.concat(*reversed(values)), full.value)
    return m.build()


def _find(m: ModuleBuilder, op: MatvecOp, fold: Fold, s: InputStream, left: SSAValue) -> _Found:
    """The control: which beat is worked on, and which of its spikes; `left` tells that a result has left."""
    lanes = op.input_lanes.value.data
    rest = m.register(lanes, "rest", reset=0)
    more = m.name(m.reduce_or(rest.value), "more")
    done = m.not_(more)
    owed = m.register(1, "owed", reset=0)
    taken = m.wire(1)
    inner = [("chunk", fold.chunks), ("time", fold.step_beats)]
    outer = op.reduction is Order.STEPS_OUTER
    loops = nest(m, [("group", fold.groups), *(inner[::-1] if outer else inner)], taken.value)
    ends = m.name(m.and_(loops["chunk"].last, loops["time"].last), "ends")
    accepts = m.and_(done, m.not_(m.and_(ends, owed.value)))
    s.accept(m, accepts)
    taken.assign(m.name(m.and_(s.valid, accepts), "taken"))
    owed.drive(m.or_(m.and_(taken.value, ends), m.and_(owed.value, m.not_(left))))
    inputs = m.name(m.mux(more, rest.value, s.data), "inputs")
    before = m.concat(*reversed(_any_before(m, [m.extract(inputs, lane) for lane in range(lanes)])))
    works = m.or_(more, taken.value)
    rest.drive(m.and_(inputs, before), works)
    spike = m.name(m.and_(inputs, m.not_(before)), "spike")
    block = _block(m, op, fold, loops, taken.value)
    kept = m.reg(block, enable=taken.value, name="block_taken")
    wide = lanes > NARROW
    first_chunk, first_time = loops["chunk"].first, loops["time"].first
    # Every beat starts a time step when there is one chunk; shifted weights are not doubled.
    doubles = m.constant(0, 1) if is_two_level(fold, op.reduction) or fold.step_beats == 1 else first_chunk
    valid = m.reg(works, reset=0, name="valid")
    ending = m.reg(ends, enable=taken.value, name="ending")
    return _Found(
        m.reg(spike, name="spike") if wide else spike,
        valid,
        m.reg(m.and_(done, first_chunk, first_time), name="restart"),
        m.reg(m.and_(done, doubles), name="double"),
        m.name(m.and_(valid, ending, done), "gives"),
        m.reg(loops["time"].value, enable=taken.value, name="time_taken"),
        kept if wide else m.mux(more, kept, block),
    )


def _any_before(m: ModuleBuilder, marks: Sequence[SSAValue]) -> list[SSAValue]:
    """For each mark whether any before it is set, group by group."""
    groups = [marks[start : start + SPAN] for start in range(0, len(marks), SPAN)]
    outside = [m.constant(0, 1)]
    if len(groups) > 1:
        outside = _any_before(m, [m.or_(*group) for group in groups])
    return [
        m.or_(out, *group[:place]) for out, group in zip(outside, groups, strict=True) for place in range(len(group))
    ]


def _block(m: ModuleBuilder, op: MatvecOp, fold: Fold, loops: Mapping[str, Counter], taken: SSAValue) -> SSAValue:
    """Where the weights of a beat begin: the number of its group and chunk, times the inputs of a beat.

    The times are left out where these are a power of two, and the address is put together.
    """
    if fold.words == 1:
        return m.constant(0, 1)
    lanes = op.input_lanes.value.data
    size = 1 if is_power(lanes) else lanes
    bits = (fold.words * size - 1).bit_length()
    block = m.register(bits, "block", reset=0)
    finished = m.and_(*(loops[name].last for name in ("group", "chunk", "time")))
    step = m.constant(size, bits)
    if op.reduction is Order.STEPS_OUTER:
        again = m.and_(loops["chunk"].last, m.not_(loops["time"].last))
        step = m.mux(again, m.constant(size - fold.chunks * size, bits), step)
        moves = taken
    else:
        moves = m.and_(taken, loops["time"].last)
    block.drive(m.mux(finished, m.constant(0, bits), m.add(block.value, step)), moves)
    return block.value


def _weights(m: ModuleBuilder, op: MatvecOp, fold: Fold, stages: EventStages, found: _Found) -> list[SSAValue]:
    """For each output lane the weight of the spike, or 0 without one; registered, and shifted by its time step."""
    matrix = integers_of(op, op.weights)
    rows, outputs = event_rows(matrix, fold.groups), op.output_lanes.value.data
    low, high = weight_range(matrix)
    bits = weight_bits(low, high)
    words = [packed(row, bits) for row in rows]
    address = m.reg(_address(m, op, fold, found), name="address")
    some = m.reg(m.reduce_or(found.spike), name="some")
    style = "block" if op.weight_memory.data == "block" else "distributed"
    if len(words) == 1:
        word = m.constant(words[0], outputs * bits)
    else:
        memory = m.memory(outputs * bits, len(words), "weights", style=style, init=words)
        if style == "block":
            word, some = memory.read_registered(address, m.constant(1, 1)), m.reg(some, name="some")
        else:
            word = memory.read(address)
    # Synthesis makes this the synchronous reset of the flip-flops: no LUTs for the selection.
    word = m.reg(m.mux(some, word, m.constant(0, outputs * bits)), name="weight_word")
    weights = [m.extract(word, lane * bits, bits) for lane in range(outputs)]
    if not stages.shift:
        return [_extended(m, weight, op.value_bits.value.data, low < 0) for weight in weights]
    width = min(op.value_bits.value.data, bits + fold.step_beats - 1)
    time = _delayed(m, found.time, stages.address + stages.weights - 1, "time")
    shifted: list[SSAValue] = []
    for weight in weights:
        wide = _extended(m, weight, width, low < 0)
        places = [_shifted(m, wide, fold.step_beats - 1 - step) for step in range(fold.step_beats)]
        value = m.reg(select(m, time, places), name="shifted")
        shifted.append(_extended(m, value, op.value_bits.value.data, low < 0))
    return shifted


def event_rows(matrix: Integers, groups: int) -> Integers:
    """The words of the weights' memory, (groups·inputs, output lanes): for each group, for each input."""
    inputs = matrix.shape[1]
    return matrix.reshape(groups, -1, inputs).transpose(0, 2, 1).reshape(groups * inputs, -1)


def _address(m: ModuleBuilder, op: MatvecOp, fold: Fold, found: _Found) -> SSAValue:
    """The number of the spike's word: that of its input, behind those of its block."""
    lanes = op.input_lanes.value.data
    bits = max(1, (fold.groups * op.input_type.channels - 1).bit_length())
    if lanes == 1:
        return found.block
    marks = [m.extract(found.spike, lane) for lane in range(lanes)]
    digits = [
        m.reduce_or(m.concat(*(mark for lane, mark in enumerate(marks) if lane >> bit & 1)))
        for bit in range((lanes - 1).bit_length())
    ]
    number = m.name(m.concat(*reversed(digits)), "number")
    if fold.words == 1:
        return number
    if is_power(lanes):
        return m.concat(found.block, number)
    return m.add(m.zext(found.block, bits), m.zext(number, bits))


@dataclass(frozen=True)
class _Membranes:
    """What happens to the membranes in the cycle in which a weight comes to them."""

    updates: SSAValue
    restarts: SSAValue
    doubles: SSAValue
    gives: SSAValue


def _integrate(
    m: ModuleBuilder, op: MatvecOp, fold: Fold, weights: Sequence[SSAValue], at: _Membranes
) -> tuple[list[SSAValue], SSAValue]:
    """V ← x at a restart, else x + 2·V where it doubles, else x + V; the results, and when they come to be there."""
    bits = op.value_bits.value.data
    zero = m.constant(0, bits)
    gives, results = at.gives, list[SSAValue]()
    for weight in weights:
        membrane = m.register(bits, "membrane")
        old = m.mux(at.doubles, _shifted(m, membrane.value, 1), membrane.value)
        value = m.add(weight, m.mux(at.restarts, zero, old))
        membrane.drive(value, at.updates)
        results.append(membrane.value if op.bias is not None else m.reg(value, enable=gives, name="result"))
    if op.bias is None:
        return results, gives
    gives = m.reg(gives, reset=0, name="gives")
    group = count(m, fold.groups, gives, "result_group").value
    added = [m.add(value, bias) for value, bias in zip(results, biases(m, op, fold, group, bits), strict=True)]
    return [m.reg(value, enable=gives, name="result") for value in added], gives


def _delayed(m: ModuleBuilder, value: SSAValue, stages: int, name: str, reset: int | None = None) -> SSAValue:
    for _ in range(stages):
        value = m.reg(value, reset=reset, name=name)
    return value


def _extended(m: ModuleBuilder, value: SSAValue, bits: int, signed: bool) -> SSAValue:
    if width_of(value) >= bits:
        return m.extract(value, 0, bits)
    return m.sext(value, bits) if signed else m.zext(value, bits)


def _shifted(m: ModuleBuilder, value: SSAValue, places: int) -> SSAValue:
    """A value times 2^places, of the same width."""
    bits = width_of(value)
    if places == 0:
        return value
    if places >= bits:
        return m.constant(0, bits)
    return m.concat(m.extract(value, 0, bits - places), m.constant(0, places))


def is_power(number: int) -> bool:
    """Whether a number is a power of two."""
    return number & (number - 1) == 0
