"""Parameters as the libraries store them, float32 and of any shape, to the numbers that were meant."""

from __future__ import annotations

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Reals

_TOLERANCE = 2.0**-21
"""a few float32 roundings, which is what files and modules lose"""
_DYADIC_BITS = 10
_DECIMALS = 4


def snapped(values: Reals, magnitude: float = 0.0) -> Reals:
    """Each number replaced by the dyadic or short decimal that it is a float32 rounding of, others unchanged.

    1 − dt/tau of float32 fields gives 0.8999999762 for 0.9; with that, membranes that should meet the threshold
    exactly miss it. Simpler numbers are tried first: k/2^10, then four decimals. The tolerance is relative to the
    number, or to `magnitude` if that is more: 1 for a decay, which is the difference of numbers of about 1.
    """
    result = np.array(values, np.float64)
    tolerance = np.maximum(np.abs(result), magnitude) * _TOLERANCE
    finite = np.isfinite(result)
    done = ~finite
    for scale in (2.0**_DYADIC_BITS, 10.0**_DECIMALS):
        # the quotient of two integers is the float64 next to the decimal, which k·1e-4 is not
        nearest = np.round(np.where(finite, result, 0.0) * scale) / scale
        fits = ~done & (np.abs(nearest - result) <= tolerance)
        result = np.where(fits, nearest, result)
        done |= fits
    return result


def per_channel(values: Reals, shape: tuple[int, ...]) -> Reals:
    """A parameter for neurons of `shape`, (C, H, W) or (N,), as (1,) or (C,).

    It may have any shape that broadcasts to the neurons', with leading dimensions of one. Raises `E3neError`, without
    a name, if it does not fit or is not the same for all neurons of a channel.
    """
    trimmed = values
    while trimmed.ndim > len(shape) and trimmed.shape[0] == 1:
        trimmed = trimmed[0]
    try:
        full = np.broadcast_to(trimmed, shape)
    except ValueError:
        raise E3neError(f"has shape {values.shape}, which does not fit neurons of {shape}") from None
    if trimmed.size == 1:
        return np.array(trimmed.reshape(1), np.float64)
    channels = full.reshape(shape[0], -1)
    if (channels != channels[:, :1]).any():
        raise E3neError("varies within a channel; one value for each channel is supported")
    first = channels[:, 0]
    return np.array(first[:1] if (first == first[0]).all() else first, np.float64)
