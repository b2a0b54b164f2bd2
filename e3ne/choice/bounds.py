"""What the rest of a chain costs at least: for each layout at a site the cheapest ways through everything behind it.

A rest is (cost, head, tail, full): what the goal measures (area, energy or LUTs), and the cycles from first to first
beat, last to last, and first to last. Rests join by `a` then `b`: costs, heads and tails add up; the last beat of both
leaves no earlier than full_a + tail_b, nor than head_a + full_b. Beats in between may delay more, so a rest is a lower
bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from e3ne.choice.labels import Numbers, cost_rows
from e3ne.choice.pruning import Legal
from e3ne.dialects.dataflow import StreamType

Rests = NDArray[np.float64]
"""Shape (rests, 4): cost, head, tail, full."""

KEPT = 40
"""Rests of a layout; more are merged, each into one that is no worse than any of them."""

CHAMPIONS = 24
"""Rests against which all others are compared first."""

BLOCK = 128
"""Rests that are compared with each other at once."""

NOTHING: Rests = np.zeros((1, 4))


NONE: Rests = np.zeros((0, 4))


def join(first: Rests, behind: Rests) -> Rests:
    """The rests of one candidate (1, 4) in front of others."""
    joined = first + behind
    joined[:, 3] = np.maximum(first[:, 3] + behind[:, 2], first[:, 1] + behind[:, 3])
    return joined


def reduced(parts: Sequence[Rests]) -> Rests:
    """The union of rests, as no more than KEPT of them: each given one is no better than one of these."""
    rests = _undominated(np.concatenate([NONE, *parts]))
    if len(rests) <= KEPT:
        return rests
    # Neighbours in cost are merged.
    merged = np.array_split(rests[np.argsort(rests[:, 0])], KEPT)
    return _undominated(np.stack([part.min(axis=0) for part in merged]))


def least_behind(sites: Sequence[Legal]) -> list[dict[StreamType | None, Numbers]]:
    """Behind each site and layout the least LUTs, flip-flops and block RAMs (3,), each minimised by itself."""
    last = {c.given for candidates in sites[-1].values() for c in candidates}
    behind: dict[StreamType | None, Numbers] = {stream: np.zeros(3) for stream in last}
    found: list[dict[StreamType | None, Numbers]] = []
    for legal in reversed(sites):
        found.append(behind)
        ways = {
            stream: [cost_rows([c.cost])[0, :3] + behind[c.given] for c in candidates if c.given in behind]
            for stream, candidates in legal.items()
        }
        behind = {stream: np.min(each, axis=0) for stream, each in ways.items() if each}
    return found[::-1]


def _undominated(rests: Rests) -> Rests:
    ordered = rests[np.lexsort(rests.T[::-1])]
    ordered = ordered[np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]] if len(ordered) else ordered
    while len(ordered) > BLOCK:
        # Most fall to a few that are good in all respects; what is left is compared one by one.
        scaled = ordered / (ordered.max(axis=0) + 1.0)
        champions = ordered[np.argsort(scaled.sum(axis=1))[:: max(1, len(ordered) // (8 * CHAMPIONS))][:CHAMPIONS]]
        beaten = np.zeros(len(ordered), dtype=np.bool_)
        for champion in champions:
            worse = (champion <= ordered).all(axis=1)
            beaten |= worse & (champion != ordered).any(axis=1)
        ordered = ordered[~beaten]
        if beaten.mean() < 0.1:
            break
    kept = ordered[:0]
    for start in range(0, len(ordered), BLOCK):
        block = ordered[start : start + BLOCK]
        block = block[~_no_better(block, kept).any(axis=1)]
        # Rows are sorted, and different: one is beaten by an earlier one only.
        among = _no_better(block, block)
        among[np.triu_indices(len(block))] = False
        kept = np.concatenate([kept, block[~among.any(axis=1)]])
    return kept


def _no_better(rests: Rests, others: Rests) -> NDArray[np.bool_]:
    """For each of the rests and each other one: whether the other one is as good in all respects."""
    return np.all(others[None] <= rests[:, None], axis=2)
