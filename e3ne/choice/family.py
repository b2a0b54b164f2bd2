"""Choices of a site that let beats flow alike, and the candidates among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from e3ne.analysis.energy import GRID, matvec_energy
from e3ne.choice.candidate import Candidate
from e3ne.choice.floors import least_lut
from e3ne.dialects.dataflow import MatvecOp, StreamType
from e3ne.units.interface import Choice

if TYPE_CHECKING:
    from e3ne.choice.sites import Site


@dataclass(eq=False)
class Family:
    """Choices that let beats flow alike: they differ in cost, and in a constant delay.

    `least_cycles` and `least_energy` are lower bounds that need no candidate to be built.
    """

    site: Site
    taken: StreamType | None
    choices: Sequence[Choice]
    least_cycles: int
    _least_luts: dict[int, float] = field(default_factory=lambda: {})
    _built: dict[int, Candidate | None] = field(default_factory=lambda: {})
    _kept: tuple[int, list[Candidate]] = (0, [])

    @cached_property
    def least_energy(self) -> float:
        """Picojoules an image, at least; converters and replays in front of the unit take more."""
        op = self.site.op
        if not isinstance(op, MatvecOp) or self.site.for_width or (op.is_folded and not self.choices[0]):
            return self.site.least_energy
        return min(matvec_energy(op, choice).total_pj for choice in self.choices) - 1 / GRID

    def candidates(self, lut: float) -> list[Candidate]:
        """Those for which no other one is as fast and costs no more in any resource.

        Choices that cannot do with so many LUTs may be missing.
        """
        site = self.site
        for place, choice in enumerate(self.choices):
            if place in self._built:
                continue
            if place not in self._least_luts:
                self._least_luts[place] = least_lut(site.op, site.weights, self.taken, choice)
            if self._least_luts[place] <= lut:
                self._built[place] = site.build(self.taken, choice)
        built, kept = self._kept
        if built < len(self._built):
            kept = _undominated(c for _, c in sorted(self._built.items()) if c is not None)
            self._kept = len(self._built), kept
        return kept


def _undominated(built: Iterable[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for candidate in sorted(built, key=_measures):
        mine = _measures(candidate)
        if not any(all(a <= b for a, b in zip(_measures(other), mine, strict=True)) for other in kept):
            kept.append(candidate)
    return kept


def _measures(candidate: Candidate) -> tuple[float, ...]:
    """What candidates of a family differ in."""
    cost = candidate.cost
    return (cost.lut, cost.ff, cost.bram36, candidate.depth, cost.energy)
