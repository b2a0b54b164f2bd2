"""The IDX format of MNIST and of sets made like it: big-endian header, then the elements; as files of gzip.

Header: two zero bytes, the type of an element (8: unsigned byte), the number of dimensions, each dimension as 32 bits
(Y. LeCun, C. Cortes, C. Burges, The MNIST Database of Handwritten Digits).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError

UNSIGNED_BYTE = 8


def read_idx(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The bytes of a gzipped IDX file, which must have exactly this shape.

    No more is unpacked than that takes. Raises `E3neError` that names the file: it is missing, no gzip, of another
    type or shape, cut off, or goes on behind its last element.
    """
    header = struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)
    size = math.prod(shape)
    try:
        with gzip.open(path) as file:
            found = file.read(len(header))
            # one byte more tells whether the file goes on
            content = file.read(size + 1) if found == header else b""
    except FileNotFoundError as error:
        raise E3neError(f"there is no file {path}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise E3neError(f"{path} cannot be read as gzip: {error}") from error
    if found != header:
        raise E3neError(f"{path}: {_header_problem(found, shape)}")
    if len(content) != size:
        difference = "is cut off" if len(content) < size else "goes on behind its last element"
        raise E3neError(f"{path} {difference}: its header promises {size:,} bytes")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _header_problem(header: bytes, shape: tuple[int, ...]) -> str:
    if len(header) < 4 + 4 * len(shape) or header[:2] != b"\0\0":
        return "it is no IDX file, which begins with two zero bytes, a type and a number of dimensions"
    kind, dimensions = header[2:4]
    if kind != UNSIGNED_BYTE:
        return f"its elements have type {kind}; unsigned bytes ({UNSIGNED_BYTE}) are supported"
    if dimensions != len(shape):
        return f"it has {dimensions} dimensions, not {len(shape)}"
    return f"it has shape {struct.unpack(f'>{dimensions}I', header[4:])}, not {shape}"
