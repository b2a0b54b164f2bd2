"""The fit of coefficients: least squares on relative errors, never negative, drawn towards one where data say little.

Features count parts so that most of them take one LUT or one flip-flop of a device with 6-input LUTs. What a sample
does not show, or shows only together with another part, should stay there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

STIFFNESS = 0.1
"""Weight of the wish for the expected coefficient, in squares of relative error, for a part that is a whole unit."""

OUTLIER = 0.15
"""Relative error beyond which a unit counts by its error, no more by the square: now and then synthesis goes astray."""

ROUNDS = 8

SPLITS = 5
"""Random halves of the units on which errors are found."""

LEAST = 8.0
"""Of units that are smaller than this the relative error is taken as if they were as large."""


@dataclass(frozen=True)
class Errors:
    """Relative errors in per cent over some units."""

    mean: float
    p90: float
    worst: float


def fit(
    features: Sequence[Mapping[str, float]],
    rest: Sequence[float],
    measured: Sequence[float],
    priors: Mapping[str, float],
) -> dict[str, float]:
    """A coefficient for each feature, from counts, what is known to add to them, and what was measured.

    `priors` are the coefficients that are not expected to be one. What is expected to take nothing takes nothing.
    """
    nothing = {name: 0.0 for name in features[0] if priors.get(name, 1.0) == 0}
    names = [name for name in features[0] if name not in nothing]
    counts = np.array([[each[name] for name in names] for each in features], dtype=np.float64)
    target = np.array(measured, dtype=np.float64)
    scale = np.maximum(target, LEAST)
    matrix = counts / scale[:, None]
    wanted = (target - np.array(rest)) / scale
    stiff = STIFFNESS * len(target) * np.maximum(matrix.mean(axis=0), 0.01)
    prior = np.array([priors.get(name, 1.0) for name in names])
    found, weight = prior, np.ones(len(target))
    for _ in range(ROUNDS):
        weighted = matrix * weight[:, None]
        found = _non_negative(matrix.T @ weighted + np.diag(stiff), weighted.T @ wanted + stiff * prior)
        weight = OUTLIER / np.maximum(OUTLIER, np.abs(matrix @ found - wanted))
    fitted = nothing | {name: round(float(c), 4) for name, c in zip(names, found, strict=True)}
    return {name: fitted[name] for name in features[0]}


def held_out(
    features: Sequence[Mapping[str, float]],
    rest: Sequence[float],
    measured: Sequence[float],
    priors: Mapping[str, float],
) -> Errors | None:
    """As `fit`, on random halves of the units: the errors of those in the other halves, all together.

    None for fewer than two units: there is no other half.
    """
    if len(measured) < 2:
        return None
    estimated: list[float] = []
    real: list[float] = []
    for split in range(SPLITS):
        order = random.Random(split).sample(range(len(measured)), len(measured))
        half = (len(order) + 1) // 2
        seen = order[:half]
        found = fit([features[i] for i in seen], [rest[i] for i in seen], [measured[i] for i in seen], priors)
        for unseen in order[half:]:
            estimated.append(rest[unseen] + sum(found[name] * count for name, count in features[unseen].items()))
            real.append(measured[unseen])
    return errors(estimated, real)


def _non_negative(gram: Reals, right: Reals) -> Reals:
    """The x ≥ 0 that minimises x·G·x/2 − r·x: coordinate by coordinate, until nothing moves."""
    x = np.ones(len(right))
    for _ in range(20000):
        before = x.copy()
        for i in range(len(x)):
            x[i] = max(0.0, x[i] + (right[i] - gram[i] @ x) / gram[i, i])
        if np.abs(x - before).max(initial=0.0) < 1e-7:
            break
    return x


def errors(estimated: Sequence[float], measured: Sequence[float]) -> Errors:
    """How far estimates are from what was measured."""
    if not measured:
        return Errors(0.0, 0.0, 0.0)
    real = np.array(measured, dtype=np.float64)
    off = 100 * np.abs(np.array(estimated) - real) / np.maximum(real, LEAST)
    return Errors(*(round(float(v), 2) for v in (off.mean(), np.quantile(off, 0.9), off.max())))
