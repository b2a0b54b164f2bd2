"""Integer biases and thresholds of neurons of one frame from real ones: pure NumPy, no IR.

The ideal neuron of a channel is code = floor((V + bias) / theta + 1/2), clamped, with real bias and theta > 0 in units of
the membrane. Its code reaches k exactly when the integer V reaches v_k = ceil((k - 1/2) * theta - bias). The integer
neuron floor((V * 2^f + b) / t) reaches k when V * 2^f + b >= k * t. Both agree on every reachable V exactly if for each k

    k * t - v_k * 2^f  <=  b  <  k * t - (v_k - 1) * 2^f

where a v_k below the reachable range needs only the left side (at the range's low end) and one above it only the right.
Where the neuron's ties go to the even code, an odd k is reached only when V * 2^f + b > k * t: k * t is one more then.
An encoding that leaves numbers out has another theta, another fraction than 1/2 (`Levels.line`), and fewer k.
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from e3ne.errors import E3neError
from e3ne.quantization.levels import Levels

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

_LIMIT = (1 << 31) - 1
_SNAP = 1e-6
"""A threshold this close (relatively) to a power of two is one: scales are stored as float32."""


@dataclass(frozen=True, eq=False)
class Neuron:
    """The integer parameters of a layer's neurons: floor((V * 2^fraction_bits + bias) / threshold)."""

    bias: Integers
    threshold: Integers
    fraction_bits: int
    exact: bool
    """whether every reachable membrane gets the code of the ideal neuron"""
    ties_to_even: bool = False


def integer_neuron(
    theta: Reals, bias: Reals, low: Integers, high: Integers, levels: Levels, max_fraction_bits: int = 16
) -> Neuron:
    """The neuron with the fewest fraction bits for which no reachable membrane changes its code.

    All arrays are per channel; theta is what one level is in units of the membrane; low ... high are the reachable
    membranes. Where even `max_fraction_bits` change codes, the number of fraction bits with the fewest changed
    thresholds is taken. A channel that cannot fire gets bias 0 and a threshold just beyond its reach. Where every
    theta is a power of two, so is every threshold. Raises `E3neError` when the parameters do not fit into 32 bits.
    """
    problem = _Problem.of(theta, bias, low, high, levels)
    best: tuple[int, Neuron] | None = None
    for each in (problem, problem.within_reach()):
        for fraction_bits in range(max_fraction_bits + 1):
            candidate = each.solve(fraction_bits)
            if candidate is None:
                continue
            wrong, neuron = candidate
            if best is None or wrong < best[0]:
                best = candidate
            if wrong == 0:
                return neuron
    if best is None:
        raise E3neError("its thresholds or biases do not fit into 32 bits; its weights are too small for its bias")
    return best[1]


def exact_neuron(
    theta: Reals, bias: Reals, goals: Integers, low: Integers, high: Integers, levels: int, max_fraction_bits: int = 16
) -> Neuron:
    """The neuron with the fewest fraction bits whose code reaches k exactly at `goals`, v_k: (channels, levels - 1).

    All other arrays are per channel, and theta and bias only say where to look. Of v_k beyond low ... high + 1 nothing
    but that is used. Ties go to even codes only where no other neuron will do. Raises `E3neError` where none does, and
    when parameters do not fit into 32 bits.
    """
    goals = np.clip(goals, low[:, None], high[:, None] + 1)
    codes = np.arange(1, levels)
    rules = [
        _Problem(theta, bias, low, high, codes, 0.5, goals, power_of_two=False, ties_to_even=even) for even in (0, 1)
    ]
    for problems in (rules, [problem.within_reach() for problem in rules]):
        for fraction_bits in range(max_fraction_bits + 1):
            for problem in problems:
                candidate = problem.solve(fraction_bits)
                if candidate is not None and candidate[0] == 0:
                    return candidate[1]
    raise E3neError(f"no thresholds of 32 bits, {max_fraction_bits} of them fraction bits, give exactly its codes")


@dataclass(frozen=True, eq=False)
class _Problem:
    theta: Reals
    bias: Reals
    low: Integers
    high: Integers
    numbers: Integers
    """those that are tested: all but 0"""
    offset: float
    """of the rounding, in thresholds"""
    goals: Integers
    """v_k for each k of `numbers`, clipped to low ... high + 1: (channels, numbers)"""
    power_of_two: bool
    ties_to_even: int = 0

    @staticmethod
    def of(level: Reals, bias: Reals, low: Integers, high: Integers, levels: Levels) -> _Problem:
        slope, offset = levels.line
        theta, numbers = level * slope, levels.numbers[1:]
        offset /= slope
        logarithms = np.log2(theta)
        power_of_two = bool((np.abs(np.exp2(np.rint(logarithms)) / theta - 1) < _SNAP).all())
        if power_of_two:
            theta = np.exp2(np.rint(logarithms))
        first = _first_membranes(theta, bias, numbers, offset)
        goals = np.clip(first, low[:, None], high[:, None] + 1).astype(np.int64)
        return _Problem(theta, bias, low, high, numbers, offset, goals, power_of_two)

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Channels that cannot fire."""
        return self.goals[:, 0] > self.high

    def within_reach(self) -> _Problem:
        """The same with the least thetas that will do, for where the others do not fit into 32 bits.

        Of a theta beyond the reachable range at most one v_k is within it: another one beyond it does the same.
        """
        most = (self.high - self.low + 2).astype(np.float64)
        if self.power_of_two:
            most = np.exp2(np.ceil(np.log2(most)))
        return replace(self, theta=np.minimum(self.theta, most))

    def solve(self, fraction_bits: int) -> tuple[int, Neuron] | None:
        """(number of v_k that come out wrong, neuron), or None if a parameter is too large or a threshold below 1."""
        scaled = self.theta * 2.0**fraction_bits
        live = ~self.dead
        if live.any() and scaled[live].max() > _LIMIT:
            return None
        if self.power_of_two and live.any() and scaled[live].min() < 1:
            return None
        nearest = np.maximum(np.rint(np.where(live, scaled, 1)), 1).astype(np.int64)
        threshold, bias, wrong = self._with_threshold(nearest, fraction_bits)
        for change in () if self.power_of_two else (-1, 1):
            other = self._with_threshold(np.maximum(nearest + change, 1), fraction_bits)
            better = other[2] < wrong
            threshold, bias, wrong = (
                np.where(better, new, old) for new, old in zip(other, (threshold, bias, wrong), strict=True)
            )
        reach = np.maximum(self.high << fraction_bits, 0) + 1
        if self.power_of_two:
            reach = np.exp2(np.ceil(np.log2(reach))).astype(np.int64)
        threshold, bias = np.where(live, threshold, reach), np.where(live, bias, 0)
        if max(np.abs(bias).max(), threshold.max()) > _LIMIT:
            return None
        count = int(wrong[live].sum())
        return count, Neuron(bias, threshold, fraction_bits, count == 0, bool(self.ties_to_even))

    def _with_threshold(self, threshold: Integers, fraction_bits: int) -> tuple[Integers, Integers, Integers]:
        """(threshold, best bias, number of v_k that come out wrong) per channel."""
        steps = self.numbers * threshold[:, None] + (self.numbers & self.ties_to_even)
        least = np.where(self.goals <= self.high[:, None], steps - (self.goals << fraction_bits), -_FAR)
        most = np.where(self.goals > self.low[:, None], steps - ((self.goals - 1) << fraction_bits) - 1, _FAR)
        wanted = np.rint(np.clip((self.bias + self.theta * self.offset) * 2.0**fraction_bits, -_LIMIT, _LIMIT)).astype(
            np.int64
        )
        lower, upper = least.max(axis=1), most.min(axis=1)
        bias = np.where(lower <= upper, np.clip(wanted, lower, upper), wanted)
        wrong = ((bias[:, None] < least) | (bias[:, None] > most)).sum(axis=1)
        return threshold, bias, wrong


_FAR = 1 << 62
_CLOSE = 1e-9
"""What the rounding of real arithmetic cannot reach, relative to its operands."""


def _first_membranes(theta: Reals, bias: Reals, codes: Integers, offset: float) -> Reals:
    """v_k of each channel and code: exactly, also where the ideal neuron stands at a tie."""
    steps = (codes - offset) * theta[:, None]
    real = steps - bias[:, None]
    result = np.ceil(real)
    doubtful = np.abs(real - np.rint(real)) <= _CLOSE * (np.abs(steps) + np.abs(bias[:, None]))
    for channel, index in np.argwhere(doubtful):
        level = (int(codes[index]) - Fraction(offset)) * Fraction(float(theta[channel]))
        result[channel, index] = ceil(level - Fraction(float(bias[channel])))
    return result
