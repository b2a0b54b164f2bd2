"""Files that a user names are read if they are plain files of a sensible size: no pipes, devices or folders."""

from __future__ import annotations

import stat
from pathlib import Path

from e3ne.errors import E3neError


def require_plain(path: Path, what: str, most_bytes: int) -> None:
    """Raises E3neError, which begins with `what`, for all but a file of `most_bytes` at most, or nothing at all.

    A file that is not there, or that must not be read, is left to whoever opens it.
    """
    try:
        status = path.stat()
    except (PermissionError, FileNotFoundError):
        return
    except OSError as error:
        # a circle of links, a name that is too long
        raise E3neError(f"{what} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
        raise E3neError(f"{what} is {kind}, not a file")
    if status.st_size > most_bytes:
        raise E3neError(f"{what} has {status.st_size:,} bytes; at most {most_bytes:,} are read")
