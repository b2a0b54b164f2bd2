"""Ten thousand MNIST digits that come with e3ne (origin and licence: data/README.md).

The first 8,000 are for training and every decision made on the way; the last 2,000 only measure accuracy.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data" / "mnist10k.npz"
TRAINING_DIGITS = 8_000


@dataclass(frozen=True, eq=False)
class Digits:
    """Images with their labels."""

    images: NDArray[np.float32]
    """(N, 1, 28, 28), 0 (background) to 1, in steps of 1/255."""
    labels: NDArray[np.int64]
    """(N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice) -> "Digits":
        return Digits(self.images[part], self.labels[part])


def load() -> Digits:
    """All 10,000 digits, in the file's order."""
    with np.load(DATA) as arrays:
        images = arrays["x"][:, np.newaxis].astype(np.float32) / np.float32(255)
        return Digits(images, arrays["y"].astype(np.int64))


def train() -> Digits:
    """The 8,000 digits for training."""
    return load()[:TRAINING_DIGITS]


def test() -> Digits:
    """The 2,000 digits that measure accuracy."""
    return load()[TRAINING_DIGITS:]
