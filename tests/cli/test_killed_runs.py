"""OUT when processes that write it are killed, run side by side, or change its report together."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from e3ne import cli, files
from e3ne.design import Design
from e3ne.errors import E3neError
from e3ne.files import write_whole
from e3ne.output_folder import forget_leftovers, replacing
from e3ne.report import updated
from tests.cli.command import e3ne

FILES = 40
REPORT = '{"schema": 1, "network": %d, "options": {}, "compile_seconds": {}}'
"""By which OUT is known to be ours."""


def write_for_ever(out: Path) -> None:
    """One OUT after another, each with a number of its own in all files."""
    for number in range(1_000_000):
        with replacing(out) as folder:
            for name in ("report.json", *(f"file{place}" for place in range(FILES))):
                (folder / name).write_text(REPORT % number)


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    return child


def is_whole(out: Path) -> bool:
    numbers = {path.read_text() for path in out.iterdir()}
    return len(list(out.iterdir())) == FILES + 1 and len(numbers) == 1


@pytest.mark.parametrize("writers", [1, 2])
def test_out_is_whole_whenever_its_writer_is_killed(tmp_path: Path, writers: int) -> None:
    out, rng, leftovers = tmp_path / "out", random.Random(0), 0
    for _ in range(10):
        children = [forked(lambda: write_for_ever(out)) for _ in range(writers)]
        while not out.exists():
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.08))
        for child in children:
            os.kill(child, signal.SIGKILL)
        assert {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children} == {-signal.SIGKILL}
        assert is_whole(out)
        beside = [path for path in tmp_path.iterdir() if path != out]
        assert all(path.name.startswith(".out-e3ne-") for path in beside)
        leftovers += len(beside)
        for path in beside:
            os.utime(path, (0, 0))
        forget_leftovers(out)
        assert list(tmp_path.iterdir()) == [out]
    assert leftovers


def test_only_what_is_left_is_forgotten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = (".out-e3ne-abcdefgh", ".out-e3ne-new_one_", ".out-e3ne-notes", ".outer-e3ne-abcdefgh", "out-e3ne-abcdefgh")
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, None if "new" in name else (0, 0))
    with replacing(out) as folder:
        os.utime(folder, (0, 0))
        forget_leftovers(out)
        assert folder.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"out", *names[1:]}


def test_results_of_two_commands_are_both_kept(tiny: Design, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text((tiny.folder / "report.json").read_text())

    def add(name: str) -> None:
        for number in range(8):
            with updated(Design(tmp_path)) as report:
                report[f"{name}{number}"] = number
        os._exit(0)

    children = [forked(lambda name=name: add(name)) for name in "ab"]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    report = json.loads((tmp_path / "report.json").read_text())
    assert {key for key in report if key[1:].isdigit()} == {f"{name}{number}" for name in "ab" for number in range(8)}
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md"}


def test_results_of_a_former_design_are_not_kept(tiny: Design, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found: list[Design] = []
    for _ in range(2):
        with replacing(out) as folder:
            (folder / "report.json").write_text((tiny.folder / "report.json").read_text())
        found.append(Design(out))
    with updated(found[1]) as report:
        report["new"] = True
    with pytest.raises(E3neError, match="was compiled anew meanwhile"), updated(found[0]):
        pass


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("former")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(E3neError, match=r"report.json cannot be written: .*No space left"):
        write_whole(path, "new")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["former"]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "e3ne: interrupted\n"),
        (MemoryError(), 2, "e3ne: there is not enough memory for this model and these data\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/elsewhere/x"),
            2,
            "e3ne: /elsewhere/x: No space left on device\n",
        ),
    ],
)
def test_what_ends_a_command(error: BaseException, status: int, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "_lazily", lambda _: end)
    ran = e3ne("devices")
    assert (ran.status, ran.message) == (status, message)
