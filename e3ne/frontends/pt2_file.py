"""A .pt2 file: what of it may be read, before PyTorch reads it. It imports PyTorch: import it inside functions.

torch.export.load unpickles some members without restriction, loads compiled libraries, evaluates the text of symbolic
sizes and makes Python text of names. What a model that is compiled here has no use for is refused first; PyTorch then
gets a copy of what was looked at, so that there is one reading of the archive.
"""

from __future__ import annotations

import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from torch.export import ExportedProgram

from e3ne.errors import E3neError
from e3ne.input_file import require_plain

MOST_BYTES = 1 << 30
"""Of all members of an archive, unpacked; a member that is an archive itself has the same limit."""
MOST_MEMBERS = 100_000

_FORMATS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+|(models|extra)/.+|data/(weights|constants|sample_inputs)/.+"
    r"|serialized_(exported_program|state_dict|constants|example_inputs)\.(json|pt)|extra_files/.+"
)
_PICKLE = re.compile(r".+\.pt")
_PROGRAM = re.compile(r"models/.+|serialized_exported_program\.json")
_CONFIG = re.compile(r"data/(weights|constants)/.+_config\.json")
_SIZE = re.compile(r"(?:[su]\d+|Max|Min|Mod|PythonMod|FloorDiv|CeilDiv|\d+|[-+*/(),<>=\s])*")
"""A symbolic size: sizes, numbers and what is computed of them, no other names."""
_NAME = re.compile(r"[\w.:$@ -]*")
_TARGET = re.compile(
    r"torch\.ops\.(aten|prims|higher_order|quantized_decomposed)\.[\w.]+|(_operator|math)\.\w+|torch\.sym_\w+"
)
"""What a graph may call: PyTorch looks up any other name that begins with torch, as torch.os.system."""
_TEXTS = {
    "expr_str": (_SIZE, "a size"),
    "name": (_NAME, "a name"),
    "as_name": (_NAME, "a name"),
    "target": (_TARGET, "an operator of PyTorch"),
}
_CONTAINERS = ("builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")
_TENSORS = re.compile(r"(tensor|weight)_\d+")
"""Files of tensors; other constants are objects of a class."""


def load_program(file: Path) -> ExportedProgram:
    """The program in a file of torch.export.save; nothing in the file is executed. Raises E3neError."""
    if not file.exists():
        raise E3neError(f"model file '{file}' does not exist")
    require_plain(file, f"model file '{file}'", MOST_BYTES)
    try:
        with warnings.catch_warnings():
            # PyTorch warns of pickles that are then refused
            warnings.simplefilter("ignore")
            members = _members(file)
            _check(members)
            members = {name: _without_code(name, content) for name, content in members.items()}
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
            for name, content in members.items():
                archive.writestr(f"{file.stem}/{name}" if "archive_format" in members else name, content)
        copy.seek(0)
        with _only_weights():
            return torch.export.load(copy)
    except Exception as error:
        # PyTorch raises many kinds here: zip, pickle, schema version ...
        first = next(iter(str(error).splitlines()), "")
        text = first if isinstance(error, E3neError) else f"{type(error).__name__}: {first}"
        raise E3neError(f"model file '{file}' is not a program saved by torch.export.save: {text}") from error


def _members(file: Path) -> Mapping[str, bytes]:
    """What the archive holds, by name without its first folder; all of it is looked at before any is unpacked."""
    with zipfile.ZipFile(file) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_sizes(infos)
        names = [info.filename for info in infos]
        tops = {name.partition("/")[0] for name in names}
        inside = len(tops) == 1 and all("/" in name for name in names)
        found = [name.partition("/")[2] if inside else name for name in names]
        if len(set(found)) < len(found):
            raise E3neError("it has several members of one name")
        return {name: archive.read(info) for name, info in zip(found, infos, strict=True)}


def _check_sizes(infos: list[zipfile.ZipInfo]) -> None:
    size = sum(info.file_size for info in infos)
    if size > MOST_BYTES or len(infos) > MOST_MEMBERS:
        raise E3neError(
            f"it has {len(infos):,} members of {size:,} bytes; at most {MOST_MEMBERS:,} of {MOST_BYTES:,} are supported"
        )


def _check(members: Mapping[str, bytes]) -> None:
    pickled: set[str] = {name for name in members if _PICKLE.fullmatch(name)}
    for name, content in members.items():
        if not _FORMATS.fullmatch(name):
            raise E3neError(f"its member '{name}' is not of an exported program")
        if _PROGRAM.fullmatch(name):
            _check_texts(name, json.loads(content))
        elif _CONFIG.fullmatch(name):
            pickled |= _pickled(name, json.loads(content))
    for name in pickled & members.keys():
        if content := members[name]:
            _check_pickle(name, content)


def _without_code(name: str, content: bytes) -> bytes:
    """The program without its guards, which PyTorch evaluates as Python and nobody here needs."""
    if not _PROGRAM.fullmatch(name):
        return content
    program = json.loads(content)
    if not isinstance(program, dict):
        raise E3neError(f"its member '{name}' is not a program")
    return json.dumps({**cast("dict[str, object]", program), "guards_code": []}).encode()


def _pickled(config: str, found: object) -> set[str]:
    """The members that a configuration of weights or constants calls pickles."""
    folder, paths = config.rpartition("/")[0], set[str]()
    for entry in cast("dict[str, dict[str, dict[str, object]]]", found)["config"].values():
        path = str(entry["path_name"])
        if not _TENSORS.fullmatch(path):
            raise E3neError(f"its constant '{path}' is an object; tensors are supported")
        if entry.get("use_pickle"):
            paths.add(f"{folder}/{path}")
    return paths


def _check_pickle(name: str, content: bytes) -> None:
    """Refuses a pickle that holds anything but tensors and plain containers of them."""
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check_sizes(archive.infolist())
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error) if isinstance(error, E3neError) else "it is damaged, or would execute code"
        raise E3neError(f"its member '{name}' holds more than tensors ({reason})") from error


def _check_texts(name: str, value: object) -> None:
    """Refuses names and sizes of which PyTorch would make other Python text than that of a name or a size."""
    pending: list[tuple[str, object]] = [("", value)]
    while pending:
        key, each = pending.pop()
        if isinstance(each, dict):
            pending.extend(cast("dict[str, object]", each).items())
        elif isinstance(each, list):
            pending.extend((key, inner) for inner in cast("list[object]", each))
        elif isinstance(each, str):
            legal, wanted = _TEXTS.get(key, (None, ""))
            if legal is not None and (not legal.fullmatch(each) or "**" in each):
                raise E3neError(f"its member '{name}' has {each[:40]!r} where {wanted} is expected")
            if key in ("in_spec", "out_spec") and each:
                _check_tree(name, json.loads(each))


def _check_tree(name: str, tree: object) -> None:
    """Refuses containers of arguments for which PyTorch would import what the file names."""
    pending = [tree]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            fields = cast("dict[str, object]", each)
            kind = fields.get("type")
            if kind is not None and kind not in _CONTAINERS:
                raise E3neError(f"its member '{name}' has arguments in a {str(kind)[:40]!r}; tensors are supported")
            pending.extend(fields.values())
        elif isinstance(each, list):
            pending.extend(cast("list[object]", each))


@contextmanager
def _only_weights() -> Generator[None]:
    """PyTorch falls back to pickles that execute code unless the environment forbids it."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
