"""Files of arrays that would fill the memory are refused by what their headers say."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from e3ne import array_file, dataset
from e3ne.errors import E3neError


def header(shape: tuple[int, ...], kind: str = "|u1") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_what_a_header_says(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.npz", x=header((1500, 1, 1024, 1024)))
    with pytest.raises(E3neError, match=r"--data .*x\.npz: an array has 1,572,864,000 numbers"):
        dataset.read(path)
    path = tmp_path / "x.npy"
    path.write_bytes(header((1 << 40, 1, 1 << 40, 1)))
    with pytest.raises(E3neError, match="an array has 1,208,925,819,614,629,174,706,176 numbers"):
        dataset.read(path)


def test_what_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member may unpack to more than its header says; others than those that are read do not count."""
    monkeypatch.setattr(array_file, "MOST_BYTES", 1 << 20)
    small = io.BytesIO()
    np.save(small, np.zeros((2, 1, 3, 3), np.uint8))
    path = archive(tmp_path / "x.npz", x=small.getvalue() + bytes(1 << 20))
    with pytest.raises(E3neError, match=r"all together 1,048,\d+ bytes; at most"):
        dataset.read(path)
    path = archive(tmp_path / "x.npz", x=small.getvalue(), other=bytes(1 << 21))
    assert dataset.read(path).size == 2


def test_a_member_that_is_no_array(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x", "text")
    with pytest.raises(E3neError, match=r"is not an \.npy file"):
        dataset.read(path)
