"""Phase: the weights of radix repeat with a period (Kim et al., Deep Neural Networks with Weighted Spikes, 2018)."""

from __future__ import annotations

from typing import Self

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from e3ne.dialects.snn.encodings.weighted import WeightedAttr, binary_weights
from e3ne.errors import E3neError


@irdl_attr_definition
class PhaseAttr(WeightedAttr):
    """`#snn.phase<P, R>`: R periods of P steps, each weighted as radix; their sums are added up."""

    name = "snn.phase"
    PARAMETERS = (("steps a period", 16), ("periods", 4096))

    period: IntAttr
    periods: IntAttr

    @classmethod
    def with_steps(cls, steps: int, period: int) -> Self:
        """Periods of `period` steps, or one where there are fewer steps; raises E3neError for a broken period."""
        if steps > period and steps % period:
            raise E3neError(f"phase has whole periods of {period} steps, and {steps} steps are none (--period)")
        return cls.of(min(steps, period), max(1, steps // period))

    @property
    def weights(self) -> tuple[int, ...]:
        """2^(P - 1 - t mod P)."""
        return binary_weights(self.period.data) * self.periods.data
