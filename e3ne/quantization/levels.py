"""Which numbers of an encoding real values become: pure NumPy, no IR."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.floating]

_GRAIN = 1 << 8


@dataclass(frozen=True, eq=False)
class Levels:
    """The numbers of an encoding, ascending from 0.

    A neuron has one threshold θ and one offset, so that it reaches number n at slope·n − offset in units of one level.
    Rounding to the nearest number needs the midpoint below n there. Without gaps that is n − 1/2; where numbers are
    left out it is the line that is nearest to all midpoints, by least squares.
    """

    numbers: Integers

    @property
    def greatest(self) -> int:
        """The last number."""
        return int(self.numbers[-1])

    @property
    def is_complete(self) -> bool:
        """Whether no number is left out."""
        return len(self.numbers) == self.greatest + 1

    @cached_property
    def line(self) -> tuple[float, float]:
        """(slope, offset)."""
        if self.is_complete:
            return 1.0, 0.5
        if len(self.numbers) == 2:
            return 0.5, 0.0
        slope, negative = np.polyfit(self.numbers[1:], self.midpoints, 1)
        # Short fractions, so that ties are exact.
        return round(float(slope) * _GRAIN) / _GRAIN, round(-float(negative) * _GRAIN) / _GRAIN

    @property
    def midpoints(self) -> npt.NDArray[np.float64]:
        """Halfway between neighbouring numbers: where a pixel is rounded up."""
        return (self.numbers[1:] + self.numbers[:-1]) / 2

    @property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """Where each number but 0 is reached, in units of one level."""
        slope, offset = self.line
        return slope * self.numbers[1:].astype(np.float64) - offset

    def nearest(self, values: Reals) -> Integers:
        """The numbers that real values in units of one level become; a value on a threshold becomes the upper one."""
        if self.is_complete:
            return np.clip(np.floor(values + 0.5), 0, self.greatest).astype(np.int64)
        return self.numbers[np.searchsorted(self.thresholds, values, side="right")]
