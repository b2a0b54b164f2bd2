"""Rate: each of T time steps is a number by itself, a spike or several; the encoding of LIF and IF networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers

MAX_FRAMES = 1 << 12
MAX_SPIKES = (1 << 16) - 1


@irdl_attr_definition
class RateAttr(EncodingAttr):
    """`#snn.rate<T, n>`: up to n spikes in each of T steps, which all weigh the same."""

    name = "snn.rate"
    PARAMETERS = (("steps", MAX_FRAMES), ("spikes a step", MAX_SPIKES))

    step_count: IntAttr
    most: IntAttr

    @classmethod
    def of(cls, *numbers: int) -> Self:
        """Of T steps and n spikes; n is 1 if it is left out."""
        return super().of(*numbers, *(1,) * (2 - len(numbers)))

    @property
    def frames(self) -> int:
        """Each time step is a number by itself."""
        return self.steps

    @property
    def digits(self) -> Sequence[int]:
        """0 ... n."""
        return range(self.greatest + 1)

    @property
    def weights(self) -> tuple[int, ...]:
        """All steps weigh the same."""
        return (1,) * self.step_count.data

    @property
    def greatest(self) -> int:
        """N."""
        return self.most.data

    def encode(self, values: Integers) -> Digits:
        """As many spikes as the value, 0 ... T·n, as early as possible."""
        before = self.greatest * np.arange(self.steps).reshape(-1, *([1] * values.ndim))
        return np.clip(values.astype(np.int64)[None] - before, 0, self.greatest).astype(np.uint16)

    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The number of spikes."""
        return digits.sum(axis=0, dtype=np.int64)

    def spikes(self, numbers: Integers) -> npt.NDArray[np.int64]:
        """The numbers themselves, each that of a step."""
        return numbers.astype(np.int64)
