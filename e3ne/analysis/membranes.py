"""Interval analysis of integrate-and-fire neurons: what their membranes can reach in so many time steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Interval = tuple[Integers, Integers]


@dataclass(frozen=True)
class LifRange:
    """The least and the greatest of all that has to be held: membranes, compared or kept, currents and parameters.

    `most` is the greatest number of spikes in a step.
    """

    low: int
    high: int
    most: int


@dataclass
class LifReach:
    """Neurons whose membranes are followed step by step, for each channel, never too narrowly.

    `parameters` are (1,) or (C,) by field of `snn.lif`, the other fields have its names.
    """

    parameters: Mapping[str, Integers]
    reset: str
    timing: str
    several: bool
    decay_bits: int
    gain_bits: int
    _seen: list[Integers] = field(default_factory=list[Integers])

    def range(self, low: int, high: int, frames: int) -> LifRange:
        """What is reached in `frames` steps with drives of `low` ... `high`."""
        channels = max(array.size for array in self.parameters.values())
        none = np.zeros(channels, np.int64)
        current: Interval = none, none
        membrane: Interval = none + self.parameters["initial"], none + self.parameters["initial"]
        come = low << self.gain_bits, high << self.gain_bits
        held = ["threshold", "initial", *(["reset_value"] if self.reset == "value" else [])]
        self._seen = [self.parameters[name] for name in (*held, "least") if name in self.parameters]
        most = 1
        for _ in range(frames):
            before = *membrane, *current
            current = self._current(current, come)
            whole = _added(self._decayed(membrane, "decay"), current)
            self._seen += [*current, *whole]
            if self.several:
                most = max(most, int((whole[1] // self.parameters["threshold"]).max()))
            membrane = self._next(membrane, whole, current)
            self._seen += membrane
            if "least" in self.parameters:
                membrane = _at_least(membrane, self.parameters["least"])
                self._seen += membrane
            if all(np.array_equal(a, b) for a, b in zip(before, (*membrane, *current), strict=True)):
                break
        return LifRange(min(int(each.min()) for each in self._seen), max(int(each.max()) for each in self._seen), most)

    def _current(self, before: Interval, come: tuple[int, int]) -> Interval:
        arriving = np.full_like(before[0], come[0]), np.full_like(before[0], come[1])
        if "synapse_decay" not in self.parameters:
            return arriving
        return _added(self._decayed(before, "synapse_decay"), arriving)

    def _decayed(self, interval: Interval, name: str) -> Interval:
        decay = self.parameters[name]
        return interval[0] * decay >> self.decay_bits, interval[1] * decay >> self.decay_bits

    def _next(self, membrane: Interval, whole: Interval, current: Interval) -> Interval:
        """The next membrane, from the one before, what it comes to without a reset, and the current."""
        theta = self.parameters["threshold"]
        if self.timing == "same_step":
            return self._reset(whole, whole)
        if self.reset == "none":
            return whole
        # Those that fired in the step before, and those that did not.
        fired, silent = _at_least(membrane, theta), _at_most(membrane, theta)
        after_silence = _added(self._decayed(silent, "decay"), current)
        if self.reset == "subtract":
            after_fire = _added(_added(self._decayed(fired, "decay"), current), (-theta, -theta))
        else:
            put = np.broadcast_to(self.parameters["reset_value"], theta.shape)
            after_fire = _added((put, put), (np.minimum(current[0], 0), np.maximum(current[1], 0)))
        compared = _joined(membrane, theta, after_silence, after_fire)
        if self.timing == "next_step":
            return compared
        self._seen += compared
        return self._reset(compared, whole)

    def _reset(self, compared: Interval, whole: Interval) -> Interval:
        """`whole` after the reset of those whose `compared` membrane fires."""
        theta = self.parameters["threshold"]
        if self.reset == "none":
            return whole
        if self.reset == "value":
            put = np.broadcast_to(self.parameters["reset_value"], theta.shape)
            return _joined(compared, theta, _at_most(whole, theta), (put, put))
        if compared is whole:
            # One that does not fire is at most the threshold; of one that fires no less than 0 is left.
            rest = np.zeros_like(whole[1]), whole[1] - theta
            if self.several:
                rest = rest[0], np.broadcast_to(theta, whole[1].shape)
            return _joined(whole, theta, _at_most(whole, theta), (rest[0], np.maximum(*rest)))
        return _joined(compared, theta, whole, (whole[0] - theta, whole[1] - theta))


def _added(one: Interval, other: Interval) -> Interval:
    return one[0] + other[0], one[1] + other[1]


def _at_least(interval: Interval, least: Integers) -> Interval:
    return np.maximum(interval[0], least), np.maximum(interval[1], least)


def _at_most(interval: Interval, most: Integers) -> Interval:
    return np.minimum(interval[0], most), np.minimum(interval[1], most)


def _joined(compared: Interval, theta: Integers, silent: Interval, fired: Interval) -> Interval:
    """Both together, where the compared membrane may be on either side of the threshold, else the one that is."""
    never, always = compared[1] < theta, compared[0] > theta
    low = np.where(never, silent[0], np.where(always, fired[0], np.minimum(silent[0], fired[0])))
    high = np.where(never, silent[1], np.where(always, fired[1], np.maximum(silent[1], fired[1])))
    return low, high
