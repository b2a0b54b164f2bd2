"""Direct: a number of B bits, the same in each of T time steps; the input of directly trained networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers
from e3ne.dialects.snn.encodings.rate import MAX_FRAMES

MAX_BITS = 16


@irdl_attr_definition
class DirectAttr(EncodingAttr):
    """`#snn.direct<B, T>`: an unsigned number of B bits in each of T steps, always the same."""

    name = "snn.direct"
    NUMBERS = 2

    width: IntAttr
    step_count: IntAttr

    @staticmethod
    def of(bits: int, steps: int) -> DirectAttr:
        """Numbers of `bits` bits in `steps` time steps."""
        return DirectAttr(IntAttr(bits), IntAttr(steps))

    @property
    def steps(self) -> int:
        """The number of time steps T."""
        return self.step_count.data

    @property
    def frames(self) -> int:
        """Each time step is the number."""
        return self.steps

    @property
    def greatest(self) -> int:
        """2^B - 1."""
        return (1 << self.width.data) - 1

    def encode(self, values: Integers) -> Digits:
        """The value itself, T times."""
        return np.repeat(values.astype(np.uint16)[None], self.steps, axis=0)

    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The digit of any step."""
        return digits[0].astype(np.int64)

    def verify(self) -> None:
        """B is 1 ... 16, T is 1 ... 4096."""
        if not 1 <= self.width.data <= MAX_BITS:
            raise VerifyException(f"direct encoding has numbers of 1 to {MAX_BITS} bits, not {self.width.data}")
        if not 1 <= self.steps <= MAX_FRAMES:
            raise VerifyException(f"direct encoding has 1 to {MAX_FRAMES} steps, not {self.steps}")
