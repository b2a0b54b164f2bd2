"""The `table` implementation of the matrix-vector unit: weights are constants in LUTs (distributed arithmetic).

Up to six spikes address a table of their partial sum, one 6-input LUT for each bit of it; folds take address bits. An
unfolded unit groups the inputs of an output by the magnitude of their weight, so that the sums of a table have few
bits, and drops weights that are zero. Tables hold unsigned numbers; the offset of all tables of an output goes into
its last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import MatvecOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.adders import Term, adder_tree, bits_for, tree_depth
from e3ne.units.handshake import Counter, Pipeline
from e3ne.units.synapses import Fold, Integers

LUT_INPUTS = 6
MAXIMAL_FOLD_BITS = 4
"""Two inputs of a LUT are left for spikes then; beyond that, memory is the better place for weights."""


@dataclass(frozen=True)
class Drive:
    """The drive x of each output for one step, registered in pipeline stage `stage`."""

    terms: Sequence[Term]
    stage: int


def group_terms(weights: Integers) -> list[list[int]]:
    """Which elements share a table, for the weights (folds, elements) of one output.

    Elements without any weight appear in none; an output without weights has one empty table.
    """
    used = np.flatnonzero(weights.any(axis=0))
    size = LUT_INPUTS - (weights.shape[0] - 1).bit_length()
    if weights.shape[0] > 1:
        return [used[i : i + size].tolist() for i in range(0, used.size, size)] or [[]]
    magnitude = np.abs(weights[0])
    ordered = sorted(used.tolist(), key=lambda element: int(magnitude[element]))
    groups: list[list[int]] = []
    rest: list[int] = []
    for _, same in groupby(ordered, key=lambda element: int(magnitude[element])):
        elements = list(same)
        whole = len(elements) - len(elements) % size
        groups.extend(elements[i : i + size] for i in range(0, whole, size))
        rest.extend(elements[whole:])
    groups.extend(rest[i : i + size] for i in range(0, len(rest), size))
    return groups or [[]]


def partial_sums(weights: Integers, elements: Sequence[int]) -> Integers:
    """The sum of the selected weights, shape (folds, 2^elements); spike of `elements[i]` is bit i of the column."""
    columns = 1 << len(elements)
    sums = np.zeros((weights.shape[0], columns), dtype=np.int64)
    address = np.arange(columns)
    for bit, element in enumerate(elements):
        sums += ((address >> bit) & 1) * weights[:, element, None]
    return sums


def table_drive(
    m: ModuleBuilder,
    pipeline: Pipeline,
    beat: SSAValue,
    fold: Fold,
    loops: Mapping[str, Counter],
    matrix: Integers,
    op: MatvecOp,
) -> Drive:
    """Tables in stage 0, then adders: aligned to the output with most tables."""
    lanes, parallel = op.input_lanes.value.data, op.parallel_steps.value.data
    tables = fold.lane_weights(matrix, op.output_lanes.value.data, lanes, parallel)
    groupings = [group_terms(weights) for weights in tables]
    levels = tree_depth(max(len(groups) for groups in groupings))
    address = _fold_address(m, fold, loops)
    spikes = [m.extract(beat, element) for element in range(parallel * lanes)]
    terms: list[Term] = []
    for weights, groups in zip(tables, groupings, strict=True):
        parts = _tables(m, pipeline, spikes, address, weights, groups)
        terms.append(adder_tree(m, pipeline, parts, 1, levels))
    return Drive(terms, levels)


def _fold_address(m: ModuleBuilder, fold: Fold, loops: Mapping[str, Counter]) -> SSAValue | None:
    parts = [loops[name].value for name, bits in (("group", fold.group_bits), ("chunk", fold.chunk_bits)) if bits]
    return m.concat(*parts) if parts else None


def _tables(
    m: ModuleBuilder,
    pipeline: Pipeline,
    spikes: Sequence[SSAValue],
    address: SSAValue | None,
    weights: Integers,
    groups: Sequence[Sequence[int]],
) -> list[Term]:
    sums = [partial_sums(weights, group) for group in groups]
    lows = [int(part.min()) for part in sums]
    lows[-1] = -sum(lows[:-1])
    terms: list[Term] = []
    for group, part, low in zip(groups, sums, lows, strict=True):
        words = part - low
        shift = _common_shift(words)
        words = words >> shift
        inputs = [*([address] if address is not None else []), *(spikes[element] for element in reversed(group))]
        bits = bits_for(int(words.min()), int(words.max()))
        if inputs:
            looked_up = m.table(m.concat(*inputs), [int(word) & ((1 << bits) - 1) for word in words.reshape(-1)], bits)
        else:
            looked_up = m.constant(int(words.flat[0]), bits)
        value = m.reg(looked_up, enable=pipeline.enable[0], name="partial")
        if shift:
            value = m.concat(value, m.constant(0, shift))
        terms.append(Term(value, int(words.min()) << shift, int(words.max()) << shift))
    return terms


def _common_shift(words: Integers) -> int:
    together = int(np.bitwise_or.reduce(words, axis=None))
    return (together & -together).bit_length() - 1 if together else 0
