"""Images to calibrate, train and measure with."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.array_file import MOST_BYTES, read_arrays
from e3ne.errors import E3neError
from e3ne.event_data import MOST_SPIKES, NO_BINNING, Binning, bin_events
from e3ne.input_file import require_plain

RANDOM_DENSITY = 0.3
MOST_RANDOM = 1 << 26
"""Numbers of all random images together."""
_ARRAYS = ("x", "y", "events", "counts", "shape")
"""What a file may hold; others in it are left alone."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """`images` (N, C, H, W) float32 in 0 … 1, `labels` (N,) if known, `origin` for the report.

    Or numbers of spikes in each of T time steps, (N, T, C, H, W).
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    origin: str

    @property
    def size(self) -> int:
        """How many images there are."""
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        channels, height, width = self.images.shape[-3:]
        return channels, height, width

    @property
    def time_steps(self) -> int:
        """T of spikes, 0 of images."""
        return self.images.shape[1] if self.images.ndim == 5 else 0

    def first(self, count: int) -> Dataset:
        """The first `count` images."""
        return Dataset(self.images[:count], None if self.labels is None else self.labels[:count], self.origin)

    def save(self, path: Path) -> None:
        """Writes an .npz with x (and y)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"x": self.images} if self.labels is None else {"x": self.images, "y": self.labels}
        np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]


def read(path: Path, option: str = "--data", binning: Binning = NO_BINNING) -> Dataset:
    """Reads .npy, or .npz with `x` and optional `y`; bytes count as 0 … 255. An .npz with address `events` instead of x
    becomes spikes by `binning`. Raises E3neError that names `option`.
    """
    try:
        require_plain(path, "it", MOST_BYTES)
        archive = read_arrays(path, _ARRAYS)
        if not archive.keys() & {"x", "events"}:
            raise KeyError("x")
    except E3neError as error:
        raise E3neError(f"{option} {path}: {error}") from error
    except FileNotFoundError as error:
        raise E3neError(f"{option}: there is no file {path}") from error
    except Exception as error:  # NumPy raises many kinds for a file that is not one of its own
        raise E3neError(f"{option}: {path} is not an .npy file, or an .npz file with an array x ({error})") from error
    what = f"{option} {path}"
    if "events" not in archive:
        if binning.is_asked:
            raise E3neError(f"{what}: --bin-width is for address events, but there are none in the file")
        return checked(archive["x"], archive.get("y"), what, path.name)
    labels = archive.get("y")
    try:
        spikes, described = bin_events(archive, binning)
    except E3neError as error:
        raise E3neError(f"{what}: {error}") from error
    if problems := _label_problems(labels, len(spikes)):
        raise E3neError(f"{what}: {'; '.join(problems)}")
    return Dataset(spikes, None if labels is None else labels.astype(np.int64), f"{path.name}, {described}")


def checked(data: NDArray[np.generic], labels: NDArray[np.generic] | None, what: str, origin: str = "") -> Dataset:
    """A dataset from arrays; raises E3neError that starts with `what` and names all that is wrong."""
    problems: list[str] = []
    if data.ndim in (3, 5) and 0 not in data.shape and (data.ndim == 5 or _is_whole(data)):
        return _checked_spikes(data, labels, what, origin)
    if data.ndim != 4 or 0 in data.shape:
        problems.append(f"x has shape {data.shape}; images are N×C×H×W, spikes N×T×C×H×W or N×T×F")
    if data.dtype.kind not in "fu" or (data.dtype.kind == "u" and data.dtype != np.uint8):
        problems.append(f"x holds {data.dtype}; floats in 0 to 1 or bytes are supported")
    elif data.dtype.kind == "f" and data.size and not (np.isfinite(data).all() and 0 <= data.min() <= data.max() <= 1):
        problems.append("x has values outside 0 to 1")
    problems += _label_problems(labels, len(data) if data.ndim else 0)
    if problems:
        raise E3neError(f"{what}: {'; '.join(problems)}")
    images = data.astype(np.float32) / (255 if data.dtype == np.uint8 else 1)
    return Dataset(images.astype(np.float32), None if labels is None else labels.astype(np.int64), origin or what)


def _checked_spikes(data: NDArray[np.generic], labels: NDArray[np.generic] | None, what: str, origin: str) -> Dataset:
    problems = _label_problems(labels, len(data))
    if data.dtype.kind not in "fuib":
        problems.append(f"x holds {data.dtype}; spikes are whole numbers")
    elif not _is_whole(data):
        problems.append(f"x has numbers of spikes that are not whole numbers of 0 to {MOST_SPIKES}")
    if problems:
        raise E3neError(f"{what}: {'; '.join(problems)}")
    spikes = data.astype(np.float32).reshape(*data.shape[:3], *(data.shape[3:] or (1, 1)))
    return Dataset(spikes, None if labels is None else labels.astype(np.int64), origin or what)


def _is_whole(data: NDArray[np.generic]) -> bool:
    numbers = data.astype(np.float64) if data.dtype.kind in "fuib" else np.full(1, -1.0)
    return bool((numbers == np.clip(np.rint(numbers), 0, MOST_SPIKES)).all())


def _label_problems(labels: NDArray[np.generic] | None, count: int) -> list[str]:
    wrong = labels is not None and (labels.shape != (count,) or labels.dtype.kind not in "iu")
    return [f"y must hold {count} integers"] if wrong else []


def random_spikes(shape: tuple[int, int, int], time_steps: int, count: int = 64) -> Dataset:
    """Random spikes, always the same; the report says that they are random."""
    count = _bounded(count, time_steps, *shape)
    spikes = np.random.default_rng(0).random((count, time_steps, *shape)) < RANDOM_DENSITY
    return Dataset(spikes.astype(np.float32), None, "random spikes")


def random(shape: tuple[int, int, int], count: int = 256) -> Dataset:
    """Random images, always the same; the report says that they are random."""
    images = np.random.default_rng(0).random((_bounded(count, *shape), *shape), dtype=np.float32)
    return Dataset(images, None, "random images")


def _bounded(count: int, *sizes: int) -> int:
    """Fewer random images where they are large."""
    return max(1, min(count, MOST_RANDOM // prod(sizes)))


def reference(name: str, *, training: bool) -> Dataset:
    """The images that a reference network was trained on, or those it is tested on."""
    from e3ne.models import mnist

    del name  # both networks are for the same digits
    digits = mnist.train() if training else mnist.test()
    return Dataset(digits.images, digits.labels, "MNIST, " + ("training digits" if training else "test digits"))
