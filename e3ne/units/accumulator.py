"""The membranes of the matrix-vector unit: radix integration V ← 2·V + x over time steps and chunks of inputs.

With the chunks inside a time step (or a single chunk) one adder doubles V at the start of each step. With the time
steps inside a chunk the chunk's own sum is built first and then added: a second adder, but weights are read only once
for all time steps. Inputs that are held until all groups of outputs have used them leave a total of each group in a
memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MatvecOp, Order, integers_of
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.units.drive import Drive
from e3ne.units.handshake import Counter, Pipeline
from e3ne.units.synapses import Fold


def accumulator_stages(fold: Fold, order: Order, biased: bool) -> int:
    """Pipeline stages that the accumulator takes."""
    return (2 if is_two_level(fold, order) else 1) + biased


def granularity(fold: Fold, order: Order, parallel: int) -> int:
    """What the offset of a drive must be a multiple of, so that the membrane can start with it.

    A membrane that doubles n − 1 times multiplies what it starts with.
    """
    return 1 if is_two_level(fold, order) else 1 << parallel * (fold.step_beats - 1)


def is_two_level(fold: Fold, order: Order) -> bool:
    """Whether a chunk's own sum is built first, over its time steps, and then added."""
    return order is Order.STEPS_INNER and fold.chunks > 1 and fold.step_beats > 1


def build_accumulator(
    m: ModuleBuilder, pipeline: Pipeline, drive: Drive, fold: Fold, loops: Mapping[str, Counter], op: MatvecOp
) -> list[SSAValue]:
    """Accumulators from the drive of each step, and the output ports; returns the value of each output lane."""
    bits, parallel = op.value_bits.value.data, op.parallel_steps.value.data
    before = drive.stage
    first_time = pipeline.carry(loops["time"].first, "first_time", 0, before)
    first_chunk = pipeline.carry(loops["chunk"].first, "first_chunk", 0, before)
    last_time = pipeline.carry(loops["time"].last, "last_time", 0, before)
    last_chunk = pipeline.carry(loops["chunk"].last, "last_chunk", 0, before)
    stage = before + 1
    update = m.and_(pipeline.enable[stage], pipeline.valid(before))
    if fold.held:
        starts = [m.constant(start, bits) for start in start_values(fold, op.reduction, parallel, drive.offsets)]
        reading = pipeline.carry(loops["group"].value, "group", 0, before - 1)
        first = pipeline.carry(loops["chunk"].first, "first_chunk", 0, before - 1)
        values = _accumulate_groups(m, pipeline, before, drive.sums, starts, fold.groups, reading, first, update)
        gives = last_chunk
    elif is_two_level(fold, op.reduction):
        always = m.constant(1, 1)
        none = m.constant(0, bits)
        sums = [_integrate(m, x, none, parallel, first_time, always, update) for x in drive.sums]
        first_chunk = pipeline.carry(first_chunk, "first_chunk", stage, stage)
        ends = pipeline.carry(last_time, "last_time", stage, stage)
        last_chunk = pipeline.carry(last_chunk, "last_chunk", stage, stage)
        stage += 1
        update = m.and_(pipeline.enable[stage], pipeline.valid(stage - 1), ends)
        starts = [m.constant(start, bits) for start in start_values(fold, op.reduction, parallel, drive.offsets)]
        values = [_accumulate(m, *pair, first_chunk, update) for pair in zip(sums, starts, strict=True)]
        gives = m.and_(ends, last_chunk)
    else:
        restart = m.and_(first_time, first_chunk)
        # Every beat starts a time step when there is one chunk; none does after the first when there is one step.
        one = m.constant(1, 1)
        double = m.constant(0, 1) if fold.step_beats == 1 else one if fold.chunks == 1 else first_chunk
        starts = [m.constant(start, bits) for start in start_values(fold, op.reduction, parallel, drive.offsets)]
        values = [
            _integrate(m, *pair, parallel, restart, double, update) for pair in zip(drive.sums, starts, strict=True)
        ]
        gives = m.and_(last_time, last_chunk)
    gives = pipeline.carry(gives, "gives", stage, stage)
    if op.bias is not None:
        group = pipeline.carry(loops["group"].value, "group", 0, stage)
        stage += 1
        values = [
            m.reg(m.add(value, bias), enable=pipeline.enable[stage], name="value")
            for value, bias in zip(values, biases(m, op, fold, group, bits), strict=True)
        ]
        gives = pipeline.carry(gives, "gives", stage, stage)
    pipeline.finish(gives, m.concat(*reversed(values)))
    return values


def start_values(fold: Fold, order: Order, parallel: int, offsets: Sequence[int]) -> list[int]:
    """With what the membranes start, so that the offsets of their drives are made good."""
    if fold.held:
        return [offset * fold.chunks for offset in offsets]
    doublings = 0 if is_two_level(fold, order) else parallel * (fold.step_beats - 1)
    return [offset * fold.chunks * _repeated(fold, parallel) >> doublings for offset in offsets]


def _repeated(fold: Fold, parallel: int) -> int:
    """What a constant in the drive of every step adds to the value, for each chunk of inputs."""
    return sum(1 << parallel * beat for beat in range(fold.step_beats))


def _integrate(
    m: ModuleBuilder,
    drive: SSAValue,
    start: SSAValue,
    parallel: int,
    restart: SSAValue,
    double: SSAValue,
    update: SSAValue,
) -> SSAValue:
    """V ← x + `start` at `restart`, else x + V·2^parallel where `double`, else x + V."""
    bits = width_of(start)
    membrane = m.register(bits, "membrane")
    old = membrane.value
    if parallel >= bits:
        doubled = m.constant(0, bits)
    else:
        doubled = m.concat(m.extract(old, 0, bits - parallel), m.constant(0, parallel))
    base = m.mux(restart, start, m.mux(double, doubled, old))
    # The drive first: synthesis lets the first operand of a sum bypass the LUT.
    membrane.drive(m.add(m.zext(drive, bits) if width_of(drive) < bits else drive, base), update)
    return membrane.value


def _accumulate(m: ModuleBuilder, value: SSAValue, start: SSAValue, first: SSAValue, update: SSAValue) -> SSAValue:
    total = m.register(width_of(value), "total")
    total.drive(m.add(value, m.mux(first, start, total.value)), update)
    return total.value


def _accumulate_groups(
    m: ModuleBuilder,
    pipeline: Pipeline,
    stage: int,
    drives: Sequence[SSAValue],
    starts: Sequence[SSAValue],
    groups: int,
    reading: SSAValue,
    first: SSAValue,
    update: SSAValue,
) -> list[SSAValue]:
    """As `_accumulate`, for the totals of all groups of outputs, in one memory.

    A total is read into stage `stage`, that of the drives, for the group and its `first` in the stage before. The
    steps of a group are never next to each other: the step in between has written another total.
    """
    bits, enable = width_of(starts[0]), pipeline.enable[stage]
    memory = m.memory(bits * len(starts), groups, "totals", style="distributed")
    found = memory.read(reading)
    olds = [
        m.reg(m.mux(first, start, m.extract(found, bits * lane, bits)), enable=enable, name="old_total")
        for lane, start in enumerate(starts)
    ]
    group = m.reg(reading, enable=enable, name=f"group_{stage}")
    new = [
        m.add(m.zext(drive, bits) if width_of(drive) < bits else drive, old)
        for drive, old in zip(drives, olds, strict=True)
    ]
    memory.write(group, m.concat(*reversed(new)), update)
    return [m.reg(value, enable=update, name="total") for value in new]


def biases(m: ModuleBuilder, op: MatvecOp, fold: Fold, group: SSAValue, bits: int) -> list[SSAValue]:
    """The biases of a group of outputs, by output lane."""
    assert op.bias is not None
    bias = integers_of(op, op.bias).reshape(fold.groups, -1)
    lanes = range(op.output_lanes.value.data)
    if fold.groups == 1:
        return [m.constant(int(bias[0, lane]), bits) for lane in lanes]
    mask = (1 << bits) - 1
    return [m.table(group, [int(word) & mask for word in bias[:, lane]], bits) for lane in lanes]
