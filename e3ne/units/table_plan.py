"""What the tables of a matrix-vector unit come to, computed for all outputs at once: the base of their cost.

The same groups and words as in e3ne.units.matvec_table, in bulk and without the tables themselves: the estimate has to
look at the weights' values, for thousands of foldings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.units.drive import Column, DriveShape
from e3ne.units.matvec_table import LUT_INPUTS, grouped_elements
from e3ne.units.synapses import Integers

Small = NDArray[np.int32]


@dataclass(frozen=True)
class TableBits:
    """Different bits that tables give, by the inputs that they depend on: index 0 … 6; and all bits that heaps get.

    `unchanged` are those of one input that are the input itself.
    """

    by_inputs: tuple[int, ...]
    total: int
    unchanged: int


@dataclass(frozen=True)
class LaneTables:
    """Of the tables of one output: the numbers that they give, their largest sum, and the offset.

    `numbers` has a row (bits, shift, table) for each of them: tables are numbered from 0 in each output.
    """

    numbers: Small
    high: int
    offset: int


def table_plan(
    lanes: Sequence[Integers], granularity: int, bits: int, lut_inputs: int = LUT_INPUTS
) -> tuple[DriveShape, TableBits]:
    """The heaps of the outputs as `table_drive` builds them, and the bits of their tables."""
    found, tables = tables_of_lanes(lanes, lut_inputs)
    columns = [Column.of(lane.numbers, lane.high, lane.offset, granularity, bits) for lane in found]
    return DriveShape.of(columns, lut_inputs), tables


def tables_of_lanes(lanes: Sequence[Integers], lut_inputs: int = LUT_INPUTS) -> tuple[list[LaneTables], TableBits]:
    """The tables for weights (folds, elements) of each output."""
    members: dict[int, list[tuple[int, NDArray[np.intp]]]] = defaultdict(list)
    for number, weights in enumerate(lanes):
        order, size = grouped_elements(weights, lut_inputs)
        whole = order.size - order.size % size
        for length, elements in ((size, order[:whole]), (order.size - whole, order[whole:])):
            if elements.size:
                members[length].append((number, elements))
    weights = np.stack(lanes).astype(np.int32)
    by_inputs = np.zeros(LUT_INPUTS + 1, dtype=np.int64)
    total = unchanged = 0
    given: list[_Given] = []
    for size, each in members.items():
        elements = np.concatenate([found for _, found in each]).reshape(-1, size)
        numbers = np.repeat([number for number, _ in each], [found.size // size for _, found in each])
        tables = _Tables.of(weights[numbers[:, None], :, elements].transpose(0, 2, 1))
        given.append(_Given.of(tables, numbers))
        of_these, plain = _by_inputs(tables, elements)
        by_inputs += of_these
        unchanged += plain
        total += int(tables.bits.sum())
    return _by_lane(given, len(lanes)), TableBits(tuple(by_inputs.tolist()), total, unchanged)


@dataclass(frozen=True)
class _Tables:
    """Tables of one size: words (tables, folds · 2^elements), and for each table the sizes as in `Table`."""

    words: Small
    bits: Small
    low: Small
    span: Small
    factor: Small
    shift: Small
    is_split: NDArray[np.bool_]

    @staticmethod
    def of(weights: Small) -> _Tables:
        """The tables for weights (tables, folds, elements)."""
        count, _, size = weights.shape
        low_of_fold = np.minimum(weights, 0).sum(axis=2, dtype=np.int32)
        low = low_of_fold.min(axis=1)
        span = np.maximum(weights, 0).sum(axis=2, dtype=np.int32).max(axis=1) - low
        # All words are sums of these numbers, each of which is a word or the difference of two.
        terms = np.concatenate([np.abs(weights).reshape(count, -1), low_of_fold - low[:, None]], axis=1)
        factor: Small = np.maximum(_gcd_of_rows(terms), 1).astype(np.int32)
        lowest: Small = factor & -factor
        shift = _bit_lengths(lowest) - 1
        whole, split = _bit_lengths(span >> shift), _bit_lengths(span // factor)
        is_split = split * (1 + _popcounts(factor)) < 2 * whole
        selected = (np.arange(1 << size, dtype=np.int32)[:, None] >> np.arange(size, dtype=np.int32)) & 1
        words = (weights @ selected.T - low[:, None, None]).reshape(count, -1)
        words = words // np.where(is_split, factor, lowest)[:, None]
        return _Tables(words, np.where(is_split, split, whole), low, span, factor, shift, is_split)


@dataclass(frozen=True)
class _Given:
    """What tables give to the heaps of their lanes.

    A lane, a span and an offset for each table; and for each number its bits, its shift, and which table it is of.
    """

    lanes: NDArray[np.int64]
    spans: Small
    lows: Small
    bits: Small
    shifts: NDArray[np.int64]
    tables: NDArray[np.intp]

    @staticmethod
    def of(tables: _Tables, lanes: NDArray[np.int64]) -> _Given:
        """Of tables of one size; those that are constant give no number."""
        places = np.where(tables.is_split, tables.factor, np.int32(1) << tables.shift)
        width = int(places.max()).bit_length()
        ones = (places[:, None] >> np.arange(width, dtype=np.int32)) & 1 & (tables.span > 0)[:, None]
        table, shift = np.nonzero(ones)
        return _Given(lanes, tables.span, tables.low, tables.bits[table], shift, table)


def _by_lane(given: Sequence[_Given], count: int) -> list[LaneTables]:
    """The numbers of each of `count` lanes, those of tables of one size behind each other."""
    if not given:
        return [LaneTables(np.zeros((0, 3), dtype=np.int32), 0, 0) for _ in range(count)]
    starts = np.cumsum([0, *(each.lanes.size for each in given)])
    lanes = np.concatenate([each.lanes for each in given])
    spans, lows = np.concatenate([each.spans for each in given]), np.concatenate([each.lows for each in given])
    tables = np.concatenate([each.tables + start for each, start in zip(given, starts, strict=False)])
    bits, shifts = np.concatenate([each.bits for each in given]), np.concatenate([each.shifts for each in given])
    order = np.argsort(lanes[tables], kind="stable")
    ends = np.searchsorted(lanes[tables][order], np.arange(count + 1))
    high, offset = (np.bincount(lanes, each, count).astype(np.int64).tolist() for each in (spans, lows))
    rows = np.stack([bits, shifts, tables], axis=1)[order].astype(np.int32)
    return [LaneTables(_numbered(rows[ends[lane] : ends[lane + 1]]), high[lane], offset[lane]) for lane in range(count)]


def _numbered(rows: Small) -> Small:
    """The rows of one lane, their tables numbered from 0."""
    if len(rows):
        rows[:, 2] = np.cumsum(np.r_[0, rows[1:, 2] != rows[:-1, 2]])
    return rows


def _by_inputs(tables: _Tables, elements: NDArray[np.intp]) -> tuple[NDArray[np.int64], int]:
    """Different functions among the bits of tables, counted by the inputs (spikes and fold bits) that matter.

    And those that are a spike unchanged.
    """
    result = np.zeros(LUT_INPUTS + 1, dtype=np.int64)
    if not tables.bits.any():
        return result, 0
    table, bit = np.nonzero(np.arange(int(tables.bits.max()))[None, :] < tables.bits[:, None])
    truth = ((tables.words[table] >> bit[:, None]) & 1).astype(np.uint8)
    inputs = truth.shape[1].bit_length() - 1
    # Shorter tables as often as a word of 64 bits holds them: the same function of more inputs.
    packed = np.packbits(np.tile(truth, (1, 64 // truth.shape[1])), axis=1, bitorder="little").view(np.uint64)[:, 0]
    depends = np.zeros(len(packed), dtype=np.int64)
    for place in range(inputs):
        step = np.uint64(1 << place)
        depends += ((packed ^ (packed >> step)) & _LOW_HALVES[place]) != 0
    keys = np.concatenate([elements[table], packed[:, None].view(np.int64)], axis=1)
    _, first = np.unique(keys.view(f"V{8 * keys.shape[1]}").reshape(-1), return_index=True)
    # With all inputs 0 an unchanged one is 0.
    unchanged = int(np.count_nonzero((depends[first] == 1) & (packed[first] & np.uint64(1) == 0)))
    return result + np.bincount(depends[first], minlength=LUT_INPUTS + 1), unchanged


_LOW_HALVES = tuple(
    np.uint64(sum(1 << address for address in range(64) if not address >> place & 1)) for place in range(LUT_INPUTS)
)
"""For each input of a LUT the addresses in which it is 0."""


def _bit_lengths(values: Small) -> Small:
    return np.frexp(values.astype(np.float64))[1].astype(np.int32)


def _gcd_of_rows(values: Small) -> Small:
    return np.asarray(np.gcd.reduce(values, axis=1), dtype=np.int32)


def _popcounts(values: Small) -> Small:
    return np.array([value.bit_count() for value in values.tolist()], dtype=np.int32)
