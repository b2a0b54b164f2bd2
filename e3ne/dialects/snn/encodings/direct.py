"""Direct: a number of B bits, the same in each of T time steps; the input of directly trained networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers
from e3ne.dialects.snn.encodings.rate import MAX_FRAMES

MAX_BITS = 16


@irdl_attr_definition
class DirectAttr(EncodingAttr):
    """`#snn.direct<B, T>`: an unsigned number of B bits in each of T steps, always the same."""

    name = "snn.direct"
    PARAMETERS = (("bits", MAX_BITS), ("steps", MAX_FRAMES))

    width: IntAttr
    step_count: IntAttr

    @property
    def frames(self) -> int:
        """Each time step is the number."""
        return self.steps

    @property
    def digits(self) -> Sequence[int]:
        """0 ... 2^B - 1."""
        return range(self.greatest + 1)

    @property
    def weights(self) -> tuple[int, ...]:
        """Each step has the whole number."""
        return (1,) * self.step_count.data

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

    def spikes(self, numbers: Integers) -> npt.NDArray[np.int64]:
        """The ones of each number: as many times is a weight added."""
        return np.bitwise_count(numbers.astype(np.uint64)).astype(np.int64)
