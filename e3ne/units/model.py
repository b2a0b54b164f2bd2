"""What a unit's model offers. NumPy alone: the cycle-model backend prints this module into the stand-alone model."""

from __future__ import annotations

from typing import Protocol

from e3ne.analysis.event_graph import EventGraph
from e3ne.units.layout import Values


class UnitModel(Protocol):
    """When a unit's beats are taken and given, and what they hold."""

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """The event graph between the stream taken and the stream given."""
        ...

    def compute(self, values: Values) -> Values:
        """The beats given, (images, beats, elements), for the beats taken."""
        ...
