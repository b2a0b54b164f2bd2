"""Files of parameters beside a text."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from functools import partial
from pathlib import Path

import numpy as np

from tests.hostile.case import Arguments, accepted, add, compile_, refused
from tests.hostile.mlir_cases import INTEGERS, write

WEIGHTS = np.array([[0, 1, -4, 3], [-3, 2, 0, 3]], np.int8)
HASH = hashlib.sha256(WEIGHTS.tobytes()).hexdigest()
FILE = "p.safetensors"


def text(file: str = FILE, key: str = "w", digest: str = HASH) -> str:
    """The network with its weights in a file."""
    inline = INTEGERS[INTEGERS.index("dense<") : INTEGERS.index("\n  snn.network")]
    return INTEGERS.replace(inline, f'#snn.external<"{file}", "{key}", "{digest}">')


def tensors(header: object, content: bytes = WEIGHTS.tobytes(), length: int | None = None) -> bytes:
    """A file with any header."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head) if length is None else length) + head + content


def entry(begin: int = 0, end: int = 8, dtype: str = "I8", shape: object = (2, 4)) -> dict[str, object]:
    """What the header says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def _compiled(content: bytes, folder: Path) -> Arguments:
    (folder / FILE).write_bytes(content)
    return compile_(write(folder, text()))


def _damaged(name: str, content: bytes, *says: str) -> None:
    add(f"safetensors/{name}", partial(_compiled, content), FILE, *says)


add("safetensors/as_it_is", partial(_compiled, tensors({"w": entry()})), accepted=True)
_damaged("empty", b"")
_damaged("no_header", b"\0" * 8)
_damaged("truncated", tensors({"w": entry()})[:-3])
_damaged("longer_than_it_says", tensors({"w": entry()}) + b"x" * 100)
_damaged("a_header_of_2_to_the_60", tensors({"w": entry()}, length=1 << 60))
_damaged("a_header_of_2_to_the_64", tensors({"w": entry()}, length=(1 << 64) - 1))
_damaged("a_header_that_is_no_json", tensors(b"{" * 100))
_damaged("a_header_that_is_nested", tensors(b"[" * 100_000))
_damaged("a_header_that_is_a_list", tensors([]))
_damaged("a_header_that_is_no_text", tensors(b"\xff\xfe{}"))
_damaged("offsets_that_overlap", tensors({"w": entry(), "v": entry(4, 12)}))
_damaged("offsets_backwards", tensors({"w": entry(8, 0)}))
_damaged("offsets_outside", tensors({"w": entry(0, 1 << 40)}))
_damaged("offsets_below_zero", tensors({"w": entry(-8, 0)}))
_damaged("offsets_of_2_to_the_63", tensors({"w": entry((1 << 63) - 4, (1 << 63) + 4)}))
_damaged("a_shape_of_2_to_the_63", tensors({"w": entry(shape=[1 << 63, 1 << 63])}))
_damaged("a_shape_below_zero", tensors({"w": entry(shape=[-2, -4])}))
_damaged("a_shape_of_words", tensors({"w": entry(shape="2x4")}))
_damaged("a_shape_of_no_elements", tensors({"w": entry(0, 0, shape=[0, 4])}, b""), "w")
_damaged("another_shape", tensors({"w": entry(shape=[4, 2])}), "tensor<4x2xi8>")
_damaged("another_type", tensors({"w": entry(dtype="U8")}))
_damaged("half_floats", tensors({"w": entry(dtype="F16", shape=[2, 2])}))
_damaged("brain_floats", tensors({"w": entry(dtype="BF16", shape=[2, 2])}))
_damaged("an_unknown_type", tensors({"w": entry(dtype="PICKLE")}))
_damaged("other_numbers", tensors({"w": entry()}, b"\1" * 8), "SHA-256")
_damaged(
    "a_name_twice",
    tensors(b'{"w":' + json.dumps(entry()).encode() + b',"w":' + json.dumps(entry(0, 4)).encode() + b"}"),
)
_damaged("another_name", tensors({"v": entry()}), "no tensor 'w'")


def _referring(file: str, folder: Path) -> Arguments:
    (folder / FILE).write_bytes(tensors({"w": entry()}))
    (folder.parent / "tmp" / FILE).write_bytes(tensors({"w": entry()}))
    return compile_(write(folder, text(file)))


for _name, _file in {
    "above": f"../tmp/{FILE}",
    "absolute": f"/tmp/{FILE}",
    "below_and_above": f"x/../../tmp/{FILE}",
    "of_windows": f"C:\\\\{FILE}",
    "a_folder": ".",
    "nowhere": "nowhere.safetensors",
    "nothing": "",
    "of_10000_characters": "x" * 10_000,
    "of_zeros": "a\\00b",
    "a_device": "/dev/zero",
    "of_this_process": "/proc/self/mem",
}.items():
    add(f"safetensors/file_{_name}", partial(_referring, _file), "parameter file", "model.mlir")


@refused("safetensors", FILE, "leaves the folder")
def a_link_that_leaves_the_folder(folder: Path) -> Arguments:
    (folder.parent / "tmp" / "secret").write_bytes(tensors({"w": entry()}))
    (folder / FILE).symlink_to("../tmp/secret")
    return compile_(write(folder, text()))


@refused("safetensors", "x/p.safetensors", "leaves the folder")
def a_folder_that_is_a_link(folder: Path) -> Arguments:
    (folder.parent / "tmp" / FILE).write_bytes(tensors({"w": entry()}))
    (folder / "x").symlink_to("../tmp")
    return compile_(write(folder, text(f"x/{FILE}")))


@refused("safetensors", FILE)
def a_link_to_a_device(folder: Path) -> Arguments:
    (folder / FILE).symlink_to("/dev/zero")
    return compile_(write(folder, text()))


@refused("safetensors", FILE)
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / FILE)
    return compile_(write(folder, text()))


@refused("safetensors", "model.mlir")
def too_few_texts(folder: Path) -> Arguments:
    return compile_(write(folder, text().replace(f', "{HASH}"', "")))


@refused("safetensors", "SHA-256")
def a_hash_that_is_none(folder: Path) -> Arguments:
    (folder / FILE).write_bytes(tensors({"w": entry()}))
    return compile_(write(folder, text(digest="x" * 10_000)))


@accepted("safetensors")
def a_hash_in_capitals(folder: Path) -> Arguments:
    (folder / FILE).write_bytes(tensors({"w": entry()}))
    return compile_(write(folder, text(digest=HASH.upper())))
