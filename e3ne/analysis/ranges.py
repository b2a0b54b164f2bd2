"""Interval analysis: the membranes that any input can reach, from the actual weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


def synapse_range(
    weights: Array, greatest_input: int, bias: Array | None = None, least_input: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The least and the greatest membrane of each output channel.

    `weights` has the output channel first; every input value is within `least_input` ... `greatest_input`; `bias` (per
    output channel) is added. Padding is value 0 and so within the range. Exact for one neuron without padding, since
    inputs are independent.
    """
    flat = np.asarray(weights, np.int64).reshape(weights.shape[0], -1)
    negative, positive = np.minimum(flat, 0).sum(axis=1), np.maximum(flat, 0).sum(axis=1)
    low = negative * greatest_input + positive * least_input
    high = positive * greatest_input + negative * least_input
    if bias is None:
        return low, high
    offset = np.asarray(bias, np.int64)
    return low + offset, high + offset


def drive_range(low: int, high: int, recurrence: tuple[Array, Array] | None, greatest: int) -> tuple[int, int]:
    """The least and the greatest drive of any neuron whose inputs give `low` ... `high`.

    `recurrence` are weights (C, C) of spikes, up to `greatest` each, and biases (C,), which add to it.
    """
    if recurrence is None:
        return low, high
    least, most = synapse_range(recurrence[0], greatest, recurrence[1])
    return low + int(least.min()), high + int(most.max())
