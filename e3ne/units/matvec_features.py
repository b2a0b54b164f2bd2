"""What a matrix-vector unit is made of: tables or gated weights, heaps, accumulators, control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import MatvecOp, integers_of
from e3ne.units.accumulator import accumulator_stages, granularity, is_two_level, start_values
from e3ne.units.bit_heap import COUNTER_INPUTS, HeapParts
from e3ne.units.drive import DriveShape
from e3ne.units.features import Control, Features, bias_luts
from e3ne.units.matvec_adder import adder_shape, weight_bits, weight_stages
from e3ne.units.matvec_matrix import Matrix, rom_of, table_plan_of
from e3ne.units.shared_parts import shared_parts
from e3ne.units.shared_plan import SharedPlan, shared_plan_of
from e3ne.units.synapses import Fold
from e3ne.units.table_plan import TableBits

JOINED_BITS = 4
"""Bits of a group's number up to which the tables of biases join the LUTs of their sums."""


@dataclass
class _Parts:
    """Features while they are gathered."""

    control: Control
    lut: dict[str, float] = field(default_factory=dict[str, float])
    ff: dict[str, float] = field(default_factory=dict[str, float])
    memories: list[Memory] = field(default_factory=list[Memory])


@dataclass(frozen=True)
class _Plan:
    """The heaps of all outputs, the stage of the drive, and the bits of tables and shared sums if there are any."""

    shape: DriveShape
    stage: int
    tables: TableBits | None
    shared: SharedPlan | None = None

    def heaps(self, lut_inputs: int) -> HeapParts:
        """What all heaps are made of."""
        if self.shared is not None:
            return shared_parts(self.shared, lut_inputs)
        equal = Counter(map(id, self.shape.columns))
        columns = {id(column): column for column in self.shape.columns}
        found = [(columns[key].parts(self.shape.levels, lut_inputs), count) for key, count in equal.items()]
        return HeapParts.sum(found)


def stages_of(op: MatvecOp, fold: Fold) -> int:
    """The depth of the pipeline."""
    return _stages(op, fold, _plan(op, fold, Matrix.of(op)))


def shape_of(op: MatvecOp, fold: Fold) -> DriveShape:
    """The heaps of all outputs."""
    return _plan(op, fold, Matrix.of(op)).shape


def shared_plan(op: MatvecOp, fold: Fold) -> SharedPlan:
    """The sums of a unit that shares them."""
    parallel = op.parallel_steps.value.data
    multiple = granularity(fold, op.reduction, parallel)
    return shared_plan_of(Matrix.of(op), parallel, multiple, op.value_bits.value.data, op.lut_size)


def matvec_features(op: MatvecOp, fold: Fold) -> Features:
    """The parts of the unit for the decided folding."""
    matrix = Matrix.of(op)
    plan = _plan(op, fold, matrix)
    parts = _Parts(Control(_stages(op, fold, plan), op.has_credit))
    parts.control.count(fold.groups, fold.chunks, fold.step_beats)
    if plan.tables is not None:
        _add_tables(op, fold, plan.tables, parts)
    else:
        _add_weights(op, fold, matrix, plan.shape, parts)
    _add_heaps(plan.heaps(op.lut_size), parts)
    _add_accumulators(op, fold, plan, parts)
    _add_credit(op, parts)
    return Features(
        f"matvec-{op.implementation.data}",
        parts.control.lut | parts.lut | {"shift_registers": parts.control.shift_registers},
        parts.control.ff | parts.ff | {"shifted_by_luts": parts.control.shifted},
        tuple(parts.memories),
        op.input_type.pixels * fold.groups * fold.chunks * fold.step_beats,
    )


def _digits(op: MatvecOp) -> int:
    """Digits in a beat, whether or not the layout of the stream is decided yet."""
    return op.input_lanes.value.data * op.parallel_steps.value.data


def _plan(op: MatvecOp, fold: Fold, matrix: Matrix) -> _Plan:
    outputs, lanes, parallel = (p.value.data for p in (op.output_lanes, op.input_lanes, op.parallel_steps))
    multiple = granularity(fold, op.reduction, parallel)
    if op.implementation.data == "adder":
        bits = op.value_bits.value.data
        shape = adder_shape(outputs, lanes, parallel, *matrix.range, multiple, bits, op.lut_size)
        return _Plan(shape, weight_stages(op, fold) + shape.levels, None)
    if op.implementation.data == "shared":
        shared = shared_plan(op, fold)
        return _Plan(shared.shape, shared.shape.levels, shared.tables, shared)
    bits = op.value_bits.value.data
    shape, tables = table_plan_of(matrix, fold, outputs, lanes, parallel, multiple, bits, op.lut_size)
    return _Plan(shape, int(fold.held) + shape.levels, tables)


def _stages(op: MatvecOp, fold: Fold, plan: _Plan) -> int:
    return 1 + plan.stage + accumulator_stages(fold, op.reduction, op.bias is not None)


def _add_tables(op: MatvecOp, fold: Fold, tables: TableBits, parts: _Parts) -> None:
    """Tables by the inputs that they depend on; held digits and the number of their fold."""
    parts.lut |= {
        # With shared sums many tables have one input, and pass it on.
        "inverted": tables.by_inputs[1] - (tables.unchanged if op.implementation.data == "shared" else 0),
        "small_tables": sum(tables.by_inputs[2:5]),
        "tables_of_5": tables.by_inputs[5],
        "tables_of_6": tables.by_inputs[6],
    }
    parts.ff["tables"] = sum(tables.by_inputs)
    if fold.held:
        parts.control.carry(_digits(op) + fold.address_bits, 1)


def _add_weights(op: MatvecOp, fold: Fold, matrix: Matrix, shape: DriveShape, parts: _Parts) -> None:
    """Weights from their memory, and their selection: flip-flops with a reset for each digit."""
    outputs, lanes, parallel = (p.value.data for p in (op.output_lanes, op.input_lanes, op.parallel_steps))
    block = op.weight_memory.data == "block"
    rom = rom_of(matrix, fold, outputs, lanes, block)
    logic = not block and fold.words > 1
    counted = fold.groups > 1 and fold.chunks > 1
    # Where a group's words are read again for each time step, the address of the first one is kept.
    address_bits = (fold.words - 1).bit_length() if counted and fold.rereads(op.reduction) else 0
    parts.lut |= {
        "gates": _digits(op),
        "rom_tables": rom.tables if logic else 0,
        "rom_multiplexed": rom.multiplexed if logic else 0,
        "address_bits": address_bits,
        "inverted": outputs * _inverted(op, matrix, shape.columns[0].heights),
    }
    parts.ff |= {
        # The registers behind a block memory are part of it in the end, but not for synthesis.
        "weights": rom.different if logic else rom.varying if block and fold.words > 1 else 0,
        # Without a memory weights are constants, and a digit stands for all bits that it selects.
        "selected": parallel * (rom.selected if fold.words > 1 else lanes),
    }
    parts.control.carry(_digits(op), weight_stages(op, fold))
    parts.control.carry(address_bits, 1)
    parts.control.count(fold.words if counted else 1)
    if block and fold.words > 1:
        parts.memories.append(Memory(fold.words, rom.varying, "block", rom=True))


def _inverted(op: MatvecOp, matrix: Matrix, heights: Sequence[int]) -> float:
    """Inverters of the signs of an output's weights: counters are tables and need none, nor a chain for one operand."""
    low, high = matrix.range
    if low == 0:
        return 0
    counted = op.lut_size >= COUNTER_INPUTS and max(heights) >= COUNTER_INPUTS
    first = weight_bits(low, high) - 1
    columns = [heights[place] for place in range(first, min(first + op.parallel_steps.value.data, len(heights)))]
    shares = [height % COUNTER_INPUTS / height if counted else 0.5 for height in columns]
    return op.input_lanes.value.data * sum(shares)


def _add_heaps(heaps: HeapParts, parts: _Parts) -> None:
    parts.lut |= {
        "counters_6_3": heaps.counters,
        "columns": heaps.columns,
        "half_columns": heaps.half_columns,
        "chains": heaps.chains,
        "short_columns": heaps.short,
    }
    for wait in heaps.waits:
        parts.control.carry(1, wait)
    parts.ff["heap"] = heaps.registers - sum(heaps.waits)


def _add_accumulators(op: MatvecOp, fold: Fold, plan: _Plan, parts: _Parts) -> None:
    """Adders and registers of the membranes, and the marks that reach them from the counters."""
    bits, biased = op.value_bits.value.data, op.bias is not None
    values, control, after = op.output_lanes.value.data * bits, parts.control, plan.stage + 1
    chunked, stepped = fold.chunks > 1, fold.step_beats > 1
    added, registers, ones = values, values, 0
    if fold.held and chunked:
        parts.memories.append(Memory(fold.groups, values, "distributed"))
        # What is added to is read a stage ahead.
        registers = 2 * values
        control.carry(1, after)
        control.carry(1 + fold.group_bits, after - 1)
        control.carry(fold.group_bits, 1)
    elif is_two_level(fold, op.reduction):
        added = registers = 2 * values
        control.carry(1, after)
        control.carry(3, after + 1)
    elif chunked or stepped:
        control.carry(2 * chunked + 2 * stepped, after)
    else:
        added, (registers, ones) = 0, _without_sums(op, fold, plan)
    control.carry(int(chunked or stepped), 1 + biased)
    if biased and fold.groups > 1:
        control.carry(fold.group_bits, parts.control.stages - 1)
    parts.lut |= {
        "sums": added,
        "offset_ones": ones,
        "bias": bias_luts(op, _kept(plan)),
        "bias_tables": _bias_tables(op, fold),
    }
    parts.ff["membranes"] = registers + (values if biased else 0)


def _add_credit(op: MatvecOp, parts: _Parts) -> None:
    """The memory of steps that wait behind the pipeline, its positions, and what counts them and those inside."""
    control, width, copied = parts.control, 0, 0
    if op.has_credit:
        room = control.stages + 1
        width = op.output_lanes.value.data * op.value_bits.value.data
        parts.memories.append(Memory(room, width, "distributed"))
        control.count(room, room)
        # What counts up and down.
        control.counters += 2
        control.counter_bits += 2 * room.bit_length()
        # Yosys keeps a copy of the position that addresses an asynchronous read.
        copied = (room - 1).bit_length()
        control.carry(copied, 1)
    # The stages of a pipeline that never waits are registers alone.
    parts.lut |= {"waiting_bits": width, "read_position": copied} | ({"stages": 0} if op.has_credit else {})


def _kept(plan: _Plan) -> list[bool]:
    """Which outputs have values that vary, as far as shared sums tell; others are constants in the end."""
    if plan.shared is None:
        return [True] * len(plan.shape.columns)
    return [bool(row.parts or row.weights.any()) for row in plan.shared.sharing.outputs]


def _bias_tables(op: MatvecOp, fold: Fold) -> int:
    """LUTs of the biases of many groups: for each bit that is not always the same a table of 64 words or more."""
    if op.bias is None or fold.group_bits <= JOINED_BITS:
        return 0
    words = integers_of(op, op.bias).reshape(fold.groups, -1)
    changes = np.bitwise_or.reduce(words ^ words[:1], axis=0) & ((1 << op.value_bits.value.data) - 1)
    return sum(bits.bit_count() for bits in changes.tolist()) * -(-fold.groups // 64)


def _without_sums(op: MatvecOp, fold: Fold, plan: _Plan) -> tuple[int, int]:
    """Flip-flops of values that come in one beat, and ones in the constants that are added to them."""
    registers = ones = 0
    parallel, bits, columns = op.parallel_steps.value.data, op.value_bits.value.data, plan.shape.columns
    starts = start_values(fold, op.reduction, parallel, [c.offset for c in columns])
    for start, column, keep in zip(starts, columns, _kept(plan), strict=True):
        if keep:
            ones += (start & ((1 << column.width) - 1)).bit_count()
            registers += bits if start else column.width
    return registers, ones
