"""OUT is written completely or not at all, whatever goes wrong and when."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from e3ne import commands, compilation, output_folder
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.errors import E3neError
from e3ne.output_folder import replacing
from tests.cli.command import compiled, contents, e3ne, verilog

Mistake = Callable[[Path], list[str | Path]]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which every compilation must leave empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for nothing but OUT."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def test_success_leaves_out_alone(float_model: Path, place: Path, temporary: Path) -> None:
    compiled(float_model, out=place / "out")
    assert [path.name for path in place.iterdir()] == ["out"]
    assert not list(temporary.iterdir())


def test_success_replaces_all_of_the_former_out(tiny: Design, float_model: Path, data: Path, place: Path) -> None:
    compiled(float_model, "--steps", 2, out=place / "out")
    (place / "out" / "rtl" / "stale.v").write_text("module stale; endmodule\n")
    assert verilog(compiled(float_model, "--data", data, out=place / "out")) == verilog(tiny)
    assert [path.name for path in place.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(float_model: Path, place: Path) -> None:
    (place / "out").mkdir()
    compiled(float_model, out=place / "out")


def test_a_link_stays_one(float_model: Path, place: Path, tmp_path: Path) -> None:
    (place / "out").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        compiled(float_model, out=place / "out")
        assert (place / "out").is_symlink()
        assert [path.name for path in place.iterdir()] == ["out"]
        assert (tmp_path / "elsewhere" / "report.json").is_file()


def test_the_current_folder_is_refused(float_model: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    for out in (".", "", place):
        ran = e3ne("compile", float_model.resolve(), "-o", out)
        assert (ran.status, ran.output) == (2, "")
        assert "is the current folder: choose another folder with -o" in ran.message
    assert not list(place.iterdir())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_not_ours_stays(float_model: Path, place: Path, kind: str) -> None:
    kept = place / "out" if kind == "file" else place / "out" / "thesis.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("years of work")
    ran = e3ne("compile", float_model, "-o", place / "out")
    assert (ran.status, ran.output) == (2, "")
    assert "out exists and is not an output of e3ne's: choose another folder with -o" in ran.message
    assert list(contents(place).values()) == [b"years of work"]


@pytest.mark.parametrize("text", ['{"total": 3}', '{"schema": 1}', "[]", "[" * 100_000, "no JSON"])
@pytest.mark.parametrize(
    ("marker", "command"), [("report.json", "compile"), ("compare.json", "compare"), ("explore.json", "explore")]
)
def test_a_file_of_the_same_name_is_not_ours(
    float_model: Path, place: Path, text: str, marker: str, command: str
) -> None:
    """The file by which an output is known must be one of e3ne's, not only have its name."""
    (place / "out").mkdir()
    (place / "out" / marker).write_text(text)
    (place / "out" / "thesis.txt").write_text("years of work")
    before = contents(place)
    ran = e3ne(command, float_model, "-o", place / "out")
    assert (ran.status, ran.output) == (2, "")
    assert "exists and is not a" in ran.message
    assert len(ran.message.splitlines()) == 1
    assert contents(place) == before


def test_a_parent_that_is_a_file(float_model: Path, place: Path) -> None:
    (place / "parent").write_text("")
    ran = e3ne("compile", float_model, "-o", place / "parent" / "out")
    assert ran.status == 2
    assert "cannot be written" in ran.message
    assert contents(place) == {"parent": b""}


def broken_option(data: Path) -> list[str | Path]:
    return ["--weight-bits", "0"]


def broken_shape(data: Path) -> list[str | Path]:
    return ["--input-shape", "1,9,9"]


def broken_test_data(data: Path) -> list[str | Path]:
    Dataset(np.zeros((2, 1, 9, 8), np.float32), np.zeros(2, np.int64), "").save(data.parent / "test.npz")
    return ["--test-data", data.parent / "test.npz"]


@pytest.mark.parametrize("broken", [broken_option, broken_shape, broken_test_data])
@pytest.mark.parametrize("former", [False, True])
def test_mistakes_leave_out_as_it_was(
    tiny: Design, float_model: Path, place: Path, temporary: Path, tmp_path: Path, broken: Mistake, former: bool
) -> None:
    if former:
        replaced_copy(tiny, place / "out")
    before = contents(place)
    ran = e3ne("compile", float_model, "-o", place / "out", *broken(tmp_path / "data.npz"))
    assert ran.status == 2
    assert contents(place) == before
    assert [path.name for path in place.iterdir()] == (["out"] if former else [])
    assert not list(temporary.iterdir())


def test_a_mistake_that_is_found_last(
    tiny: Design, float_model: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise E3neError("the images are of cats")

    replaced_copy(tiny, place / "out")
    before = contents(place)
    monkeypatch.setattr(commands, "first_report", refuse)
    ran = e3ne("compile", float_model, "-o", place / "out")
    assert (ran.status, ran.message.strip()) == (2, "e3ne: the images are of cats")
    assert contents(place) == before


def replaced_copy(design: Design, out: Path) -> None:
    """A former output of e3ne's in little."""
    out.mkdir()
    (out / "report.json").write_bytes((design.folder / "report.json").read_bytes())
    (out / "note.txt").write_text("former")


@pytest.mark.parametrize("former", [False, True])
def test_a_full_disk(
    tiny: Design, float_model: Path, place: Path, monkeypatch: pytest.MonkeyPatch, former: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if former:
        replaced_copy(tiny, place / "out")
    before = contents(place)
    monkeypatch.setattr(compilation, "externalise", full)
    ran = e3ne("compile", float_model, "-o", place / "out")
    assert ran.status == 2
    assert ran.message.strip().endswith("out cannot be written: [Errno 28] No space left on device")
    assert contents(place) == before
    assert [path.name for path in place.iterdir()] == (["out"] if former else [])


def test_an_interruption_leaves_nothing(place: Path) -> None:
    def interrupted() -> None:
        with replacing(place / "out") as folder:
            (folder / "half.v").write_text("module")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(place.iterdir())


def test_the_former_out_comes_back_if_the_new_one_cannot_take_its_place(
    tiny: Design, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, rename = place / "out", Path.rename
    replaced_copy(tiny, out)
    before = contents(place)

    def refuse_new(path: Path, target: Path) -> Path:
        if target == out and path.parent == place:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(path, target)

    # as on a file system that cannot exchange two folders
    monkeypatch.setattr(output_folder, "_exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(E3neError, match=r"cannot be written: .*Permission denied"), replacing(out) as folder:
        (folder / "new.v").write_text("module")
    assert contents(place) == before
    assert [path.name for path in place.iterdir()] == ["out"]
