"""What the rest of a chain costs at least: for each site the cheapest ways through everything behind it.

A rest is (cost, head, tail, full): area in LUTs, and the cycles from first to first beat, last to last, and first to
last. Rests join by `a` then `b`: areas, heads and tails add up; the last beat of both leaves no earlier than full_a +
tail_b, nor than head_a + full_b. Layouts need not match across sites, so a rest is a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rests = NDArray[np.float64]
"""Shape (rests, 4): area, head, tail, full."""

KEPT = 64
"""Rests of a site; more are merged, each into one that is no worse than any of them."""

NOTHING: Rests = np.zeros((1, 4))


def join(first: Rests, behind: Rests) -> Rests:
    """The rests of a site in front of others."""
    a, b = first[:, None, :], behind[None, :, :]
    area, head, tail = (a[..., place] + b[..., place] for place in range(3))
    full = np.maximum(a[..., 3] + b[..., 2], a[..., 1] + b[..., 3])
    return reduced(np.stack([area, head, tail, full], axis=-1).reshape(-1, 4))


def reduced(rests: Rests) -> Rests:
    """No more than KEPT rests, such that each given one is no better than one of them."""
    rests = _undominated(np.unique(rests, axis=0))
    if len(rests) <= KEPT:
        return rests
    # Neighbours in area are merged: the areas that matter lie close to the budget.
    parts = np.array_split(rests[np.argsort(rests[:, 0])], KEPT)
    return _undominated(np.stack([part.min(axis=0) for part in parts]))


def _undominated(rests: Rests) -> Rests:
    ordered = rests[np.lexsort(rests.T[::-1])]
    kept = np.empty_like(ordered)
    count = 0
    for rest in ordered:
        if not (kept[:count] <= rest).all(axis=1).any():
            kept[count] = rest
            count += 1
    return kept[:count]


def least_area(rests: Rests, first: float, last: float, latency: float) -> float:
    """The least area of a rest that ends in time, for the first and the last beat that come; infinite if none does."""
    ends = np.maximum(last + rests[:, 2], first + rests[:, 3])
    within = rests[ends <= latency, 0]
    return float(within.min()) if within.size else np.inf


def least_latency(rests: Rests, first: float, last: float, area: float) -> float:
    """The earliest end of a rest within an area; infinite if none is."""
    ends = np.maximum(last + rests[:, 2], first + rests[:, 3])[rests[:, 0] <= area]
    return float(ends.min()) if ends.size else np.inf


def chain(sites: Sequence[Rests]) -> list[Rests]:
    """For each site the rests behind it."""
    behind = [NOTHING]
    for rests in reversed(sites[1:]):
        behind.append(join(rests, behind[-1]))
    return behind[::-1]
