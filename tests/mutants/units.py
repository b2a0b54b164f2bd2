"""Mutants of the hardware that units build: their builders changed, every kind of unit."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mutants.unit_mutant import UnitMutant
from tests.mutants.units_maps import MATVEC, MAX_POOL, POOL, WINDOW
from tests.mutants.units_neurons import ARGMAX, FIRE, LIF, SUM_FRAMES
from tests.mutants.units_streams import FIFO, REPLAY, RESIZE, SINK, SOURCE

UNITS: Mapping[str, UnitMutant] = {
    **SOURCE,
    **SINK,
    **RESIZE,
    **FIFO,
    **REPLAY,
    **FIRE,
    **LIF,
    **SUM_FRAMES,
    **ARGMAX,
    **POOL,
    **MAX_POOL,
    **WINDOW,
    **MATVEC,
}
"""By name."""
