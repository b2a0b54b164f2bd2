"""What a matrix-vector unit that visits spikes is made of: search, memory of weights, accumulators, control."""

from __future__ import annotations

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import MatvecOp
from e3ne.units.features import Control, Features, bias_luts
from e3ne.units.matvec_adder import weight_bits, weight_range
from e3ne.units.matvec_event import NARROW, SPAN, EventStages, is_power
from e3ne.units.matvec_matrix import Matrix, rows_of
from e3ne.units.synapses import Fold


def event_features(op: MatvecOp, fold: Fold) -> Features:
    """The parts of the unit for the decided folding; cycles as if every input spiked."""
    matrix, stages = Matrix.of(op), EventStages.of(op, fold)
    lanes, outputs, bits = (p.value.data for p in (op.input_lanes, op.output_lanes, op.value_bits))
    wide, block = lanes > NARROW, op.weight_memory.data == "block"
    rows = fold.groups * op.input_type.channels
    rom = rows_of(matrix, fold.groups, block)
    logic = not block and rows > 1
    control = _control(op, fold, stages)
    block_bits = _block_bits(fold, lanes)
    address_bits = (rows - 1).bit_length()
    summed = fold.words > 1 and not is_power(lanes)
    weight = weight_bits(*weight_range(matrix.weights))
    shifted = outputs * min(bits, weight + fold.step_beats - 1) * stages.shift
    # A shifted bit is one of the weight's, which the time step chooses.
    choosing = _gathering(min(weight, fold.step_beats) + (fold.step_beats - 1).bit_length())
    several = lanes if lanes > 1 else 0
    outer = fold.rereads(op.reduction)
    lut = {
        "inputs": several,
        "found": several if wide else 0,
        "rest": several,
        "groups": _groups(lanes),
        "number": _number(lanes),
        "block_bits": block_bits,
        "reordered_bits": block_bits if outer else 0,
        "chosen_bits": 0 if wide or lanes == 1 else block_bits,
        "address_bits": address_bits if summed else 0,
        "rom_tables": rom.tables if logic else 0,
        "rom_multiplexed": rom.multiplexed if logic else 0,
        "shifted": shifted * choosing,
        "accumulated": outputs * bits,
        "bias": bias_luts(op),
    }
    ff = {
        # The lowest input never remains.
        "search": max(0, lanes - 1) + several * wide,
        "address": address_bits,
        "weights": rom.different if logic else rom.varying if rows > 1 else 0,
        "shifted": shifted,
        "membranes": 2 * outputs * bits,
    }
    memories = (Memory(rows, rom.varying, "block", rom=True),) if block and rows > 1 else ()
    cycles = op.input_type.pixels * fold.words * fold.step_beats * lanes
    return Features("matvec-event", control.lut | lut, control.ff | ff, memories, cycles)


def _control(op: MatvecOp, fold: Fold, stages: EventStages) -> Control:
    """Counters, the number of the block, and the marks that go with a spike."""
    before = stages.address + stages.weights + stages.shift - 1
    control = Control(1)
    control.count(fold.groups, fold.chunks, fold.step_beats)
    if op.bias is not None:
        control.count(fold.groups)
    # A result that is there, one that is owed, the last beat of a group.
    control.carry(3, 1)
    control.carry(3, before)
    control.carry(2, 1)
    doubled = fold.step_beats > 1 and not stages.shift
    control.carry(int(doubled), 1 + before)
    control.carry(stages.bias, 1)
    # Whether there is a spike, up to the weights; the time step up to where they are shifted.
    control.carry(1, stages.weights)
    if stages.shift:
        control.carry((fold.step_beats - 1).bit_length(), stages.address + stages.weights)
    control.carry(_block_bits(fold, op.input_lanes.value.data), 2)
    return control


def _block_bits(fold: Fold, lanes: int) -> int:
    """Bits of where the weights of a beat begin."""
    return (fold.words * (1 if is_power(lanes) else lanes) - 1).bit_length() if fold.words > 1 else 0


def _groups(lanes: int) -> int:
    """LUTs that tell of groups of inputs whether any is set, and whether any group before is."""
    groups = -(-lanes // SPAN)
    return 0 if groups == 1 else 2 * groups + _groups(groups)


def _number(lanes: int) -> int:
    """LUTs with six inputs that gather the digits of a spike's number, and whether any is there."""
    digits = [sum(lane >> bit & 1 for lane in range(lanes)) for bit in range((lanes - 1).bit_length())]
    return sum(_gathering(count) for count in (*digits, lanes, lanes))


def _gathering(inputs: int) -> int:
    return -(-(inputs - 1) // 5)
