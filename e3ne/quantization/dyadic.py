"""Numbers that are whole multiples of a power of two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MANY = 64
"""Binary places of what has more than anybody would keep."""


def binary_places(numbers: npt.NDArray[np.floating]) -> int:
    """The least k ≥ 0 for which all numbers times 2^k are whole; 64 where that is none below 48."""
    exact = np.asarray(numbers, np.float64)
    for places in range(48):
        scaled = np.ldexp(exact, places)
        if np.array_equal(scaled, np.rint(scaled)):
            return places
    return MANY
