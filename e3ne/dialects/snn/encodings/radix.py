"""Radix: T binary digits are one number, the emerging encoding of E3NE."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers

MAX_RADIX_STEPS = 16
"""Trains of sums may be longer than the 8 steps that a neuron emits at most."""


@irdl_attr_definition
class RadixAttr(EncodingAttr):
    """`#snn.radix<T>`: digits 0 or 1, most significant first; T steps carry 2^T levels."""

    name = "snn.radix"
    NUMBERS = 1

    step_count: IntAttr

    @staticmethod
    def of(steps: int) -> RadixAttr:
        """The radix encoding of `steps` time steps."""
        return RadixAttr(IntAttr(steps))

    @property
    def steps(self) -> int:
        """The number of time steps T."""
        return self.step_count.data

    @property
    def frames(self) -> int:
        """All digits are one number."""
        return 1

    @property
    def greatest(self) -> int:
        """2^T - 1."""
        return (1 << self.steps) - 1

    def encode(self, values: Integers) -> Digits:
        """Digit t of a value is its bit T - 1 - t; values must be in 0 ... greatest."""
        shifts = np.arange(self.steps - 1, -1, -1).reshape(-1, *([1] * values.ndim))
        return ((values.astype(np.int64)[None] >> shifts) & 1).astype(np.uint16)

    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The sum of digit t times 2^(T - 1 - t)."""
        value = np.zeros(digits.shape[1:], np.int64)
        for digit in digits:
            value = 2 * value + digit
        return value

    def verify(self) -> None:
        """T is 1 ... 16."""
        if not 1 <= self.steps <= MAX_RADIX_STEPS:
            raise VerifyException(f"radix encoding has 1 to {MAX_RADIX_STEPS} steps, not {self.steps}")
