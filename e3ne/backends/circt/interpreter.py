"""Finds a Python that can import CIRCT, whose wheels are for CPython 3.13 and 3.14 only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from e3ne.errors import E3neError

VARIABLE = "E3NE_CIRCT_PYTHON"
NAMES = ("python3.13", "python3.14")
VERSION = "1.162.0"
"""The release of CIRCT that all checks were made with; later ones are taken, too."""
SET_UP = (
    f"no Python with CIRCT found: python3.13 -m venv FOLDER && FOLDER/bin/pip install circt=={VERSION}, "
    f"then --circt-python FOLDER/bin/python or {VARIABLE}"
)
"""What a user without CIRCT is told."""
_PROBE = "import circt, importlib.metadata as m; circt.register_dialects; print(m.version('circt'))"
_SECONDS = 120


@dataclass(frozen=True)
class Interpreter:
    """A Python that imports CIRCT, of this version."""

    path: Path
    version: str


def find_interpreter(given: Path | None = None) -> Interpreter | None:
    """The Python that is `given`, or the environment's, or this one, or one on the path; None if none has CIRCT.

    Raises E3neError if one that the user has named cannot import CIRCT.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        found = _probe(named)
        if found is None:
            where = "--circt-python" if given else VARIABLE
            raise E3neError(f"{where} is {named}, which is no Python that can import circt {VERSION} or later")
        return found
    on_path = (shutil.which(name) for name in NAMES)
    candidates = [Path(sys.executable), *(Path(path) for path in on_path if path is not None)]
    return next((found for found in map(_probe, candidates) if found is not None), None)


def _probe(path: Path) -> Interpreter | None:
    try:
        run = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = run.stdout.strip()
    if run.returncode or not re.fullmatch(r"\d+(\.\d+)*", version) or _numbers(version) < _numbers(VERSION):
        return None
    return Interpreter(path, version)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
