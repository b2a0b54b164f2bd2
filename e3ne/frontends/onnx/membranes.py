"""What the integer membranes of a layer stand for: weights and, channel by channel, the real number of a membrane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from e3ne.dialects.parameter import signed_width
from e3ne.errors import E3neError
from e3ne.frontends.onnx.blocks import Block
from e3ne.frontends.onnx.description import Constant, Integers, Norm
from e3ne.frontends.onnx.exact import Ramp, Root

_ONE_SCALE = Fraction(1, 1 << 22)
"""How far, relatively, the scale of a quantised bias may be from the product that it was rounded from."""

MOST_SCORE_BITS = 16
"""Of the last layer's weights with the fraction that their bias needs."""


@dataclass(frozen=True, eq=False)
class Membranes:
    """Integer weights, output channel first, of `width` bits; the real number of each channel's membrane rises with it.

    Where a normalisation falls instead, the channel's weights are negated: −2^(width − 1) then needs one bit more.
    """

    weights: Integers
    width: int
    ramps: Sequence[Ramp]

    @staticmethod
    def of(block: Block, unit: Fraction) -> Membranes:
        """Of a block that takes codes whose 1 is `unit`; raises `E3neError`."""
        constant = block.synapse.weights
        weights = constant.values.astype(np.int64)
        units = [scale * unit for scale in _channel_scales(constant)]
        offsets = _offsets(block.synapse.bias, units)
        ramps: list[Ramp] = []
        for channel, (each, offset) in enumerate(zip(units, offsets, strict=True)):
            ramp, sign = _ramp(block.norm, channel, each, offset)
            ramps.append(ramp)
            weights[channel] *= sign
        return Membranes(weights, max(constant.width, signed_width(weights)), ramps)


@dataclass(frozen=True, eq=False)
class Scores:
    """The last layer: weights, their width, and the bias of its membranes."""

    weights: Integers
    width: int
    bias: Integers | None


def scores_of(membranes: Membranes) -> Scores:
    """Membranes of one scale in which the greatest score is the real network's, ties of reals included.

    Biases that are no multiples of the membrane's unit are ranked by their fractions, in as few bits as hold the ranks;
    weights are multiplied with a power of two to make room for those.
    """
    ramps = membranes.ramps
    if any(ramp.slope == 0 for ramp in ramps):
        raise E3neError("a score of the last layer is multiplied with 0")
    squares = {(ramp.slope * ramp.unit) ** 2 / ramp.root.square for ramp in ramps}
    if len(squares) > 1:
        raise E3neError(
            "its scores have different scales and cannot be compared; quantise the weights of the last layer with one "
            "scale for all outputs"
        )
    zeros = [ramp.zero for ramp in ramps]
    wholes, fractions = [zero // 1 for zero in zeros], [zero % 1 for zero in zeros]
    ranks = {fraction: rank for rank, fraction in enumerate(sorted(set(fractions)))}
    bits = (len(ranks) - 1).bit_length()
    bias = [(whole << bits) + ranks[fraction] for whole, fraction in zip(wholes, fractions, strict=True)]
    if membranes.width + bits > MOST_SCORE_BITS:
        raise E3neError(f"its bias has {len(ranks)} different fractions; quantise it in units of its weights and input")
    if max(abs(number) for number in bias) >= 1 << 31:
        raise E3neError("its bias does not fit into 32 bits; its weights are too small for its bias")
    return Scores(membranes.weights << bits, membranes.width + bits, np.array(bias, np.int64) if any(bias) else None)


def _channel_scales(weights: Constant) -> list[Fraction]:
    assert weights.scale is not None
    rows = weights.scale.reshape(weights.shape[0], -1)
    if (rows != rows[:, :1]).any():
        raise E3neError("its weights have different scales within an output channel; one for each channel is supported")
    return [Fraction(float(scale)) for scale in rows[:, 0]]


def _offsets(bias: Constant | None, units: Sequence[Fraction]) -> list[Fraction]:
    """The real bias of each channel; a quantised one in units of the membrane is a multiple of exactly that."""
    if bias is None:
        return [Fraction(0)] * len(units)
    if bias.scale is None:
        return [Fraction(float(number)) for number in bias.reals()]
    scales = [Fraction(float(scale)) for scale in bias.scale]
    same = [unit if abs(scale / unit - 1) <= _ONE_SCALE else scale for scale, unit in zip(scales, units, strict=True)]
    return [int(number) * scale for number, scale in zip(bias.values, same, strict=True)]


def _ramp(norm: Norm | None, channel: int, unit: Fraction, offset: Fraction) -> tuple[Ramp, int]:
    """The rising real number of a channel's membranes, and the sign, or 0, that its weights are multiplied with."""
    if norm is None:
        return Ramp(unit, offset, Fraction(1), Root(Fraction(1)), Fraction(0)), 1
    gamma, beta, mean, variance = (
        Fraction(float(numbers[channel])) for numbers in (norm.gamma, norm.beta, norm.mean, norm.variance)
    )
    sign = (gamma > 0) - (gamma < 0)
    root = Root(variance + Fraction(norm.epsilon))
    return Ramp(unit, sign * (offset - mean), abs(gamma), root, beta), sign
