"""The `adder` implementation of the matrix-vector unit: weights from memory, a registered AND, a heap of bits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MatvecOp, Order
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.adders import signed_bits
from e3ne.units.bit_heap import BitHeap
from e3ne.units.drive import Column, Drive, DriveShape
from e3ne.units.handshake import Counter, Pipeline, count
from e3ne.units.synapses import Fold, Integers


@lru_cache(maxsize=4096)
def adder_shape(
    outputs: int, lanes: int, parallel: int, low: int, high: int, granularity: int, bits: int, lut_inputs: int
) -> DriveShape:
    """The heap of every output lane: a weight low … high of each input lane and parallel time step."""
    stored = weight_bits(low, high)
    shifts = range(parallel - 1, -1, -1)
    lowest = -(1 << (stored - 1)) if low < 0 else 0
    span = lanes * ((1 << parallel) - 1)
    numbers = [(stored, shift) for shift in shifts for _ in range(lanes)]
    column = Column.of(numbers, span * (high - lowest), span * lowest, granularity, bits)
    return DriveShape.of([column] * outputs, lut_inputs)


def adder_drive(
    m: ModuleBuilder,
    pipeline: Pipeline,
    digits: SSAValue,
    fold: Fold,
    loops: Mapping[str, Counter],
    matrix: Integers,
    op: MatvecOp,
    step: SSAValue,
    shape: DriveShape,
) -> Drive:
    """Weights in stage 0, as the `digits`; selected weights in the stage after `weight_stages`, then the heap's levels.

    The sign bit of a weight weighs −2^(bits−1): it is inverted, and the constant that this adds is in the offset.
    """
    lanes, parallel = op.input_lanes.value.data, op.parallel_steps.value.data
    low, high = weight_range(matrix)
    bits = weight_bits(low, high)
    word = _weights(m, pipeline, fold, loops, matrix, op, bits, step)
    stage = weight_stages(op, fold)
    digits = pipeline.carry(digits, "digits", 1, stage - 1)
    zero = m.constant(0, bits)
    sums: list[SSAValue] = []
    for output, column in enumerate(shape.columns):
        heap = BitHeap(column.width, op.lut_size)
        for element in range(lanes * parallel):
            time, lane = divmod(element, lanes)
            weight = m.extract(word, (output * lanes + lane) * bits, bits)
            # Synthesis makes this the synchronous reset of the flip-flops: no LUTs for the selection.
            selected = m.mux(m.extract(digits, element), weight, zero)
            value = m.reg(selected, enable=pipeline.enable[stage], name="selected")
            if low < 0:
                sign = m.not_(m.extract(value, bits - 1))
                value = m.concat(sign, m.extract(value, 0, bits - 1)) if bits > 1 else sign
            heap.add(m, value, parallel - 1 - time)
        heap.add_constant(column.remainder)
        sums.append(heap.total(m, pipeline, stage + 1, shape.levels))
    return Drive(sums, [column.offset for column in shape.columns], stage + shape.levels)


def weight_stages(op: MatvecOp, fold: Fold) -> int:
    """Pipeline stages until the weights of a step are there; what comes out of a block memory is late in its cycle."""
    return 2 if op.weight_memory.data == "block" and fold.words > 1 else 1


def weight_range(matrix: NDArray[np.signedinteger]) -> tuple[int, int]:
    """The least and the greatest weight, zero included."""
    return min(0, int(matrix.min())), max(0, int(matrix.max()))


def weight_bits(low: int, high: int) -> int:
    """Bits in which a weight is stored."""
    return signed_bits(low, high) if low < 0 else max(1, high.bit_length())


def weight_words(matrix: Integers, fold: Fold, outputs: int, lanes: int) -> Integers:
    """The weights of each fold, in the order of the memory's words: by output lane, then by input lane."""
    order = (2, 0, 1, 3) if fold.held else (0, 2, 1, 3)
    tiles = matrix.reshape(fold.groups, outputs, fold.chunks, lanes).transpose(order)
    return tiles.reshape(fold.words, outputs * lanes)


def _weights(
    m: ModuleBuilder,
    pipeline: Pipeline,
    fold: Fold,
    loops: Mapping[str, Counter],
    matrix: Integers,
    op: MatvecOp,
    bits: int,
    step: SSAValue,
) -> SSAValue:
    """The weights of the current fold, registered in the last of their stages: by output lane, then by input lane."""
    outputs, lanes = op.output_lanes.value.data, op.input_lanes.value.data
    words = [packed(weights, bits) for weights in weight_words(matrix, fold, outputs, lanes)]
    width = outputs * lanes * bits
    if fold.words == 1:
        return m.constant(words[0], width)
    style = "block" if op.weight_memory.data == "block" else "distributed"
    rom = m.memory(width, fold.words, "weights", style=style, init=words)
    address = _address(m, fold, loops, step, op.reduction)
    if style == "block":
        return pipeline.carry(rom.read_registered(address, pipeline.enable[0]), "weight_word", 1, 1)
    return m.reg(rom.read(address), enable=pipeline.enable[0], name="weight_word")


def _address(m: ModuleBuilder, fold: Fold, loops: Mapping[str, Counter], step: SSAValue, reduction: Order) -> SSAValue:
    """The number of the weights' word: words are read in their order, those of a group again for each time step."""
    if fold.groups == 1:
        return loops["chunk"].value
    if fold.chunks == 1:
        return loops["group"].value
    if not fold.rereads(reduction):
        # All time steps of a chunk, if there are more than one, come before the next chunk.
        return count(m, fold.words, m.and_(step, loops["time"].last), "address").value
    bits = (fold.words - 1).bit_length()
    first, address = m.register(bits, "group_address", reset=0), m.register(bits, "address", reset=0)
    last = m.eq(address.value, m.constant(fold.words - 1, bits))
    following = m.mux(last, m.constant(0, bits), m.add(address.value, m.constant(1, bits)))
    ends = m.and_(loops["chunk"].last, loops["time"].last)
    address.drive(m.mux(m.and_(loops["chunk"].last, m.not_(loops["time"].last)), first.value, following), step)
    first.drive(following, m.and_(step, ends))
    return address.value


def packed(weights: Integers, bits: int) -> int:
    """Weights side by side in a word, the first one lowest."""
    word = 0
    for weight in reversed(np.asarray(weights).tolist()):
        word = (word << bits) | (int(weight) & ((1 << bits) - 1))
    return word
