"""Runs of the real command that are killed, interrupted, starved of disk, or next to one another."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.mlir_cases import NETWORK, write

SECONDS = 300


@dataclass
class Place:
    """A folder with the model, OUT, a cache and temporary files of its own."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("in", "place", "tmp", "cache"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        write(self.folder / "in", NETWORK)

    @property
    def out(self) -> Path:
        """Where the command writes."""
        return self.folder / "place" / "out"

    def start(self, *arguments: str | Path, limit: int | None = None) -> subprocess.Popen[str]:
        """Starts `e3ne`; files of more than `limit` bytes cannot be written."""

        def limited() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if limit is not None:
                # Python ignores SIGXFSZ: a write beyond the limit is an OSError, as on a full disk.
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        environment = {**os.environ, "TMPDIR": str(self.folder / "tmp"), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return subprocess.Popen(
            [sys.executable, "-m", "e3ne.cli", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, **self.extra},
            preexec_fn=limited,
            start_new_session=True,
        )

    def compile(self, steps: int = 4, out: Path | None = None, limit: int | None = None) -> subprocess.Popen[str]:
        """Starts a compilation whose result depends on `steps`."""
        arguments = ("compile", self.folder / "in" / "model.mlir", "--steps", str(steps), "-o", out or self.out)
        return self.start(*arguments, limit=limit)


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the message of a run."""
    _, message = process.communicate(timeout=SECONDS)
    return process.returncode, message


def digest(folder: Path) -> str:
    """Of all files by name and content, but for the times that a report tells."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("report."):
            whole.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def end_at(process: subprocess.Popen[str], delay: float, number: signal.Signals) -> None:
    """Sends a signal to a run and what it has started, unless it ends before."""
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, number)


def moments(count: int, longest: float, seed: int = 0) -> list[float]:
    """Random moments of a run that takes `longest` seconds, half of them in its last tenth, where it writes."""
    rng = random.Random(seed)
    early = [rng.uniform(0, longest) for _ in range(count // 2)]
    return early + [rng.uniform(0.9 * longest, 1.02 * longest) for _ in range(count - count // 2)]


def duration(place: Path) -> float:
    """Seconds that a compilation takes here and now."""
    start = time.perf_counter()
    status, message = finished(Place(place).compile())
    assert status == 0, message
    return time.perf_counter() - start
