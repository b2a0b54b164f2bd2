import gzip
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.models.idx import read_idx

SHAPE = (3, 2, 5)
HEADER = bytes([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 5])
ELEMENTS = bytes(range(226, 256))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "images.gz"
    path.write_bytes(gzip.compress(content))
    return path


def test_elements_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = read_idx(written(tmp_path, HEADER + ELEMENTS), SHAPE)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.arange(226, 256).reshape(SHAPE))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no IDX file"),
        (HEADER[:9], "is no IDX file"),
        (b"\x01" + HEADER[1:] + ELEMENTS, "is no IDX file"),
        (HEADER[:2] + b"\x0d" + HEADER[3:] + ELEMENTS, "elements have type 13; unsigned bytes \\(8\\) are supported"),
        (HEADER[:3] + b"\x01" + HEADER[4:] + ELEMENTS, "has 1 dimensions, not 3"),
        (HEADER[:7] + b"\x04" + HEADER[8:] + ELEMENTS, r"has shape \(4, 2, 5\), not \(3, 2, 5\)"),
        (HEADER, "is cut off: its header promises 30 bytes"),
        (HEADER + ELEMENTS[:-1], "is cut off: its header promises 30 bytes"),
        (HEADER + ELEMENTS + b"\x00", "goes on behind its last element: its header promises 30 bytes"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(E3neError, match=message) as caught:
        read_idx(written(tmp_path, content), SHAPE)
    assert "images.gz" in str(caught.value)


def test_a_header_that_promises_much_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER[:4] + b"\xff" * 12 + bytes(10_000_000))
    with pytest.raises(E3neError, match=r"has shape \(4294967295, 4294967295, 4294967295\)"):
        read_idx(path, SHAPE)


@pytest.mark.parametrize("damage", ["not gzip", "gzip cut off", "gzip damaged"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = written(tmp_path, HEADER + ELEMENTS)
    packed = bytearray(path.read_bytes())
    match damage:
        case "not gzip":
            packed[:] = HEADER + ELEMENTS
        case "gzip cut off":
            del packed[20:]
        case _:
            packed[14] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(E3neError, match=r"images\.gz cannot be read as gzip"):
        read_idx(path, SHAPE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(E3neError, match=r"there is no file .*none\.gz"):
        read_idx(tmp_path / "none.gz", SHAPE)
