"""Time to first spike, logarithmic: one spike at most, and its time is the exponent."""

from __future__ import annotations

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.radix import MAX_RADIX_STEPS
from e3ne.dialects.snn.encodings.weighted import WeightedAttr, binary_weights


@irdl_attr_definition
class TtfsAttr(WeightedAttr):
    """`#snn.ttfs<T>`: the first spike weighs 2^(T - 1 - t), later ones do not exist; values are powers of two, or 0."""

    name = "snn.ttfs"
    PARAMETERS = (("steps", MAX_RADIX_STEPS),)

    step_count: IntAttr

    @property
    def weights(self) -> tuple[int, ...]:
        """2^(T - 1 - t)."""
        return binary_weights(self.step_count.data)

    @property
    def most_spikes(self) -> int:
        """The first one."""
        return 1
