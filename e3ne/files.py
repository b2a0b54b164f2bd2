"""Files and folders of results: written whole or not at all, and never in the place of someone else's."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from e3ne.errors import E3neError


def write_whole(path: Path, text: str) -> None:
    """Writes a file completely or not at all; the folder is made. Raises E3neError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise E3neError(f"{path} cannot be written: {error}") from error


def save_figure(path: Path, figure: Any) -> None:
    """Writes a figure of matplotlib's (whose annotations are partial) completely or not at all; raises E3neError."""
    temporary = path.with_name(f".{path.name}")
    try:
        figure.savefig(temporary, format=path.suffix.removeprefix("."), metadata={"Date": None})
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise E3neError(f"{path} cannot be written: {error}") from error


def remove(path: Path) -> None:
    """Takes away a result that is of a former run; raises E3neError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise E3neError(f"{path} cannot be removed: {error}") from error


def read_json(path: Path) -> object:
    """What a JSON file holds; raises E3neError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise E3neError(f"{path}: cannot be read as JSON ({error})") from error


def is_of_schema(found: object, schema: int, keys: Sequence[str]) -> bool:
    """Whether `found` is an object of a schema that has all `keys`."""
    if not isinstance(found, dict):
        return False
    entries = cast("dict[str, object]", found)
    return entries.get("schema") == schema and all(key in entries for key in keys)


def require_own(folder: Path, marker: str, schema: int, keys: Sequence[str], what: str) -> None:
    """Raises E3neError if `folder` holds something and its file `marker` is not of `schema` with all `keys`.

    A name alone proves nothing: the folder may be replaced. `what` says what it should be.
    """
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        own = folder.is_dir() and is_of_schema(read_json(folder / marker), schema, keys)
    except OSError as error:
        raise E3neError(f"{folder} cannot be written: {error.strerror}") from error
    except E3neError:
        own = False
    if not own:
        why = f" (its {marker} is of something else)" if (folder / marker).exists() else ""
        raise E3neError(f"{folder} exists and is not {what} of e3ne's{why}: choose another folder with -o")
