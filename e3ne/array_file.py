"""Files of NumPy arrays, and how large what they hold is: known before any of it is unpacked."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from e3ne.errors import E3neError

MOST_NUMBERS = 1 << 28
"""In an array."""
MOST_BYTES = 8 * MOST_NUMBERS
"""Of all arrays that are read."""


def read_arrays(path: Path, names: Collection[str]) -> dict[str, NDArray[np.generic]]:
    """Those arrays of an .npz that have one of `names`; the one of an .npy is `x`.

    Raises E3neError for arrays that are too large; for what is no such file, whatever NumPy raises.
    """
    with path.open("rb") as file:
        is_archive = zipfile.is_zipfile(file)
        file.seek(0)
        _check_archive(file, names) if is_archive else _check_sizes([_numbers_and_bytes(file)])
        file.seek(0)
        loaded = np.load(file, allow_pickle=False)
        found = {name: loaded[name] for name in names if name in loaded} if is_archive else {"x": loaded}
    if not all(isinstance(array, np.ndarray) for array in found.values()):
        raise ValueError("it holds something else than arrays")
    return found


def _check_archive(file: IO[bytes], names: Collection[str]) -> None:
    with zipfile.ZipFile(file) as archive:
        sizes: list[tuple[int, int]] = []
        for info in archive.infolist():
            if info.filename.removesuffix(".npy") not in names:
                continue
            with archive.open(info) as member:
                numbers, size = _numbers_and_bytes(member)
            sizes.append((numbers, max(size, info.file_size)))
    _check_sizes(sizes)


def _numbers_and_bytes(file: IO[bytes]) -> tuple[int, int]:
    """What the header of an array says that there is behind it."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    numbers = math.prod(shape)
    return numbers, numbers * dtype.itemsize


def _check_sizes(sizes: list[tuple[int, int]]) -> None:
    most, total = max((numbers for numbers, _ in sizes), default=0), sum(size for _, size in sizes)
    if most > MOST_NUMBERS or total > MOST_BYTES:
        raise E3neError(
            f"an array has {most:,} numbers, all together {total:,} bytes; at most {MOST_NUMBERS:,} and {MOST_BYTES:,} "
            "are supported: give fewer samples"
        )
