"""Sums that the outputs of a constant matrix share: the structure, and which rows and columns of it are alike.

An output is a sum of weights times inputs. What occurs in several outputs, as it is or negated or shifted, is summed
once: a matrix is a list of sums over inputs and over earlier sums. Which ones pay is for a price list to say
(e3ne.units.sum_prices); patterns between rows are found by e3ne.units.sum_search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.units.sum_prices import Prices
from e3ne.units.sum_search import Digits, FoundSum, find_sums
from e3ne.units.synapses import Integers


@dataclass(frozen=True)
class Part:
    """±2^`shift` times sum number `number`."""

    number: int
    shift: int
    negative: bool = False

    def scaled(self, shift: int, negative: bool) -> Part:
        """±2^`shift` times the part."""
        return Part(self.number, self.shift + shift, self.negative != negative)


@dataclass(frozen=True)
class Sum:
    """Weights (inputs,) times inputs, and parts that are sums themselves."""

    weights: Integers
    parts: tuple[Part, ...] = ()

    def scaled(self, shift: int, negative: bool) -> Sum:
        """±2^`shift` times the sum."""
        weights = (-self.weights if negative else self.weights) << shift
        return Sum(weights, tuple(part.scaled(shift, negative) for part in self.parts))


@dataclass(frozen=True)
class Sharing:
    """Sums, each of inputs and earlier sums, and the outputs in terms of them."""

    sums: tuple[Sum, ...]
    outputs: tuple[Sum, ...]

    def matrix(self) -> Integers:
        """The weights (outputs, inputs) that it stands for."""
        known: list[Integers] = []
        for each in (*self.sums, *self.outputs):
            total = each.weights.copy()
            for part in each.parts:
                total += (-known[part.number] if part.negative else known[part.number]) << part.shift
            known.append(total)
        return np.array(known[len(self.sums) :])


def unshared(matrix: Integers) -> Sharing:
    """Every output on its own."""
    return Sharing((), tuple(Sum(row) for row in matrix))


def share(matrix: Integers, prices: Prices, *, signed_digits: bool, whole_rows: bool) -> Sharing:
    """What the rows and columns of a matrix (outputs, inputs) have in common, as far as it pays.

    Weights are written in plain binary, or in canonical `signed_digits`. Patterns may go over all digits of
    `whole_rows`, or each position of the digits is a row of its own.
    """
    if not matrix.any():
        return unshared(matrix)
    rows = _alike(matrix, shifts=True)
    distinct = rows.members
    columns = _joined_columns(distinct, prices, signed_digits)
    digits = digits_of(columns.weights, signed_digits)
    planes = digits.shape[1]
    entries = digits if whole_rows else digits.reshape(-1, 1, digits.shape[2])
    found = find_sums(Digits(entries, columns.bits, columns.highs), prices)
    first = len(columns.sums)
    sums = [*columns.sums, *(_as_sum([(each, 0)], columns, first) for each in found.sums)]
    outputs: list[Sum] = []
    per_row = 1 if whole_rows else planes
    for row in range(len(distinct)):
        terms = [(found.rows[row * per_row + place], place) for place in range(per_row)]
        outputs.append(_as_sum(terms, columns, first))
    return _with_repeated_rows(sums, outputs, rows)


def digits_of(matrix: Integers, signed_digits: bool) -> NDArray[np.int8]:
    """The digits −1, 0, 1 of weights (rows, columns), lowest first: (rows, digits, columns).

    Canonical signed digits have no two neighbours that are not 0; else those of the magnitude have the weight's sign.
    """
    planes: list[NDArray[np.int8]] = []
    rest = matrix.copy()
    while rest.any() or not planes:
        odd = rest & 1
        digit = np.where(odd == 1, 2 - (rest & 3), 0) if signed_digits else odd * np.sign(rest)
        planes.append(digit.astype(np.int8))
        rest = (rest - digit) // 2
    return np.stack(planes, axis=1)


@dataclass(frozen=True)
class _Alike:
    """Different rows (members, columns), and for each row which one it is, shifted and negated; −1 if it is 0."""

    members: Integers
    which: NDArray[np.int64]
    shift: NDArray[np.int64]
    negative: NDArray[np.bool_]


def _alike(matrix: Integers, *, shifts: bool) -> _Alike:
    """Which rows are the same but for a sign and, if asked for, a power of two."""
    used = matrix.any(axis=1)
    first = matrix[np.arange(len(matrix)), (matrix != 0).argmax(axis=1)]
    factor = np.maximum(np.gcd.reduce(matrix, axis=1), 1)
    shift = np.frexp((factor & -factor).astype(np.float64))[1].astype(np.int64) - 1 if shifts else np.zeros_like(factor)
    normal = (matrix >> shift[:, None]) * np.where(first < 0, -1, 1)[:, None]
    members, which = np.unique(normal[used], axis=0, return_inverse=True)
    # In the order in which they come, so that neighbours stay neighbours.
    order = np.argsort([int(np.flatnonzero(which == number)[0]) for number in range(len(members))])
    place = np.empty(len(members), dtype=np.int64)
    place[order] = np.arange(len(members))
    result = np.full(len(matrix), -1, dtype=np.int64)
    result[used] = place[which.reshape(-1)]
    return _Alike(members[order], result, shift, first < 0)


@dataclass(frozen=True)
class _Columns:
    """The columns of a matrix after equal ones are joined: weights (rows, columns), bits and largest values of each.

    `sums` are those of joined inputs. Column c is input `inputs[c]`, or sum −1 − `inputs[c]`.
    """

    weights: Integers
    bits: NDArray[np.int64]
    highs: NDArray[np.int64]
    inputs: tuple[int, ...]
    sums: tuple[Sum, ...]
    size: int


def _joined_columns(matrix: Integers, prices: Prices, signed_digits: bool) -> _Columns:
    """Inputs that all rows use alike are added first, where that pays."""
    alike = _alike(matrix.T, shifts=False)
    uses = np.count_nonzero(digits_of(alike.members.T, signed_digits), axis=(0, 1))
    weights: list[Integers] = []
    inputs: list[int] = []
    sums: list[Sum] = []
    highs: list[int] = []
    for number, column in enumerate(alike.members):
        members = np.flatnonzero(alike.which == number)
        signs = np.where(alike.negative[members], -1, 1)
        if len(members) > 1 and prices.gain(len(members), len(members) * prices.input_high, int(uses[number])) > 0:
            joined = np.zeros(matrix.shape[1], dtype=np.int64)
            joined[members] = signs
            sums.append(Sum(joined))
            inputs.append(-len(sums))
            weights.append(column)
            highs.append(len(members) * prices.input_high)
        else:
            inputs += members.tolist()
            weights += [sign * column for sign in signs.tolist()]
            highs += [prices.input_high] * len(members)
    high = np.array(highs, dtype=np.int64)
    bits = np.array([value.bit_length() for value in highs], dtype=np.int64)
    stacked = np.stack(weights, axis=1) if weights else np.zeros((len(matrix), 0), dtype=np.int64)
    return _Columns(stacked, bits, high, tuple(inputs), tuple(sums), matrix.shape[1])


def _as_sum(terms: Sequence[tuple[FoundSum, int]], columns: _Columns, first: int) -> Sum:
    """Sums of digits, each times two to a power, in terms of inputs; sums found are numbered from `first`."""
    weights = np.zeros(columns.size, dtype=np.int64)
    parts: list[Part] = []
    for each, place in terms:
        for plane, column in np.argwhere(each.digits).tolist():
            digit, shift, which = int(each.digits[plane, column]), plane + place, columns.inputs[column]
            if which >= 0:
                weights[which] += digit << shift
            else:
                parts.append(Part(-1 - which, shift, digit < 0))
        parts += [Part(first + number, shift + place, sign < 0) for number, shift, sign in each.parts]
    return Sum(weights, tuple(parts))


def _with_repeated_rows(sums: Sequence[Sum], outputs: Sequence[Sum], rows: _Alike) -> Sharing:
    """All outputs: a row that several of them have becomes a sum."""
    found, numbers = list(sums), dict[int, int]()
    result: list[Sum] = []
    size: int = rows.members.shape[1]
    nothing = np.zeros(size, dtype=np.int64)
    times = np.bincount(rows.which[rows.which >= 0], minlength=len(outputs))
    for row in range(len(rows.which)):
        which, shift, negative = int(rows.which[row]), int(rows.shift[row]), bool(rows.negative[row])
        if which < 0:
            result.append(Sum(nothing))
        elif times[which] == 1:
            result.append(outputs[which].scaled(shift, negative))
        else:
            if which not in numbers:
                numbers[which] = len(found)
                found.append(outputs[which])
            result.append(Sum(nothing, (Part(numbers[which], shift, negative),)))
    return Sharing(tuple(found), tuple(result))
