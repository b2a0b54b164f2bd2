"""What must hold for runs that do not end well, one function a check; each gives its row."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from e3ne.output_folder import forget_leftovers
from e3ne.verification.table import Row
from tests.interrupted.runs import Place, digest, duration, end_at, finished, moments

Problems = list[str]


def killed(folder: Path, count: int, number: signal.Signals = signal.SIGKILL) -> Row:
    """Compilations that end at random moments: OUT is the former or the new one, whole."""
    place = Place(folder / "one")
    digests: set[str] = set()
    for steps in (3, 4):
        status, message = finished(place.compile(steps))
        assert status == 0, message
        digests.add(digest(place.out))
    longest = duration(folder / "timing")
    problems: Problems = []
    ended = 0
    for moment, delay in enumerate(moments(count, longest)):
        process = place.compile(3 + moment % 2)
        end_at(process, delay, number)
        status, message = finished(process)
        ended += status != 0
        if digest(place.out) not in digests:
            problems.append(f"ended after {delay:.2f} s: OUT is neither the former nor the new one")
        if number == signal.SIGINT:
            problems += _of_interruption(status, message, delay, place)
    beside = [path for path in place.out.parent.iterdir() if path != place.out]
    problems += [f"{path.name} would be taken for an output" for path in beside if not path.name.startswith(".out-")]
    for path in beside:
        os.utime(path, (0, 0))
    forget_leftovers(place.out)
    problems += [f"{path.name} stays for ever" for path in place.out.parent.iterdir() if path != place.out]
    name = {signal.SIGKILL: "killed", signal.SIGINT: "interrupted"}[number]
    note = f"{ended} before their end, {len(beside)} left a folder that the next run removes"
    return _row(f"compilations {name} at random moments", count, problems, note)


def _of_interruption(status: int, message: str, delay: float, place: Place) -> Problems:
    # before the first line of ours Python itself answers
    if "e3ne/cli.py" not in message and "Traceback" in message and delay < 1:
        return []
    # Python ends itself by the signal where the interrupt came in text that it was executing, as dataclasses do: for
    # a shell that is 130, too.
    told = status in (130, -signal.SIGINT)
    found = [] if status == 0 or told else [f"interrupted after {delay:.2f} s: status {status}"]
    if told and message != "e3ne: interrupted\n":
        found.append(f"interrupted after {delay:.2f} s: {message[-300:]!r}")
    left = [path.name for path in place.out.parent.iterdir() if path != place.out]
    return found + [f"interrupted after {delay:.2f} s: {name} is left" for name in left]


def concurrent(folder: Path) -> Row:
    """Two compilations and checks into two OUTs, with one cache that is empty at first."""
    place = Place(folder)
    outs = [place.folder / "place" / name for name in ("first", "second")]
    problems: Problems = []
    for process in [place.compile(3 + number, out) for number, out in enumerate(outs)]:
        status, message = finished(process)
        problems += [message] if status else []
    for process in [place.start("check", out, "--count", "2") for out in outs]:
        status, message = finished(process)
        problems += [f"check: status {status}: {message}"] if status else []
    problems += [f"the cache holds {path.name}" for path in (folder / "cache").rglob("*.tmp")]
    return _row("checks side by side with an empty cache", 2, problems)


def same_out(folder: Path) -> Row:
    """Compilations into one OUT at once: it is that of one of them."""
    place = Place(folder)
    digests: set[str] = set()
    for steps in (3, 4):
        status, message = finished(place.compile(steps))
        assert status == 0, message
        digests.add(digest(place.out))
    problems: Problems = []
    for process in [place.compile(3 + number % 2) for number in range(3)]:
        status, message = finished(process)
        problems += [f"status {status}: {message}"] if status else []
    problems += [] if digest(place.out) in digests else ["OUT is a mixture"]
    problems += [f"{path.name} is left" for path in place.out.parent.iterdir() if path != place.out]
    return _row("compilations into one OUT at once", 3, problems)


def full_disk(folder: Path) -> Row:
    """OUT and temporary files on a disk of some sizes; files that cannot grow where no disk can be mounted."""
    problems: Problems = []
    sizes = (32, 96, 160) if _can_mount(folder / "probe") else ()
    for size in sizes:
        place = Place(folder / f"disk{size}")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", place.folder / "place"], check=True)
        try:
            problems += _refusal(place, f"a disk of {size} KiB", None)
        finally:
            subprocess.run(["umount", place.folder / "place"], check=True)
    limits = (1, 2_000, 20_000)
    for limit in limits:
        problems += _refusal(Place(folder / f"limit{limit}"), f"files of {limit} bytes at most", limit)
    return _row("full disks", len(sizes) + len(limits), problems, f"{len(sizes)} on a disk of its own")


def _refusal(place: Place, what: str, limit: int | None) -> Problems:
    status, message = finished(place.compile(limit=limit))
    found = [] if status == 2 else [f"{what}: status {status}"]
    if len(message.splitlines()) != 1 or not message.startswith("e3ne: "):
        found.append(f"{what}: {message[-400:]!r}")
    left = [path.name for path in place.out.parent.iterdir()]
    return found + [f"{what}: {name} is left" for name in left]


def _can_mount(folder: Path) -> bool:
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    return done.returncode == 0


def missing_tools(folder: Path) -> Row:
    """`check` where there is no compiler, or where CXX is none."""
    cases = {
        "an empty PATH": ({"PATH": str(folder / "nowhere")}, "C++ compiler not found"),
        "CXX of nothing": ({"CXX": "nowhere-c++"}, "'nowhere-c++'"),
        "CXX of blanks": ({"CXX": "  "}, "CXX"),
        "CXX with an open quote": ({"CXX": "g++ 'x"}, "CXX"),
        "CXX that fails": ({"CXX": "false"}, "C++ compiler"),
    }
    place = Place(folder / "one")
    status, message = finished(place.compile())
    assert status == 0, message
    before = digest(place.out)
    problems: Problems = []
    for what, (environment, says) in cases.items():
        run = Place(place.folder, environment)
        status, message = finished(run.start("check", place.out, "--count", "1"))
        if status != 2 or not message.startswith("e3ne: ") or says not in message or "Traceback" in message:
            problems.append(f"{what}: status {status}: {message[-300:]!r}")
        if digest(place.out) != before:
            problems.append(f"{what}: OUT has changed")
    return _row("checks without a compiler", len(cases), problems)


def _row(what: str, count: int, problems: Problems, note: str = "") -> Row:
    for problem in problems:
        print(f"{what}: {problem}", flush=True)
    return Row(what, count, len(problems), note=note)


CHECKS: dict[str, Callable[[Path, int], Row]] = {
    "killed": killed,
    "interrupted": lambda folder, count: killed(folder, count, signal.SIGINT),
    "concurrent": lambda folder, _: concurrent(folder),
    "same-out": lambda folder, _: same_out(folder),
    "full-disk": lambda folder, _: full_disk(folder),
    "missing-tools": lambda folder, _: missing_tools(folder),
}
