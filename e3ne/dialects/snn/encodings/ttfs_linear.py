"""Time to first spike, linear: one spike at most, worth as many as there are steps left."""

from __future__ import annotations

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.weighted import WeightedAttr


@irdl_attr_definition
class TtfsLinearAttr(WeightedAttr):
    """`#snn.ttfs_linear<T>`: the first spike weighs T - t, later ones do not exist; values are 0 ... T."""

    name = "snn.ttfs_linear"
    PARAMETERS = (("steps", 255),)

    step_count: IntAttr

    @property
    def weights(self) -> tuple[int, ...]:
        """T - t."""
        return tuple(range(self.step_count.data, 0, -1))

    @property
    def most_spikes(self) -> int:
        """The first one."""
        return 1
