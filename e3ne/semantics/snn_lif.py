"""The integrate-and-fire neuron on batches: pure NumPy, integers and real numbers alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class LifRules:
    """The rules of `snn.lif`; without decay_bits and gain_bits (None) numbers are real."""

    fires: str
    reset: str
    timing: str
    several: bool
    loses_input: bool
    decay_bits: int | None
    gain_bits: int | None

    def run(
        self, drives: Numbers, parameters: Mapping[str, Numbers], recurrence: tuple[Numbers, Numbers] | None = None
    ) -> npt.NDArray[np.uint16]:
        """Drives (N, T, C, ...) → spikes of the same shape; `parameters` are (C,) or (1,), by field.

        `recurrence` are weights (C, C) and biases (C,): what the spikes of the step before add to drives (N, T, C).
        """
        shape = (1, -1) + (1,) * (drives.ndim - 3)
        p = {name: array.reshape(shape) for name, array in parameters.items()}
        like = drives[:, 0]
        membrane = np.broadcast_to(p["initial"], like.shape).astype(like.dtype)
        current = np.zeros_like(like)
        spikes = np.zeros(drives.shape, np.uint16)
        for step in range(drives.shape[1]):
            x = drives[:, step]
            if recurrence is not None:
                weights, bias = recurrence
                x = x + bias + (spikes[:, step - 1].astype(weights.dtype) @ weights.T if step else 0)
            arriving = x * p["gain"] if self.gain_bits is None else x << self.gain_bits
            if "synapse_decay" in p:
                arriving = current = self._decayed(current, p["synapse_decay"]) + arriving
            spikes[:, step], membrane = self._step(membrane, arriving, p)
            if "least" in p:
                membrane = np.maximum(membrane, p["least"])
        return spikes

    def _decayed(self, values: Numbers, decay: Numbers) -> Numbers:
        product = values * decay
        return product if self.decay_bits is None else product >> self.decay_bits

    def _fires(self, membrane: Numbers, theta: Numbers) -> Numbers:
        if self.several:
            return np.where(membrane >= theta, membrane // theta, 0)
        fired = membrane > theta if self.fires == "gt" else membrane >= theta
        return fired.astype(membrane.dtype)

    def _step(self, membrane: Numbers, arriving: Numbers, p: Mapping[str, Numbers]) -> tuple[Numbers, Numbers]:
        """Spikes, and the next membrane."""
        theta, decayed = p["threshold"], self._decayed(membrane, p["decay"])
        whole = decayed + arriving
        if self.timing == "same_step":
            spikes = self._fires(whole, theta)
            if self.reset == "subtract":
                return spikes, whole - spikes * theta
            if self.reset == "value":
                return spikes, np.where(spikes > 0, p["reset_value"], whole)
            return spikes, whole
        before = self._fires(membrane, theta)
        if self.reset == "value":
            kept = np.zeros_like(arriving) if self.loses_input else arriving
            after = np.where(before > 0, p["reset_value"] + kept, whole)
        else:
            after = whole - before * theta if self.reset == "subtract" else whole
        spikes = self._fires(after, theta)
        return spikes, whole - spikes * theta if self.timing == "compared" else after
