"""Parameters kept in a `.safetensors` file beside the IR text, loaded and checked while the text is parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import BytesAttr, IntegerType, StringAttr, TensorType, f32
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from e3ne.errors import E3neError
from e3ne.input_file import require_plain

Array = npt.NDArray[np.generic]

MOST_BYTES = 1 << 32
"""Of a file of parameters."""
_DTYPES: dict[str, str] = {"i8": "<i1", "i16": "<i2", "i32": "<i4", "f32": "<f4"}


def tensor_type(array: Array) -> TensorType[Attribute]:
    """The tensor type of an int8, int16, int32 or float32 array; raises `E3neError` for any other element."""
    match array.dtype.kind, array.dtype.itemsize:
        case "i", 1 | 2 | 4:
            return TensorType[Attribute](IntegerType(8 * array.dtype.itemsize), array.shape)
        case "f", 4:
            return TensorType[Attribute](f32, array.shape)
        case _:
            raise E3neError(f"parameters are int8, int16, int32 or float32, not {array.dtype}")


def element_dtype(element: Attribute) -> np.dtype[np.generic] | None:
    """The little-endian NumPy type of an element type, or None where parameters cannot have it."""
    name = _DTYPES.get(str(element))
    return None if name is None else np.dtype(name)


def little_endian_bytes(array: Array) -> bytes:
    """The elements in row-major order, least significant byte first."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def content_hash(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


class _TensorFile(Protocol):
    """What is used of safetensors' reader."""

    def keys(self) -> Sequence[str]: ...

    def get_tensor(self, name: str, /) -> Array: ...


def load_external(folder: Path, file: str, key: str, sha256: str) -> Array:
    """The tensor `key` of `folder/file`.

    Raises `E3neError` when the path leaves the folder, the file or the key does not exist, the element type is not
    one that a parameter can have, or the content has another hash.
    """
    from safetensors import SafetensorError, safe_open

    if PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive or "\\" in file:
        raise E3neError(f"parameter file '{file}' must be a relative path with '/' between folders")
    if ".." in PurePosixPath(file).parts:
        raise E3neError(f"parameter file '{file}' must not leave the folder of the IR text by '..'")
    path = folder / file
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        found = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        # a name that is too long, or has a zero in it; a circle of links
        raise E3neError(f"parameter file '{file[:80]}' cannot be read: {error}") from error
    if not inside:
        raise E3neError(f"parameter file '{file}' leaves the folder of the IR text by a link")
    if not found:
        raise E3neError(f"parameter file '{file}' does not exist in {folder}")
    require_plain(path, f"parameter file '{file}'", MOST_BYTES)
    try:
        with cast(AbstractContextManager[_TensorFile], safe_open(path, framework="numpy")) as tensors:
            if key not in tuple(tensors.keys()):
                raise E3neError(f"parameter file '{file}' has no tensor '{key}'")
            array = np.asarray(tensors.get_tensor(key))
    except (OSError, SafetensorError, TypeError, KeyError, AttributeError) as error:
        raise E3neError(f"tensor '{key}' of parameter file '{file}' cannot be read: {error}") from error
    try:
        tensor_type(array)
    except E3neError as error:
        raise E3neError(f"tensor '{key}' of parameter file '{file}': {error}") from error
    found = content_hash(little_endian_bytes(array))
    if found != sha256.lower():
        raise E3neError(
            f"tensor '{key}' of parameter file '{file}' is not the one this text was written with: "
            f"its SHA-256 is {found}, not {sha256}"
        )
    return array


@irdl_attr_definition
class ExternalAttr(ParametrizedAttribute):
    """`#snn.external<"file.safetensors", "key", "sha256">`: a tensor in a file beside the IR text.

    The file is read when the text is parsed, relative to the folder of the text (the current folder for text that
    comes from no file); from then on the attribute holds the content and the file is not needed.
    """

    name = "snn.external"

    file: StringAttr
    key: StringAttr
    sha256: StringAttr
    type: TensorType[Attribute]
    """shape and element type as found in the file; not printed"""
    content: BytesAttr
    """the elements, row-major, little-endian; not printed"""

    @staticmethod
    def from_array(file: str, key: str, array: Array) -> ExternalAttr:
        """Refers to an array that is, or is about to be, in `file` under `key`."""
        content = little_endian_bytes(array)
        return ExternalAttr(
            StringAttr(file),
            StringAttr(key),
            StringAttr(content_hash(content)),
            tensor_type(array),
            BytesAttr(content),
        )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<"file", "key", "sha256">` and loads the tensor; a `ParseError` says what is wrong with the file."""
        start = parser.pos
        texts = parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parser.parse_str_literal)
        if len(texts) != 3:
            parser.raise_error('expected <"file", "key", "sha256">', start, parser.pos)
        source = Path(parser.lexer.input.name)
        folder = source.parent if source.is_file() else Path()
        try:
            array = load_external(folder, *texts)
        except E3neError as error:
            parser.raise_error(str(error), start, parser.pos)
        content = little_endian_bytes(array)
        return (*(StringAttr(text) for text in texts), tensor_type(array), BytesAttr(content))

    def print_parameters(self, printer: Printer) -> None:
        """Prints the reference, not the content."""
        with printer.in_angle_brackets():
            printer.print_list((self.file, self.key, self.sha256), printer.print_attribute)
