"""A program that reads an HDF5 file and gives back all that is in it: `python nir_reader.py FILE`.

Damaged bytes can make the HDF5 library end its process, or keep it busy for ever. So this program alone reads such
files, as a process of its own with limits; it needs NumPy and h5py. It writes an .npz to its standard output: `tree`,
which is JSON, and the arrays that it names by number. With exit status 2 it writes a message for the user instead.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

REFUSED = 2
MOST_SECONDS = 60
"""of processor time"""

_MOST_BYTES = 2**31
_MOST_MEMORY = 3 * _MOST_BYTES
_MOST_DEPTH = 8
_MOST_ITEMS = 2**18

Packed = dict[str, "Packed | list[object]"]
"""A group by the names of what it holds: groups, and data sets as ["text", text], ["array", number of the array] or
["texts", shape, list of texts]."""


class RefusedError(Exception):
    """Why a file is not read, for the user: what follows its name in a sentence."""


class _Group(Protocol):
    """What is used of h5py's groups; the package may be missing, also when types are checked."""

    name: str

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, key: str) -> object: ...

    def get(self, name: str, *, getlink: bool) -> object: ...


class _Dataset(Protocol):
    """What is used of h5py's data sets."""

    name: str
    shape: tuple[int, ...] | None
    dtype: np.dtype[np.generic]
    is_virtual: bool
    external: object

    def __getitem__(self, key: tuple[()]) -> object: ...


@dataclass
class _Reader:
    """Reads groups and data sets up to a number of them and of bytes; groups may hold one another in a circle."""

    h5py: ModuleType
    arrays: list[NDArray[np.generic]] = field(default_factory=list[NDArray[np.generic]])
    bytes: int = 0
    items: int = 0

    def group(self, group: _Group, depth: int) -> Packed:
        """All that is in a group."""
        if depth > _MOST_DEPTH:
            raise RefusedError(f"has groups that are nested more than {_MOST_DEPTH} deep")
        tree: Packed = {}
        for key in group:
            self.items += 1
            if self.items > _MOST_ITEMS:
                raise RefusedError(f"holds more than {_MOST_ITEMS} groups and data sets")
            if not isinstance(group.get(key, getlink=True), self.h5py.HardLink):
                raise RefusedError(f"has '{group.name}/{key}', which is a link to somewhere else")
            item = group[key]
            if isinstance(item, self.h5py.Group):
                tree[key] = self.group(cast(_Group, item), depth + 1)
            elif isinstance(item, self.h5py.Dataset):
                tree[key] = self.dataset(cast(_Dataset, item))
        return tree

    def dataset(self, dataset: _Dataset) -> list[object]:
        """A text, texts or an array; what is neither texts nor numbers is an array of no texts."""
        if dataset.is_virtual or dataset.external:
            raise RefusedError(f"has the data of '{dataset.name}' in another file")
        self.bytes += int(np.prod(dataset.shape or (), dtype=object)) * int(dataset.dtype.itemsize)
        if self.bytes > _MOST_BYTES:
            raise RefusedError(f"holds more than {_MOST_BYTES >> 20} MiB of data")
        value = dataset[()]
        if isinstance(value, bytes | str):
            return ["text", _text(value)]
        array = np.asarray(value)
        if not array.dtype.hasobject:
            self.arrays.append(array)
            return ["array", len(self.arrays) - 1]
        items = cast("list[object]", array.reshape(-1).tolist()) if array.dtype.kind == "O" else [None]
        texts = [_text(item) for item in items if isinstance(item, bytes | str)]
        if len(texts) < len(items):
            return ["texts", [0], []]
        return ["texts", list(array.shape), texts]


def _text(value: bytes | str) -> str:
    return value.decode("utf8", "replace") if isinstance(value, bytes) else value


def read(path: Path) -> tuple[Packed, list[NDArray[np.generic]]]:
    """All that is in a file, with the arrays apart; raises `RefusedError`."""
    h5py = importlib.import_module("h5py")
    reader = _Reader(h5py)
    try:
        with h5py.File(path, "r") as file:
            return reader.group(file, 0), reader.arrays
    except RefusedError:
        raise
    except MemoryError:
        raise RefusedError(f"takes more than {_MOST_MEMORY >> 30} GiB of memory to read") from None
    except Exception as error:
        # h5py raises OSError, KeyError, ValueError, RuntimeError ... for what is damaged
        first = next(iter(str(error).splitlines()), "")
        raise RefusedError(f"is not a readable HDF5 file: {first}") from None


def _limit() -> None:
    """Bounds time and memory where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 5))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


def main() -> int:
    """Reads the file that is the only argument."""
    _limit()
    try:
        tree, arrays = read(Path(sys.argv[1]))
    except RefusedError as error:
        sys.stdout.buffer.write(str(error).encode("utf8", "replace"))
        return REFUSED
    packed = {str(number): array for number, array in enumerate(arrays)}
    text = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    np.savez(sys.stdout.buffer, tree=text, **packed)  # pyright: ignore[reportArgumentType]
    return 0


if __name__ == "__main__":
    sys.exit(main())
