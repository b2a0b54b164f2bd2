"""Ten thousand MNIST digits that come with e3ne (origin and licence: data/README.md).

The first 8,000 are for training and every decision made on the way; the last 2,000 only measure accuracy.
"""

from pathlib import Path

import numpy as np

from e3ne.errors import E3neError
from e3ne.models.labelled_images import LabelledImages

DATA = Path(__file__).parent / "data" / "mnist10k.npz"
TRAINING_DIGITS = 8_000
TEST_DIGITS = 2_000
SPLITS = 5
"""How many splits there are whose test digits are disjoint."""


def load() -> LabelledImages:
    """All 10,000 digits, in the file's order."""
    with np.load(DATA) as arrays:
        images = arrays["x"][:, np.newaxis].astype(np.float32) / np.float32(255)
        return LabelledImages(images, arrays["y"].astype(np.int64))


def train() -> LabelledImages:
    """The 8,000 digits for training."""
    return load()[:TRAINING_DIGITS]


def test() -> LabelledImages:
    """The 2,000 digits that measure accuracy."""
    return load()[TRAINING_DIGITS:]


def split(number: int) -> tuple[LabelledImages, LabelledImages]:
    """(8,000 training digits, 2,000 test digits) of split `number`, 0 to 4, for accuracies that are means over splits.

    All digits are shuffled once (the same each time), and each split tests on another fifth of them. No split is that
    of `train` and `test`. Raises `E3neError` for another number.
    """
    if not 0 <= number < SPLITS:
        raise E3neError(f"there are splits 0 to {SPLITS - 1} of the digits, not {number}")
    digits = load()
    order = np.random.default_rng(0).permutation(len(digits))
    tested = slice(number * TEST_DIGITS, (number + 1) * TEST_DIGITS)
    return digits[np.delete(order, tested)], digits[order[tested]]
