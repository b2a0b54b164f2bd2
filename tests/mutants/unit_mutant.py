"""A mutant of the hardware that a unit builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.mutants.edits import Edit


@dataclass(frozen=True)
class UnitMutant:
    """A changed builder of units whose names end with `kind` (empty: of any), in the network `case`."""

    kind: str
    case: str
    what: str
    edit: Edit


def of(module: str, kind: str, rows: Mapping[str, tuple[str, str, str, str, str]]) -> dict[str, UnitMutant]:
    """Mutants of one module of units; each is case, what it does, function, old and new text."""
    return {
        f"{kind or 'control'}_{name}": UnitMutant(kind, case, what, Edit(f"e3ne.units.{module}:{function}", old, new))
        for name, (case, what, function, old, new) in rows.items()
    }
