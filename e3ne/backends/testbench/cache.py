"""A folder of built things that several processes may share: each entry appears whole or not at all."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

KEPT_SIMULATORS = 64
LEFTOVER_SECONDS = 24 * 3600


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/e3ne`, or `~/.cache/e3ne`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "e3ne"


def content_key(parts: Iterable[str | bytes]) -> str:
    """A name for a list of contents: equal lists have equal names."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()[:32]


def cached_folder(kind: str, key: str, fill: Callable[[Path], None]) -> Path:
    """The cache's folder `kind/key`; if it is not there, `fill` makes its content in a temporary one, then renamed.

    Two processes may fill the same entry at once: the first to finish wins. Nothing is left behind when `fill` raises.
    """
    entry = cache_root() / kind / key
    if entry.is_dir():
        with contextlib.suppress(OSError):  # a cache that is only read, or whose oldest entries are being removed
            os.utime(entry)
        return entry
    entry.parent.mkdir(parents=True, exist_ok=True)
    _forget_leftovers(entry.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=".tmp", dir=entry.parent))
    try:
        fill(temporary)
        temporary.rename(entry)
    except OSError:
        if not entry.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return entry


def _forget_leftovers(folder: Path) -> None:
    """Removes what processes that were killed have left half made."""
    for path in folder.glob("*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def forget_oldest(kind: str, kept: int = KEPT_SIMULATORS) -> None:
    """Remove all but the `kept` entries of a kind that were used last."""
    folder = cache_root() / kind
    entries: list[tuple[float, Path]] = []
    for entry in folder.iterdir():
        try:
            entries.append((entry.stat().st_mtime, entry))
        except FileNotFoundError:  # another process was faster
            continue
    complete = [entry for _, entry in sorted(entries, reverse=True) if entry.suffix != ".tmp"]
    for entry in complete[kept:]:
        shutil.rmtree(entry, ignore_errors=True)
