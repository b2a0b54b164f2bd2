"""Layers that work side by side on the same spikes, as one layer: weights and neurons behind each other by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Literal

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Convolution, Linear, Neuron, Reals

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Train:
    """What a layer gives, and its shape: one spike at most in each step, several, or sums of them, which pools make."""

    name: str
    shape: Shape
    holds: Literal["one", "several", "sums"] = "one"


@dataclass(frozen=True, eq=False)
class Term:
    """`factor` times a train, through weights if there are any."""

    train: Train
    weights: Convolution | Linear | None = None
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Drive:
    """The sum of terms, and of a bias (C,), with its shape."""

    terms: tuple[Term, ...]
    shape: Shape
    bias: Reals | None = None


def passing_on(train: Train, weight: float) -> Drive:
    """What drives neurons that repeat a train."""
    return Drive((Term(train, None, weight),), train.shape)


def merged_synapse(drives: Sequence[Drive], trains: Sequence[Train]) -> Convolution | Linear:
    """One layer over all channels of the trains, in their order, for all channels of the drives, in theirs.

    Raises `E3neError`, which does not name the layer, if the drives' maps or strides differ.
    """
    biases = [np.zeros(drive.shape[0]) if drive.bias is None else drive.bias for drive in drives]
    bias = np.concatenate(biases) if any(drive.bias is not None for drive in drives) else None
    if len(drives[0].shape) == 1:
        return Linear(_matrix(drives, trains), bias)
    return _convolution(drives, trains, bias)


def _matrix(drives: Sequence[Drive], trains: Sequence[Train]) -> Reals:
    columns = _offsets([prod(train.shape) for train in trains])
    weights = np.zeros((sum(drive.shape[0] for drive in drives), columns[-1]))
    for row, drive in zip(_offsets([drive.shape[0] for drive in drives]), drives, strict=False):
        for term in drive.terms:
            matrix = np.eye(drive.shape[0]) if term.weights is None else term.weights.weights
            column = columns[trains.index(term.train)]
            weights[row : row + matrix.shape[0], column : column + matrix.shape[1]] += term.factor * matrix
    return weights


def _convolution(drives: Sequence[Drive], trains: Sequence[Train], bias: Reals | None) -> Convolution:
    """Kernels with one corner for all: that of the box around all their weights and the pixel itself."""
    maps = {drive.shape[1:] for drive in drives}
    if len(maps) > 1:
        raise E3neError(f"maps of different sizes come together: {', '.join(f'{h}x{w}' for h, w in sorted(maps))}")
    ((rows, columns),) = maps
    kernels = [(drive, term, _dense(term, drive.shape[0])) for drive in drives for term in drive.terms]
    strides = {term.weights.stride if isinstance(term.weights, Convolution) else (1, 1) for _, term, _ in kernels}
    if len(strides) > 1:
        raise E3neError(f"layers of different strides come together: {', '.join(map(str, sorted(strides)))}")
    ((down, right),) = strides
    top = max(kernel.top for _, _, kernel in kernels)
    left = max(kernel.left for _, _, kernel in kernels)
    height = top + max(kernel.weights.shape[2] - kernel.top for _, _, kernel in kernels)
    width = left + max(kernel.weights.shape[3] - kernel.left for _, _, kernel in kernels)
    inputs = _offsets([train.shape[0] for train in trains])
    weights = np.zeros((sum(drive.shape[0] for drive in drives), inputs[-1], height, width))
    starts = dict(zip(map(id, drives), _offsets([drive.shape[0] for drive in drives]), strict=False))
    for drive, term, kernel in kernels:
        y, x, row, column = top - kernel.top, left - kernel.left, starts[id(drive)], inputs[trains.index(term.train)]
        o, i, h, w = kernel.weights.shape
        weights[row : row + o, column : column + i, y : y + h, x : x + w] += kernel.weights
    _, map_rows, map_columns = trains[0].shape
    bottom = max(0, (rows - 1) * down + height - map_rows - top)
    end = max(0, (columns - 1) * right + width - map_columns - left)
    return Convolution(weights, bias, (down, right), (top, left, bottom, end))


@dataclass(frozen=True, eq=False)
class _Kernel:
    """Weights (O, I, h, w), without dilation and groups, `top` rows above and `left` columns beside the pixel."""

    weights: Reals
    top: int
    left: int


def _dense(term: Term, outputs: int) -> _Kernel:
    conv = term.weights
    if conv is None:
        return _Kernel(term.factor * np.eye(outputs)[:, :, None, None], 0, 0)
    assert isinstance(conv, Convolution)
    _, per_group, height, width = conv.weights.shape
    rows, columns = (d * (k - 1) + 1 for d, k in zip(conv.dilation, (height, width), strict=True))
    top, left, _, _ = conv.padding
    dense = np.zeros((outputs, per_group * conv.groups, max(rows, top + 1), max(columns, left + 1)))
    each = outputs // conv.groups
    for group in range(conv.groups):
        mine, taken = slice(group * each, (group + 1) * each), slice(group * per_group, (group + 1) * per_group)
        dense[mine, taken, : rows : conv.dilation[0], : columns : conv.dilation[1]] = conv.weights[mine]
    return _Kernel(term.factor * dense, top, left)


def merged_neuron(neurons: Sequence[tuple[Neuron, int]], passed: Sequence[tuple[int, float]]) -> Neuron:
    """Neurons by channel: those of layers with so many channels each, then such as repeat trains.

    These have so many channels, and spikes drive them with so much. Raises `E3neError`, which does not name the layer,
    if rules differ.
    """
    first = neurons[0][0]
    for name in ("fires", "reset", "timing", "several", "loses_input"):
        found = {str(getattr(neuron, name)) for neuron, _ in neurons}
        if len(found) > 1:
            raise E3neError(f"neurons with different rules come together: {name} {' and '.join(sorted(found))}")
    if first.loses_input and passed:
        raise E3neError("neurons that lose their input after a spike cannot stand beside a residual connection")
    repeating = [_repeating(first.several, weight) for _, weight in passed]
    every = [*neurons, *((neuron, count) for neuron, (count, _) in zip(repeating, passed, strict=True))]
    channels = [count for _, count in every]
    merged: dict[str, Reals | None] = {}
    for each in fields(Neuron):
        name = each.name
        parts: list[Reals | None] = [getattr(neuron, name) for neuron, _ in every]
        if name in ("fires", "reset", "timing", "several", "loses_input"):
            continue
        if all(part is None for part in parts):
            merged[name] = None
        elif name == "recurrent":
            merged[name] = _blocks(parts, channels)
        elif name == "least" and any(part is None for part in parts[: len(neurons)]):
            raise E3neError("neurons with and without a least membrane come together")
        else:
            spread = (np.zeros(1) if part is None else part for part in parts)
            merged[name] = np.concatenate([np.broadcast_to(p, c) for p, c in zip(spread, channels, strict=True)])
    return replace(first, **merged)


def _repeating(several: bool, weight: float) -> Neuron:
    """A neuron that forgets at once: it fires exactly when a spike comes, whatever the rules, also after a reset."""
    threshold, none = np.full(1, weight if several else weight / 4), np.zeros(1)
    return Neuron(threshold, none, np.ones(1), "gt", "subtract", "same_step", none, none)


def _blocks(parts: Sequence[Reals | None], sizes: Sequence[int]) -> Reals:
    result = np.zeros((sum(sizes), sum(sizes)))
    for start, part, size in zip(_offsets(sizes), parts, sizes, strict=False):
        if part is not None:
            result[start : start + size, start : start + size] = part
    return result


def _offsets(sizes: Sequence[int]) -> list[int]:
    """Where each begins, and where the last one ends."""
    return [0, *np.cumsum(sizes).tolist()]
