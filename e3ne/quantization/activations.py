"""The real value of one level of a neuron's output: pure NumPy, no IR."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from e3ne.quantization.levels import Levels

Method = Literal["mse", "max", "percentile"]
METHODS: tuple[Method, ...] = ("mse", "max", "percentile")

Reals = npt.NDArray[np.floating]

_PERCENTILE = 99.9
_BINS = 4096
_CANDIDATES = 100


def activation_scale(activations: Reals, levels: Levels, method: Method) -> float:
    """Clip / greatest number for the positive part of the activations (before ReLU or after).

    The clip is the maximum, the 99.9th percentile of the positive values, or the one with the least squared error
    after rounding to levels. A layer that is never positive gets clip 1.
    """
    positive = activations[activations > 0].astype(np.float64)
    if positive.size == 0:
        return 1.0 / levels.greatest
    match method:
        case "max":
            clip = float(positive.max())
        case "percentile":
            clip = float(np.percentile(positive, _PERCENTILE))
        case "mse":
            clip = _least_error_clip(positive, levels)
    return clip / levels.greatest


def quantize_activations(activations: Reals, scale: float, levels: Levels) -> Reals:
    """The real values of the numbers: scale * nearest(x / scale)."""
    return (levels.nearest(activations / scale) * scale).astype(activations.dtype)


def _least_error_clip(positive: npt.NDArray[np.float64], levels: Levels) -> float:
    greatest = float(positive.max())
    counts, edges = np.histogram(positive, _BINS, (0.0, greatest))
    centres = (edges[:-1] + edges[1:]) / 2
    clips = greatest * np.linspace(1 / _CANDIDATES, 1.0, _CANDIDATES)
    errors = [
        float((counts * (quantize_activations(centres, clip / levels.greatest, levels) - centres) ** 2).sum())
        for clip in clips
    ]
    return float(clips[int(np.argmin(errors))])
