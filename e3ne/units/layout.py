"""The arrangement of a stream's content in beats, as plain numbers.

Values of a stream are arrays (images, beats, elements per beat). `spread` brings them into the form in which a unit's
arithmetic is obvious, (images, pixels, repeat, channels, steps), and `gather` back. NumPy alone: the cycle-model
backend prints this module into the stand-alone model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.integer]
"""Digits are uint8 arrays, values int64: whole images of windows are long, so narrow elements matter."""


@dataclass(frozen=True)
class Layout:
    """A stream's sizes: see the stream type for what each means; negative `bits` are signed values."""

    height: int
    width: int
    channels: int
    steps: int
    bits: int
    lanes: int
    parallel: int
    repeat: int
    outer: bool
    frames: int = 1

    @property
    def pixels(self) -> int:
        """Pixels of an image, those of all frames."""
        return self.frames * self.height * self.width

    @property
    def chunks(self) -> int:
        """Beats that one time step of a pixel takes."""
        return self.channels // self.lanes

    @property
    def step_beats(self) -> int:
        """Beats that the time steps of one chunk take."""
        return self.steps // self.parallel

    @property
    def pixel_beats(self) -> int:
        """Beats of a pixel without repetition."""
        return self.chunks * self.step_beats

    @property
    def beats(self) -> int:
        """Beats of an image."""
        return self.pixels * self.repeat * self.pixel_beats

    @property
    def elements(self) -> int:
        """Elements of a beat."""
        return self.lanes * self.parallel

    def spread(self, beats: Values) -> Values:
        """(images, beats, elements) → (images, pixels, repeat, channels, steps)."""
        images = beats.shape[0]
        loops = (self.step_beats, self.chunks) if self.outer else (self.chunks, self.step_beats)
        data = beats.reshape(images, self.pixels, self.repeat, *loops, self.parallel, self.lanes)
        # To (…, chunk, lane, step beat, parallel step).
        order = (0, 1, 2, 4, 6, 3, 5) if self.outer else (0, 1, 2, 3, 6, 4, 5)
        return data.transpose(order).reshape(images, self.pixels, self.repeat, self.channels, self.steps)

    def gather(self, content: Values) -> Values:
        """(images, pixels, repeat, channels, steps) → (images, beats, elements)."""
        images = content.shape[0]
        split = (images, self.pixels, self.repeat, self.chunks, self.lanes, self.step_beats, self.parallel)
        order = (0, 1, 2, 5, 3, 6, 4) if self.outer else (0, 1, 2, 3, 5, 6, 4)
        return content.reshape(split).transpose(order).reshape(images, self.beats, self.elements)


def codes_of(digits: Values) -> Values:
    """Radix codes of trains along the last axis, most significant digit first."""
    codes: Values = digits[..., 0].astype(np.uint8 if digits.shape[-1] <= 8 else np.int64)
    for step in range(1, digits.shape[-1]):
        codes = 2 * codes + digits[..., step]
    return codes


def digits_of(codes: Values, steps: int) -> Values:
    """Trains of `steps` digits, most significant first, in a new last axis."""
    shifts = np.arange(steps - 1, -1, -1, dtype=np.int64)
    return ((codes[..., None] >> shifts) & 1).astype(np.uint8)
