"""What a unit's model offers. NumPy alone: the cycle-model backend prints this module into the stand-alone model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from e3ne.analysis.event_graph import Cycles, EventGraph
from e3ne.units.layout import Values


class UnitModel(Protocol):
    """When a unit's beats are taken and given, and what they hold."""

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """The event graph between the stream taken and the stream given; where it depends on data, the slowest one."""
        ...

    def compute(self, values: Values) -> Values:
        """The beats given, (images, beats, elements), for the beats taken."""
        ...


@runtime_checkable
class SpikeTimedModel(UnitModel, Protocol):
    """The model of a unit whose cycles depend on what its beats hold. `events` is what no beats take longer than."""

    def events_of(self, unit: str, taken: str, given: str, values: Values) -> tuple[EventGraph, Mapping[str, Cycles]]:
        """The event graph for the beats taken, (images, beats, elements).

        With it, by process, the cycles by which each event follows the one before it later than its interval says,
        shape (images·events,).
        """
        ...
