"""Bipolar: digits -1 and +1 with the weights of radix; values are odd, and there is no zero."""

from __future__ import annotations

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.radix import MAX_RADIX_STEPS
from e3ne.dialects.snn.encodings.weighted import WeightedAttr, binary_weights


@irdl_attr_definition
class BipolarAttr(WeightedAttr):
    """`#snn.bipolar<T>`: a digit of +1 or -1 in each step; values are the odd numbers up to 2^T - 1 either way."""

    name = "snn.bipolar"
    PARAMETERS = (("steps", MAX_RADIX_STEPS),)
    DIGITS = (-1, 1)

    step_count: IntAttr

    @property
    def weights(self) -> tuple[int, ...]:
        """2^(T - 1 - t)."""
        return binary_weights(self.step_count.data)
