"""Images, spikes and events."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from tests.hostile.case import Arguments, accepted, add, compile_, refused
from tests.hostile.mlir_cases import NETWORK, write

GOOD = np.full((4, 1, 2, 2), 0.5, np.float32)


class Evil:
    """Makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("PWNED",)


def npy(header: object, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """A file with any header."""
    text = header if isinstance(header, bytes) else repr(header).encode()
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text + content


def header(shape: object = (4, 1, 2, 2), descr: object = "<f4", order: object = False) -> dict[str, object]:
    """What an .npy says of its array."""
    return {"descr": descr, "fortran_order": order, "shape": shape}


def saved(array: np.ndarray) -> bytes:
    """An .npy of an array."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(entries: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of any files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def _given(name: str, content: bytes, folder: Path) -> Arguments:
    (folder / name).write_bytes(content)
    return compile_(write(folder, NETWORK), "--data", folder / name)


def _bad(name: str, content: bytes, *says: str, file: str = "d.npy") -> None:
    add(f"arrays/{name}", partial(_given, file, content), "--data", file, *says)


def _bad_npz(name: str, *says: str, **arrays: np.ndarray) -> None:
    _bad(name, npz({f"{key}.npy": saved(array) for key, array in arrays.items()}), *says, file="d.npz")


add("arrays/as_it_is", partial(_given, "d.npy", saved(GOOD)), accepted=True)
add("arrays/fortran_order", partial(_given, "d.npy", saved(np.asfortranarray(GOOD))), accepted=True)
add("arrays/big_endian", partial(_given, "d.npy", saved(GOOD.astype(">f4"))), accepted=True)
add("arrays/doubles", partial(_given, "d.npy", saved(GOOD.astype(float))), accepted=True)
_bad("empty", b"")
_bad("text", b"1 2 3\n")
_bad("truncated", saved(GOOD)[:-1])
_bad("a_magic_alone", b"\x93NUMPY")
_bad("version_99", npy(header(), b"\0" * 64, (99, 0)))
_bad("a_header_of_4_gib", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}")
_bad("a_header_of_a_megabyte", npy(b"{" + b" " * (1 << 20) + b"}", b"", (2, 0)))
_bad("a_header_that_is_nested", npy(b"(" * 9_000))
_bad("a_header_that_is_code", npy(b"__import__('os').mkdir('PWNED')"))
_bad("a_shape_of_a_terabyte", npy(header((1 << 38, 1, 1, 1))), "274,877,906,944 numbers")
_bad("a_shape_of_2_to_the_64", npy(header((1 << 64, 1, 1, 1))))
_bad("a_shape_of_2_to_the_400", npy(header((1 << 200, 1 << 200, 1, 1))))
_bad("a_shape_below_zero", npy(header((-1, 1, 2, 2)), b"\0" * 64))
_bad("a_shape_below_zero_twice", npy(header((-4, -1, 2, 2)), b"\0" * 64))
_bad("a_shape_of_words", npy(header("four")))
_bad("a_shape_of_fractions", npy(header((4.0, 1, 2, 2))))
_bad("33_dimensions", npy(header((1,) * 100), b"\0" * 4))
_bad("records_of_a_gigabyte", npy(header((4,), "V1000000000")))
_bad("texts_of_a_gigabyte", npy(header((4,), "<U250000000")))
_bad("pickled", saved(np.array([Evil()], object)))
_bad("pickled_within_a_record", npy(header((1,), [("x", "|O")]), b"\x80\x04."))
_bad("complex_numbers", saved(GOOD.astype(complex)), "complex128")
_bad("texts", saved(np.full((4, 1, 2, 2), "a")), "<U1")
_bad("dates", saved(np.zeros((4, 1, 2, 2), "M8[s]")), "datetime64")
_bad("records", saved(np.zeros(4, [("t", "i8")])), "x has shape (4,)")
_bad("of_no_dimension", saved(np.array(1.0)), "x has shape ()")
_bad("no_images", saved(GOOD[:0]), "x has shape (0, 1, 2, 2)")
_bad("no_rows", saved(GOOD[:, :, :0]), "x has shape (4, 1, 0, 2)")
_bad("not_a_number", saved(GOOD * np.nan), "x has values outside 0 to 1")
_bad("infinite", saved(GOOD * np.inf), "x has values outside 0 to 1")
_bad("below_zero", saved(-GOOD), "x has values outside 0 to 1")
_bad("a_zip_without_entries", npz({}), file="d.npz")
_bad("a_zip_of_something_else", npz({"x": b"hello"}), file="d.npz")
_bad("a_zip_of_no_arrays", npz({"x.npy": b"hello"}), file="d.npz")
_bad("a_zip_with_upward_paths", npz({"../../x.npy": saved(GOOD)}), file="d.npz")
_bad("a_zip_that_is_cut", npz({"x.npy": saved(GOOD)})[:-30], file="d.npz")
_bad("a_zip_whose_sum_is_wrong", npz({"x.npy": saved(GOOD)}).replace(saved(GOOD), saved(GOOD * 0.25)), file="d.npz")
_bad("a_zip_of_pickles", npz({"x.npy": saved(np.array([Evil()], object))}), file="d.npz")
_bad_npz("labels_too_few", "y must hold 4 integers", x=GOOD, y=np.zeros(3, int))
_bad_npz("labels_of_fractions", "y must hold 4 integers", x=GOOD, y=np.zeros(4))
_bad_npz("labels_of_two_dimensions", "y must hold 4 integers", x=GOOD, y=np.zeros((4, 1), int))
_bad_npz("labels_pickled", x=GOOD, y=np.array([Evil()] * 4, object))


@refused("arrays", "d.npz", "8,589,934,592 numbers")
def a_zip_bomb(folder: Path) -> Arguments:
    content = npy(header((1 << 33,), "|u1"))
    with zipfile.ZipFile(folder / "d.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as entry:
        entry.write(content)
        for _ in range(64):
            entry.write(bytes(1 << 20))
    return compile_(write(folder, NETWORK), "--data", folder / "d.npz")


@refused("arrays", "d.npy", "at most")
def a_sparse_file_of_a_terabyte(folder: Path) -> Arguments:
    with (folder / "d.npy").open("wb") as file:
        file.write(npy(header((1 << 38, 1, 1, 1))))
        file.truncate(1 << 40)
    return compile_(write(folder, NETWORK), "--data", folder / "d.npy")


@refused("arrays", "--data", "pipe")
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / "d.npy")
    return compile_(write(folder, NETWORK), "--data", folder / "d.npy")


@refused("arrays", "--data", "/dev/zero")
def a_device(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK), "--data", "/dev/zero")


@refused("arrays", "--data", "folder")
def a_folder(folder: Path) -> Arguments:
    return compile_(write(folder, NETWORK), "--data", folder)


@refused("arrays", "--test-data", "d.npy")
def test_data_that_are_pickled(folder: Path) -> Arguments:
    (folder / "d.npy").write_bytes(saved(np.array([Evil()], object)))
    return compile_(write(folder, NETWORK), "--test-data", folder / "d.npy")


@accepted("arrays")
def labels_of_no_class(folder: Path) -> Arguments:
    y = np.array([-1, 1 << 62, 0, 99], np.int64)
    return _given("d.npz", npz({"x.npy": saved(GOOD), "y.npy": saved(y)}), folder)


# Address events.

TIMES = np.arange(8)
EVENTS = np.stack([TIMES, TIMES * 0, TIMES % 2, TIMES % 2], axis=1)
SHAPE = np.array([1, 2, 2])


def _events(arrays: Mapping[str, np.ndarray], options: tuple[str, ...], folder: Path) -> Arguments:
    (folder / "d.npz").write_bytes(npz({f"{key}.npy": saved(array) for key, array in arrays.items()}))
    return compile_(write(folder, NETWORK), "--data", folder / "d.npz", *options)


def _bad_events(name: str, *says: str, steps: int = 4, width: int = 2, **arrays: np.ndarray) -> None:
    everything = {"events": EVENTS, "shape": SHAPE, **arrays}
    options = ("--time-steps", str(steps), "--bin-width", str(width))
    add(f"arrays/events_{name}", partial(_events, everything, options), *says)


_bad_events("for_a_network_of_images", "network 'net' takes images")
_bad_events("without_a_shape_that_is_one", "shape must hold three", shape=np.array([1, 2]))
_bad_events("shape_of_zero", "shape must hold three", shape=np.array([1, 0, 2]))
_bad_events("shape_of_2_to_the_40", "numbers; at most", shape=np.array([1, 1 << 40, 1 << 40]), events=EVENTS)
_bad_events(
    "shape_that_overflows", "numbers; at most", shape=np.array([1 << 32, 1 << 31, 2], np.int64), events=EVENTS[:1]
)
_bad_events("outside_the_shape", "y outside 0 to 1", events=EVENTS + np.array([0, 0, 5, 0]))
_bad_events("below_zero", "x outside 0 to 1", events=EVENTS - np.array([0, 0, 0, 5]))
_bad_events("of_fractions", "events is float64", events=EVENTS.astype(float))
_bad_events("of_three_columns", "of shape (8, 3)", events=EVENTS[:, :3])
_bad_events("without_times", "t (or timestamp) is needed", events=np.zeros(8, [("x", "i8")]))
_bad_events("counts_that_do_not_add_up", "counts adds up to 9", counts=np.array([4, 5]))
_bad_events("counts_below_zero", "counts must hold", counts=np.array([-1, 9]))
_bad_events(
    "counts_that_overflow",
    "counts adds up to at least 9,223,372,036,854,775,808",
    counts=np.array([1 << 63, 1 << 63, 8], np.uint64),
)
_bad_events(
    "times_at_the_limits",
    "further apart than 63 bits",
    events=np.array([[-(1 << 63), 0, 0, 0], [(1 << 63) - 1, 0, 0, 0]]),
)
_bad_events("of_great_numbers", "at most 9223372036854775807", events=np.full((2, 4), (1 << 64) - 1, np.uint64))
