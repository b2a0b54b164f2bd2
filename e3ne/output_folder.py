"""The folder OUT: made beside its place, then put there in one step, so that it is whole or not there."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from e3ne.design import MARKER, REPORT_KEYS, SCHEMA
from e3ne.errors import E3neError
from e3ne.files import require_own

FORGOTTEN_SECONDS = 60
"""Age of a temporary folder that nobody holds any more, after which it is removed."""

_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""


def require_replaceable(out: Path) -> None:
    """Raises E3neError if `out` holds something that is not an output of e3ne's."""
    if out.absolute() == Path.cwd():
        raise E3neError(f"{out} is the current folder: choose another folder with -o")
    require_own(out, MARKER, SCHEMA, REPORT_KEYS, "an output")


@contextmanager
def replacing(out: Path) -> Generator[Path]:
    """A temporary folder beside `out` that takes its place when the block ends well, and vanishes when it does not.

    Linux exchanges the two in one step: whenever the process ends, `out` is the former or the new one, whole. What an
    ended process left, `.OUT-e3ne-*`, goes when `out` is written again. Other systems, and file systems that cannot
    exchange, move the former one away first, and back if the new one cannot take its place.
    """
    require_replaceable(out)
    try:
        # a link stays one
        place = out.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        forget_leftovers(place)
        folder = Path(tempfile.mkdtemp(prefix=_prefix(place), dir=place.parent))
    except OSError as error:
        raise E3neError(f"{out} cannot be written: {error}") from error
    try:
        with _held(folder):
            yield folder
            folder.chmod(0o755)
            _take_place(folder, place)
    except OSError as error:
        raise E3neError(f"{out} cannot be written: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_leftovers(out: Path) -> None:
    """Removes temporary folders of `out` whose process has ended."""
    ours = re.compile(re.escape(_prefix(out)) + r"\w{8}")
    for path in out.parent.iterdir():
        if not ours.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
            continue
        if time.time() - path.stat().st_mtime < FORGOTTEN_SECONDS:
            # its process may be about to hold it
            continue
        with _held(path, wait=False) as free:
            if free:
                shutil.rmtree(path, ignore_errors=True)


def _prefix(out: Path) -> str:
    return f".{out.name}-e3ne-"


@contextmanager
def _held(folder: Path, *, wait: bool = True) -> Generator[bool]:
    """Whether this process alone has the folder, while the block runs; the end of a process lets go."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(descriptor)


def _take_place(folder: Path, out: Path) -> None:
    if not out.exists():
        folder.rename(out)
        return
    with locked(out):
        if not _exchange(folder, out):
            _move_away(folder, out)


def _exchange(one: Path, other: Path) -> bool:
    """Gives each of two folders the name of the other, in one step; False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here = ctypes.c_int(-100)
    return rename(here, os.fsencode(one.absolute()), here, os.fsencode(other.absolute()), ctypes.c_uint(_EXCHANGE)) == 0


def _move_away(folder: Path, out: Path) -> None:
    """Puts `folder` in the place of `out`, which stays as it was if that fails."""
    with tempfile.TemporaryDirectory(prefix=_prefix(out), dir=out.parent) as retired:
        former = out.rename(Path(retired) / "former")
        try:
            folder.rename(out)
        except OSError:
            former.rename(out)
            raise


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Keeps other commands of e3ne from changing files of an output while the block changes some."""
    with _held(folder):
        yield
