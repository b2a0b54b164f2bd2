"""Real weights as integers times a scale: pure NumPy, no IR."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Granularity = Literal["per_channel", "per_layer", "power_of_two"]
GRANULARITIES: tuple[Granularity, ...] = ("per_channel", "per_layer", "power_of_two")

Reals = npt.NDArray[np.floating]
Scales = npt.NDArray[np.float32]

MAX_WEIGHT_BITS = 8

_CANDIDATES = 100
_SMALLEST_CANDIDATE = 0.2
_SMALLEST_SCALE = 2.0**-10
"""A channel's scale is at least this fraction of the layer's largest: its thresholds then stay within 32 bits."""

_TINY = float(np.finfo(np.float32).tiny)
"""Scales below are not exact in single precision, or 0."""


def weight_limits(bits: int) -> tuple[int, int]:
    """The least and the greatest integer weight of that width (two's complement)."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def quantize_weights(weights: Reals, scales: Scales, bits: int) -> npt.NDArray[np.int32]:
    """The nearest integers to weights / scale (per output channel, first axis), clamped to the width."""
    low, high = weight_limits(bits)
    column = scales.astype(np.float64).reshape(-1, *([1] * (weights.ndim - 1)))
    return np.clip(np.rint(weights.astype(np.float64) / column), low, high).astype(np.int32)


def weight_scales(weights: Reals, bits: int, *, per_channel: bool) -> Scales:
    """The scale of each output channel that makes the squared error of its weights least; (channels,).

    Without `per_channel` all channels share the one that is best for all weights together. A channel of zeros gets
    the largest scale of the others (1 if all are zero).
    """
    channels = weights.shape[0]
    flat = weights.astype(np.float64).reshape(channels, -1)
    if not per_channel:
        return np.repeat(np.maximum(_best_scales(flat.reshape(1, -1), bits), _TINY), channels).astype(np.float32)
    best = _best_scales(flat, bits)
    least = max(float(np.max(best)) * _SMALLEST_SCALE, _TINY)
    return np.where(best < least, least, best).astype(np.float32)


def power_of_two_scales(weights: Reals, bits: int, unit: float) -> Scales:
    """Like `weight_scales` per channel, but every scale is `unit` divided by a power of two.

    With `unit` = (scale of the neuron's output) / (scale of the layer's input) every threshold is a power of two.
    """
    flat = weights.astype(np.float64).reshape(weights.shape[0], -1)
    free = weight_scales(weights, bits, per_channel=True).astype(np.float64)
    exponents = np.round(np.log2(unit / free))[:, None] + np.arange(-2, 3)
    exponents = np.minimum(exponents, np.floor(np.log2(unit / _TINY)))
    candidates = unit / np.exp2(exponents)
    return _least(flat, candidates, bits).astype(np.float32)


def _best_scales(rows: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.float64]:
    low, high = weight_limits(bits)
    covering = np.maximum(rows.max(axis=1) / high, rows.min(axis=1) / low)
    fractions = np.linspace(_SMALLEST_CANDIDATE, 1.1, _CANDIDATES)
    empty = covering <= 0
    candidates = np.where(empty, 1.0, covering)[:, None] * fractions
    best = _least(rows, candidates, bits)
    # for given integers q the best scale is <w, q> / <q, q>
    integers = np.clip(np.rint(rows / best[:, None]), low, high)
    norms = (integers**2).sum(axis=1)
    refined = np.divide((rows * integers).sum(axis=1), norms, out=best.copy(), where=norms > 0)
    best = _least(rows, np.stack([best, refined], axis=1), bits)
    return np.where(empty, best[~empty].max(initial=0) or 1.0, best)


def _least(rows: npt.NDArray[np.float64], candidates: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.float64]:
    """The candidate of each row with the least squared error, the first of equals."""
    return candidates[np.arange(len(rows)), _errors(rows, candidates, bits).argmin(axis=1)]


def _errors(rows: npt.NDArray[np.float64], candidates: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.float64]:
    """Squared error of each row for each of its candidate scales: (rows, candidates).

    In a sorted row the weights that round to one integer q are neighbours, so that the sum of (w - q * s)^2 follows
    from their number and sum: n log n once instead of n for every candidate.
    """
    low, high = weight_limits(bits)
    integers = np.arange(low, high + 1)
    errors = np.empty(candidates.shape)
    for index, (row, scales) in enumerate(zip(np.sort(rows, axis=1), candidates, strict=True)):
        ends = np.zeros((scales.size, integers.size + 1), np.int64)
        ends[:, 1:-1] = row.searchsorted(scales[:, None] * (integers[:-1] + 0.5))
        ends[:, -1] = row.size
        sums = np.diff(np.concatenate([[0.0], np.cumsum(row)])[ends])
        linear, square = sums @ integers, np.diff(ends) @ integers**2
        errors[index] = np.dot(row, row) - 2 * scales * linear + scales**2 * square
    return errors
