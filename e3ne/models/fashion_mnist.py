"""Fashion-MNIST: 70,000 images of clothes in ten classes, in the form of MNIST (Xiao, Rasul, Vollgraf, 2017).

They are not part of e3ne: Debian and Ubuntu have them as the package `dataset-fashion-mnist` (MIT licence).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from e3ne.errors import E3neError
from e3ne.models.idx import read_idx
from e3ne.models.labelled_images import LabelledImages

FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the package puts its files."""
VARIABLE = "E3NE_FASHION_MNIST"
"""The environment variable that names another folder."""
TRAINING_IMAGES = 60_000
TEST_IMAGES = 10_000
CLASSES = 10
SIDE = 28


def train() -> LabelledImages:
    """The 60,000 images for training; raises `E3neError` that says how to get them."""
    return _read("train", TRAINING_IMAGES)


def test() -> LabelledImages:
    """The 10,000 images that measure accuracy; raises `E3neError` that says how to get them."""
    return _read("t10k", TEST_IMAGES)


def _read(part: str, count: int) -> LabelledImages:
    folder = Path(os.environ.get(VARIABLE) or FOLDER)
    paths = [folder / f"{part}-images-idx3-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz"]
    if missing := [path.name for path in paths if not path.exists()]:
        raise E3neError(
            f"Fashion-MNIST: {folder} has no {' and no '.join(missing)}; "
            f"apt-get install dataset-fashion-mnist, or set {VARIABLE} to the folder that has its four files"
        )
    images, labels = read_idx(paths[0], (count, SIDE, SIDE)), read_idx(paths[1], (count,))
    if labels.max() >= CLASSES:
        raise E3neError(f"{paths[1]}: labels are 0 to {CLASSES - 1}, but there is a {labels.max()}")
    return LabelledImages(images[:, np.newaxis].astype(np.float32) / np.float32(255), labels.astype(np.int64))
