"""What the user asks of the hardware: an objective, and limits that hold whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from e3ne.units.interface import Cost

Objective = Literal["latency", "interval", "area", "energy"]
OBJECTIVES: tuple[Objective, ...] = ("latency", "interval", "area", "energy")

UNLIMITED = 1 << 40


@dataclass(frozen=True)
class Goal:
    """Minimise `objective`; latency and interval in cycles, resources as counts, each at most what is given.

    `family` is the device family for which costs are estimated.
    """

    objective: Objective = "area"
    latency: int = UNLIMITED
    interval: int = UNLIMITED
    lut: float = UNLIMITED
    ff: float = UNLIMITED
    bram36: float = UNLIMITED
    family: str = "xcup"

    @property
    def is_sum(self) -> bool:
        """Whether the objective is a sum over the units, so that cycles are limits alone."""
        return self.objective in ("area", "energy")

    def measure(self, cost: Cost) -> float:
        """What adds up from unit to unit: the objective where it does, or else LUTs, which limit it."""
        return {"area": area(cost), "energy": cost.energy}.get(self.objective, cost.lut)

    def affords(self, cost: Cost) -> bool:
        """Whether resources are within the budget."""
        return cost.lut <= self.lut and cost.ff <= self.ff and cost.bram36 <= self.bram36


BLOCK_LUTS = 60
"""LUTs that a 36-kbit block RAM counts as: a device has one for every 300 to 650 LUTs, and most designs leave blocks
idle; so a block is worth saving, but not at the price of the LUTs that would take its place."""


def area(cost: Cost) -> float:
    """The area in LUTs, block RAMs included at their price."""
    return cost.lut + BLOCK_LUTS * cost.bram36
