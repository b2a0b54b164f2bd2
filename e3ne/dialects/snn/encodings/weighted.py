"""Encodings of one frame: spikes whose steps have weights, emitted greedily by the neuron."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers

MAX_NUMBER = (1 << 16) - 1


class WeightedAttr(EncodingAttr, ABC):
    """One frame. An encoding of this kind is its `weights`, and perhaps `most_spikes` and `DIGITS`.

    The neuron compares its membrane U, in units of its threshold, with the weight of each step in turn: where U is not
    less and there were fewer than `most_spikes` spikes, it spikes and subtracts the weight. What a train can be follows
    from that. Whatever the weights, the neuron emits the greatest such number that is not above U: with a weight w and
    the same for the steps behind it, U ≥ w gives w or more and U < w less than w, so the number never falls with U, and
    a number itself takes the same decisions as the U that it came from. So a neuron is a row of thresholds.
    """

    DIGITS: ClassVar[tuple[int, int]] = (0, 1)
    """what is emitted without a spike and with one"""

    @classmethod
    def with_steps(cls, steps: int, period: int) -> Self:
        """The encoding of so many time steps. `period` is for encodings whose weights repeat; E3neError if it is wrong."""  # noqa: E501
        del period
        return cls.of(steps)

    @property
    def most_spikes(self) -> int:
        """How many spikes a train has at most."""
        return self.steps

    @property
    def frames(self) -> int:
        """All digits are one number."""
        return 1

    @property
    def digits(self) -> Sequence[int]:
        """`DIGITS`."""
        return self.DIGITS

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """What the neuron's rule emits for any membrane."""
        return _numbers(self.weights, self.most_spikes)

    @property
    def greatest(self) -> int:
        """What the neuron emits where its membrane is beyond all weights."""
        return int(self.numbers[-1])

    @property
    def least(self) -> int:
        """The value of a train without a spike."""
        return self.DIGITS[0] * sum(self.weights)

    @property
    def gap(self) -> int:
        """A spike's digit instead of the other one."""
        return self.DIGITS[1] - self.DIGITS[0]

    def encode(self, values: Integers) -> Digits:
        """As the neuron emits them; values are those of `numbers`."""
        numbers = (values.astype(np.int64) - self.least) // self.gap
        low, high = self.DIGITS
        return np.where(emit(numbers, self.weights, self.most_spikes), np.int8(high), np.int8(low))

    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The sum of digit times weight."""
        return np.tensordot(np.array(self.weights, np.int64), digits.astype(np.int64), 1)

    def verify(self) -> None:
        """Besides: positive weights, numbers of at most 16 bits."""
        super().verify()
        weights = self.weights
        if not weights or min(weights) < 1 or self.most_spikes < 1:
            raise VerifyException(f"{self} needs positive weights and one spike or more")
        if sum(weights) > MAX_NUMBER:
            raise VerifyException(f"the weights of {self} add up to {sum(weights)}; the most is {MAX_NUMBER}")


def binary_weights(steps: int) -> tuple[int, ...]:
    """2^(steps - 1), ..., 2, 1."""
    return tuple(1 << step for step in reversed(range(steps)))


def emit(
    membranes: npt.NDArray[np.int64],
    weights: Sequence[int],
    most_spikes: int,
    threshold: Integers | int = 1,
    *,
    ties_to_even: bool = False,
) -> npt.NDArray[np.bool_]:
    """The neuron's rule: spikes (T, *membranes.shape), `membranes` and `threshold` at one scale.

    With `ties_to_even` the last step wants the membrane to be greater.
    """
    left = membranes.copy()
    spikes = np.zeros((len(weights), *membranes.shape), np.bool_)
    count = np.zeros(membranes.shape, np.int64)
    for step, weight in enumerate(weights):
        level = np.asarray(threshold, np.int64) * weight
        reached = left > level if ties_to_even and step == len(weights) - 1 else left >= level
        spikes[step] = reached & (count < most_spikes)
        left -= np.where(spikes[step], level, 0)
        count += spikes[step]
    return spikes


def _emitted(membranes: npt.NDArray[np.int64], weights: tuple[int, ...], most: int) -> npt.NDArray[np.int64]:
    return np.tensordot(np.array(weights, np.int64), emit(membranes, weights, most).astype(np.int64), 1)


@lru_cache(maxsize=256)
def _numbers(weights: tuple[int, ...], most: int) -> npt.NDArray[np.int64]:
    found = np.unique(_emitted(np.arange(sum(weights) + 1), weights, most))
    found.setflags(write=False)
    return found
