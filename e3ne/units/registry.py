"""Finds the unit behind an operation. To add a unit, add its file and its class here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from e3ne.dialects.dataflow import UnitOp
from e3ne.units.argmax import Argmax
from e3ne.units.fifo import Fifo
from e3ne.units.fire import Fire
from e3ne.units.interface import Unit
from e3ne.units.lif import Lif
from e3ne.units.matvec import Matvec
from e3ne.units.max_pool import MaxPool
from e3ne.units.pool import Pool
from e3ne.units.replay import Replay
from e3ne.units.resize import Resize
from e3ne.units.sink import Sink
from e3ne.units.source import Source
from e3ne.units.sum_frames import SumFrames
from e3ne.units.window import Window

UNITS: Mapping[str, Unit[UnitOp]] = MappingProxyType(
    {
        unit.operation.name: cast(Unit[UnitOp], unit)
        for unit in (
            Argmax(),
            Fifo(),
            Fire(),
            Lif(),
            Matvec(),
            MaxPool(),
            Pool(),
            Replay(),
            Resize(),
            Sink(),
            Source(),
            SumFrames(),
            Window(),
        )
    }
)
"""Each unit by the name of its operation."""


def unit_for(op: UnitOp) -> Unit[UnitOp]:
    """The unit behind an operation; raises KeyError for an operation without hardware (flatten)."""
    return UNITS[op.name]
