"""Neurons for tests: what a test does not name is that of a leaky neuron that resets by subtraction."""

from __future__ import annotations

import numpy as np

from e3ne.frontends.spiking.description import Neuron


def neuron_of(channels: int = 1, **fields: object) -> Neuron:
    """A neuron with these fields; a float stands for that number in all channels."""
    numbers = {"threshold": 1.0, "decay": 0.875, "gain": 1.0, "reset_value": 0.0, "initial": 0.0}
    rules = {"fires": "gt", "reset": "subtract", "timing": "same_step"}
    made = {k: np.full(channels, v) if isinstance(v, float) else v for k, v in (rules | numbers | fields).items()}
    return Neuron(**made)  # pyright: ignore[reportArgumentType]
