"""The `adder` implementation of the matrix-vector unit: weights from memory, a registered AND, a tree of adders."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MatvecOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.adders import Term, adder_tree, signed_bits, tree_depth
from e3ne.units.handshake import Counter, Pipeline
from e3ne.units.matvec_table import Drive
from e3ne.units.synapses import Fold, Integers


def adder_drive(
    m: ModuleBuilder,
    pipeline: Pipeline,
    beat: SSAValue,
    fold: Fold,
    loops: Mapping[str, Counter],
    matrix: Integers,
    op: MatvecOp,
    step: SSAValue,
) -> Drive:
    """Digits and weights in stage 0, selected weights in stage 1, then the adders."""
    outputs, lanes = op.output_lanes.value.data, op.input_lanes.value.data
    parallel = op.parallel_steps.value.data
    low, high = min(0, int(matrix.min())), max(0, int(matrix.max()))
    bits = signed_bits(low, high)
    word = _weights(m, pipeline, fold, loops, matrix, op, bits, step)
    digits = m.reg(beat, enable=pipeline.enable[0], name="digits")
    levels = tree_depth(lanes * parallel)
    terms: list[Term] = []
    for output in range(outputs):
        gated: list[Term] = []
        for element in range(lanes * parallel):
            time, lane = divmod(element, lanes)
            weight = m.extract(word, (output * lanes + lane) * bits, bits)
            spike = m.replicate(m.extract(digits, element), bits)
            value = m.reg(m.and_(weight, spike), enable=pipeline.enable[1], name="selected")
            shift = parallel - 1 - time
            if shift:
                value = m.concat(value, m.constant(0, shift))
            gated.append(Term(value, low << shift, high << shift))
        terms.append(adder_tree(m, pipeline, gated, 2, levels))
    return Drive(terms, 1 + levels)


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
    """The weights of the current fold, registered in stage 0: by output lane, then by input lane."""
    outputs, lanes = op.output_lanes.value.data, op.input_lanes.value.data
    tiles = matrix.reshape(fold.groups, outputs, fold.chunks, lanes).transpose(0, 2, 1, 3)
    words = [_packed(tile.reshape(-1), bits) for tile in tiles.reshape(fold.words, outputs, lanes)]
    width = outputs * lanes * bits
    if fold.words == 1:
        return m.constant(words[0], width)
    style = "block" if op.weight_memory.data == "block" else "distributed"
    rom = m.memory(width, fold.words, "weights", style=style, init=words)
    address = _address(m, fold, loops, step)
    if style == "block":
        return rom.read_registered(address, pipeline.enable[0])
    return m.reg(rom.read(address), enable=pipeline.enable[0], name="weight_word")


def _address(m: ModuleBuilder, fold: Fold, loops: Mapping[str, Counter], step: SSAValue) -> SSAValue:
    """group·chunks + chunk, the first part kept in a register that moves on with the group."""
    bits = max(1, (fold.words - 1).bit_length())
    if fold.groups == 1:
        return loops["chunk"].value
    if fold.chunks == 1:
        return loops["group"].value
    base = m.register(bits, "group_base", reset=0)
    following = m.mux(loops["group"].last, m.constant(0, bits), m.add(base.value, m.constant(fold.chunks, bits)))
    base.drive(following, m.and_(step, loops["chunk"].last, loops["time"].last))
    return m.add(base.value, m.zext(loops["chunk"].value, bits))


def _packed(weights: Integers, bits: int) -> int:
    word = 0
    for weight in reversed(np.asarray(weights).tolist()):
        word = (word << bits) | (int(weight) & ((1 << bits) - 1))
    return word
