"""Interval analysis of integrate-and-fire neurons: what their membranes can reach in so many time steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LifRange:
    """The least and the greatest of all that has to be held: membranes before and after resets, and currents.

    `most` is the greatest number of spikes in a step.
    """

    low: int
    high: int
    most: int


def lif_range(
    parameters: Mapping[str, Integers],
    rules: tuple[str, str, bool],
    bits: tuple[int, int],
    drive: tuple[int, int],
    frames: int,
) -> LifRange:
    """What neurons reach whose drives are within `drive`.

    `parameters` are (1,) or (C,) by field of `snn.lif`; `rules` are reset, timing, several; `bits` decay and gain bits.
    Never too narrow: bounds are followed step by step, for each channel.
    """
    reset, timing, several = rules
    decay_bits, gain_bits = bits
    theta, decay, put = parameters["threshold"], parameters["decay"], parameters["reset_value"]
    low = high = np.zeros(max(p.size for p in parameters.values()), np.int64) + parameters["initial"]
    least, greatest, most = int(low.min()), int(high.max()), 1
    come_low = come_high = np.zeros_like(low)
    for _ in range(frames):
        before = low, high, come_low, come_high
        come = drive[0] << gain_bits, drive[1] << gain_bits
        if "synapse_decay" in parameters:
            alpha = parameters["synapse_decay"]
            come_low, come_high = (
                (come_low * alpha >> decay_bits) + come[0],
                (come_high * alpha >> decay_bits) + come[1],
            )
        else:
            come_low, come_high = (np.full_like(low, each) for each in come)
        whole_low, whole_high = (low * decay >> decay_bits) + come_low, (high * decay >> decay_bits) + come_high
        extremes = [whole_low, whole_high, come_low, come_high]
        low, high = whole_low, whole_high
        if reset == "subtract":
            # A membrane that does not fire is at most the threshold, one that fires loses it.
            fires = whole_high >= theta
            if timing == "same_step":
                high = np.where(
                    fires,
                    np.minimum(whole_high, theta)
                    if several
                    else np.maximum(np.minimum(whole_high, theta), whole_high - theta),
                    whole_high,
                )
                low = np.where(fires, np.minimum(whole_low, 0), whole_low)
                most = max(most, int((whole_high // np.maximum(theta, 1)).max())) if several else 1
            else:
                low = whole_low - np.maximum(theta, 0)
                fired_before = before[1] >= theta
                settled = (np.minimum(before[1], theta) * decay >> decay_bits) + come_high
                high = np.where(fired_before, np.maximum(settled, whole_high - theta), whole_high)
                if timing == "compared":
                    high = np.where(
                        fires, np.maximum(np.minimum(whole_high, 2 * theta), whole_high - theta), whole_high
                    )
        elif reset == "value":
            after = put + come_high if timing == "next_step" else put
            low, high = np.minimum(low, put + np.minimum(come_low, 0)), np.maximum(high, np.maximum(after, put))
            if timing == "same_step":
                high = np.where(whole_high >= theta, np.maximum(np.minimum(whole_high, theta), put), whole_high)
        if "least" in parameters:
            low, high = np.maximum(low, parameters["least"]), np.maximum(high, parameters["least"])
        extremes += [low, high]
        least = min(least, *(int(each.min()) for each in extremes))
        greatest = max(greatest, *(int(each.max()) for each in extremes))
        if all(np.array_equal(a, b) for a, b in zip(before, (low, high, come_low, come_high), strict=True)):
            break
    return LifRange(least, max(greatest, int(np.max(theta))), most)
