"""The one interface behind which everything about a hardware unit lives.

A unit is a class of this package behind `Unit`, in one file or several: its legal choices, its cost, its schedule, its
arithmetic and its hardware. The schedule and the arithmetic are the *model*, plain numbers and NumPy, so that it
can be printed as a program of its own; the hardware is an rtl module. Passes and backends use a unit through this
interface alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from e3ne.analysis.event_graph import EventGraph
from e3ne.devices.costs import coefficients
from e3ne.devices.families import Family
from e3ne.devices.memories import memories_of
from e3ne.dialects.dataflow import Order, StreamType, UnitOp
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.errors import E3neError
from e3ne.units.features import Features
from e3ne.units.layout import Layout, Values
from e3ne.units.model import UnitModel

OpT = TypeVar("OpT", bound=UnitOp)

Choice = Mapping[str, int | str]
"""Values for the choice properties of an operation, by property name."""


@dataclass(frozen=True)
class Cost:
    """An estimate: LUTs, flip-flops, 36-kbit block RAMs (an 18-kbit one is a half), and busy cycles per image.

    `energy` is that of an image in picojoules (e3ne.analysis.energy); 0 where nobody asked for it.
    """

    lut: float = 0
    ff: float = 0
    bram36: float = 0
    cycles: int = 0
    energy: float = 0

    def __add__(self, other: Cost) -> Cost:
        """Both together: resources add up, and the slower one is busy the longer."""
        return Cost(
            self.lut + other.lut,
            self.ff + other.ff,
            self.bram36 + other.bram36,
            max(self.cycles, other.cycles),
            self.energy + other.energy,
        )


def cost_of(features: Features, family: str) -> Cost:
    """Counts of parts times what each takes on the family, and the memories; E3neError where unknown."""
    known = coefficients(family)
    if features.kind not in known:
        raise E3neError(
            f"the costs of {features.kind} on family '{family}' are not known: run e3ne calibrate --family {family}"
        )
    found = known[features.kind]
    lut, bram36 = memories_of(features.memories, cast(Family, family))
    return Cost(
        lut + sum(found.lut[name] * count for name, count in features.lut.items()),
        sum(found.ff[name] * count for name, count in features.ff.items()),
        bram36,
        features.cycles,
    )


class Unit(ABC, Generic[OpT]):
    """All that the compiler knows of one kind of hardware unit."""

    operation: type[OpT]

    @abstractmethod
    def legal_choices(self, op: OpT) -> Sequence[Choice]:
        """Every legal setting of the operation's choice properties."""

    @abstractmethod
    def features(self, op: OpT) -> Features:
        """What the unit is made of, from which its cost follows."""

    def cost(self, op: OpT, family: str = "xcup") -> Cost:
        """The estimated cost on a family of devices; raises E3neError for a family that is not known."""
        return cost_of(self.features(op), family)

    @abstractmethod
    def model(self, op: OpT) -> UnitModel:
        """Schedule and arithmetic as plain numbers; a frozen dataclass of integers, tuples and arrays."""

    @abstractmethod
    def build(self, op: OpT) -> ModuleOp:
        """The hardware, written independently of the model."""

    def schedule(self, op: OpT, taken: str, given: str) -> EventGraph:
        """The cycle in which each beat is taken and given, as an event graph."""
        return self.model(op).events(op.unit_name, taken, given)

    def compute(self, op: OpT, values: Values) -> Values:
        """The values of the output beats, (images, beats, elements)."""
        return self.model(op).compute(values)


def layout_of(stream: StreamType) -> Layout:
    """A stream type with a decided layout as plain numbers."""
    assert stream.has_layout, f"{stream} has no layout yet"
    return Layout(
        stream.height,
        stream.width,
        stream.channels,
        stream.steps,
        stream.bits,
        stream.lanes,
        stream.parallel,
        stream.repeat,
        stream.order is Order.STEPS_OUTER,
        stream.frames,
    )
