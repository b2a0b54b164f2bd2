"""The `table` implementation of the matrix-vector unit: weights are constants in LUTs (distributed arithmetic).

As many spikes as a LUT has inputs address a table of their partial sum, a LUT for each bit; folds take address bits. An
unfolded unit groups the inputs of an output by the magnitude of their weight, so that the sums of a table have few
bits, and drops weights that are zero. Tables hold unsigned numbers; the offset of all tables of an output goes into
its last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.bit_heap import BitHeap
from e3ne.units.drive import Column, Drive, DriveShape
from e3ne.units.handshake import Counter, Pipeline
from e3ne.units.synapses import Fold, Integers

LUT_INPUTS = 6
MINIMAL_SPIKES = 2
"""Spikes that address a table even where folds take all other inputs of a LUT."""
MAXIMAL_FOLD_BITS = 4
"""Two inputs of a 6-input LUT are left for spikes then; beyond that, memory is the better place for weights."""


def grouped_elements(weights: Integers, lut_inputs: int = LUT_INPUTS) -> tuple[NDArray[np.intp], int]:
    """Elements that have weights, and how many neighbours among them share a table; what is left over shares one.

    For the weights (folds, elements) of one output and LUTs of so many inputs.
    """
    used = np.flatnonzero(weights.any(axis=0))
    size = max(MINIMAL_SPIKES, lut_inputs - (weights.shape[0] - 1).bit_length())
    if weights.shape[0] > 1 or not used.size:
        return used, size
    magnitude = np.abs(weights[0, used])
    order = np.argsort(magnitude, kind="stable")
    _, start, count = np.unique(magnitude[order], return_index=True, return_counts=True)
    # As many tables of one magnitude as are full come first.
    whole = np.arange(used.size) - np.repeat(start, count) < np.repeat(count - count % size, count)
    ordered = used[order]
    return np.concatenate([ordered[whole], ordered[~whole]]), size


def group_terms(weights: Integers, lut_inputs: int = LUT_INPUTS) -> list[list[int]]:
    """Which elements share a table, for the weights (folds, elements) of one output and LUTs of so many inputs.

    Elements without any weight appear in none; an output without weights has one empty table.
    """
    order, size = grouped_elements(weights, lut_inputs)
    return [order[i : i + size].tolist() for i in range(0, order.size, size)] or [[]]


def partial_sums(weights: Integers, elements: Sequence[int]) -> Integers:
    """The sum of the selected weights, shape (folds, 2^elements); spike of `elements[i]` is bit i of the column."""
    columns = 1 << len(elements)
    sums = np.zeros((weights.shape[0], columns), dtype=np.int64)
    address = np.arange(columns)
    for bit, element in enumerate(elements):
        sums += ((address >> bit) & 1) * weights[:, element, None]
    return sums


@dataclass(frozen=True)
class Table:
    """A table of the non-negative partial sums of some elements, `words` of shape (folds, 2^elements).

    The words are stored without what they have in common: the sum is Σ words·2^shift over `shifts`.
    """

    elements: tuple[int, ...]
    words: Integers
    bits: int
    shifts: tuple[int, ...]


@dataclass(frozen=True)
class OutputTables:
    """The tables of one output, and the constant that is missing from the sum of their words."""

    tables: tuple[Table, ...]
    offset: int

    @property
    def high(self) -> int:
        """The largest sum of words."""
        return sum(int(table.words.max()) * sum(1 << shift for shift in table.shifts) for table in self.tables)


def output_tables(weights: Integers, lut_inputs: int = LUT_INPUTS) -> OutputTables:
    """The tables for the weights (folds, elements) of one output and LUTs of so many inputs."""
    tables: list[Table] = []
    offset = 0
    for group in group_terms(weights, lut_inputs):
        sums = partial_sums(weights, group)
        low = int(sums.min())
        offset += low
        if int(sums.max()) > low:
            tables.append(_table(tuple(group), sums - low))
    return OutputTables(tuple(tables), offset)


def _table(elements: tuple[int, ...], words: Integers) -> Table:
    """The representation with the fewest bits to look up and to add."""
    factor = int(np.gcd.reduce(words, axis=None))
    shift = (factor & -factor).bit_length() - 1
    whole = Table(elements, words >> shift, int(words.max() >> shift).bit_length(), (shift,))
    shifts = tuple(place for place in range(factor.bit_length()) if factor >> place & 1)
    parts = Table(elements, words // factor, int(words.max() // factor).bit_length(), shifts)
    return min(whole, parts, key=lambda table: table.bits * (1 + len(table.shifts)))


def table_drive(
    m: ModuleBuilder,
    pipeline: Pipeline,
    beat: SSAValue,
    stage: int,
    fold: Fold,
    loops: Mapping[str, Counter],
    lanes: Sequence[OutputTables],
    shape: DriveShape,
    lut_inputs: int,
) -> Drive:
    """Tables in stage `stage`, for a beat of the stage before; then as many levels as the tallest heap needs."""
    address = _fold_address(m, fold, loops)
    if address is not None and stage:
        address = pipeline.carry(address, "fold", 0, stage - 1)
    inputs: dict[int, SSAValue] = {}
    sums: list[SSAValue] = []
    for lane, column in zip(lanes, shape.columns, strict=True):
        heap = BitHeap(column.width, lut_inputs)
        for table in lane.tables:
            spikes = [inputs.setdefault(e, m.extract(beat, e)) for e in reversed(table.elements)]
            looked_up = m.table(
                m.concat(*([] if address is None else [address]), *spikes),
                [int(word) for word in table.words.reshape(-1)],
                table.bits,
            )
            value = m.reg(looked_up, enable=pipeline.enable[stage], name="partial")
            for shift in table.shifts:
                heap.add(m, value, shift)
        heap.add_constant(column.remainder)
        sums.append(heap.total(m, pipeline, stage + 1, shape.levels))
    return Drive(sums, [column.offset for column in shape.columns], stage + shape.levels)


def table_shape(lanes: Sequence[OutputTables], granularity: int, bits: int, lut_inputs: int) -> DriveShape:
    """The heaps of the outputs."""
    columns: list[Column] = []
    for lane in lanes:
        numbers = [(table.bits, shift) for table in lane.tables for shift in table.shifts]
        columns.append(Column.of(numbers, lane.high, lane.offset, granularity, bits))
    return DriveShape.of(columns, lut_inputs)


def _fold_address(m: ModuleBuilder, fold: Fold, loops: Mapping[str, Counter]) -> SSAValue | None:
    parts = [loops[name].value for name, bits in (("group", fold.group_bits), ("chunk", fold.chunk_bits)) if bits]
    return m.concat(*parts) if parts else None
