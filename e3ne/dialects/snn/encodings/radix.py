"""Radix: T binary digits are one number, the emerging encoding of E3NE."""

from __future__ import annotations

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.weighted import WeightedAttr, binary_weights

MAX_RADIX_STEPS = 16
"""Trains of sums may be longer than the 8 steps that a neuron emits at most."""


@irdl_attr_definition
class RadixAttr(WeightedAttr):
    """`#snn.radix<T>`: digits 0 or 1, most significant first; T steps carry 2^T levels."""

    name = "snn.radix"
    PARAMETERS = (("steps", MAX_RADIX_STEPS),)

    step_count: IntAttr

    @property
    def weights(self) -> tuple[int, ...]:
        """2^(T - 1 - t)."""
        return binary_weights(self.step_count.data)
