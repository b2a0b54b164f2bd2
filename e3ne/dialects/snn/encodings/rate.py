"""Rate: each of T time steps is a number by itself, a spike or several; the encoding of LIF and IF networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers

MAX_FRAMES = 1 << 12
MAX_SPIKES = (1 << 16) - 1


@irdl_attr_definition
class RateAttr(EncodingAttr):
    """`#snn.rate<T, n>`: up to n spikes in each of T steps, which all weigh the same."""

    name = "snn.rate"
    NUMBERS = 2

    step_count: IntAttr
    most: IntAttr

    @staticmethod
    def of(steps: int, most: int = 1) -> RateAttr:
        """Trains of `steps` time steps with up to `most` spikes in each."""
        return RateAttr(IntAttr(steps), IntAttr(most))

    @property
    def steps(self) -> int:
        """The number of time steps T."""
        return self.step_count.data

    @property
    def frames(self) -> int:
        """Each time step is a number by itself."""
        return self.steps

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

    def verify(self) -> None:
        """T is 1 ... 4096, n is 1 ... 65535."""
        if not 1 <= self.steps <= MAX_FRAMES:
            raise VerifyException(f"rate encoding has 1 to {MAX_FRAMES} steps, not {self.steps}")
        if not 1 <= self.greatest <= MAX_SPIKES:
            raise VerifyException(f"a step has up to 1 to {MAX_SPIKES} spikes, not {self.greatest}")
