"""The Python with CIRCT: found where the user says, or on the path; and errors where it is not what it should be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from e3ne.backends.circt import interpreter
from e3ne.backends.circt.export import export_verilog
from e3ne.backends.circt.interpreter import Interpreter, find_interpreter
from e3ne.errors import E3neError
from e3ne.verification.circt import main


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No CIRCT anywhere; the folder that is the path."""
    monkeypatch.delenv(interpreter.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    return tmp_path


def test_none_is_found(without: Path) -> None:
    program(without / "python3.14", "exit 1")
    assert find_interpreter() is None


def test_one_on_the_path_is_found(without: Path) -> None:
    program(without / "python3.13", "exit 1")
    path = program(without / "python3.14", "echo 1.1000.0")
    assert find_interpreter() == Interpreter(path, "1.1000.0")


@pytest.mark.parametrize("version", ["1.62.0", "unknown", ""])
def test_an_old_circt_is_none(without: Path, version: str) -> None:
    program(without / "python3.13", f"echo {version}")
    assert find_interpreter() is None


def test_the_one_that_is_named_comes_first(without: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(without / "python3.14", "echo 2.0")
    monkeypatch.setenv(interpreter.VARIABLE, str(program(without / "named", "echo 3.0")))
    assert find_interpreter() == Interpreter(without / "named", "3.0")
    given = program(without / "given", "echo 4.0")
    assert find_interpreter(given) == Interpreter(given, "4.0")


def test_a_named_one_without_circt_is_an_error(without: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(without / "python3.14", "echo 2.0")
    with pytest.raises(E3neError, match="--circt-python is /bin/false, which is no Python that can import circt"):
        find_interpreter(Path("/bin/false"))
    monkeypatch.setenv(interpreter.VARIABLE, str(without / "none"))
    with pytest.raises(E3neError, match=f"{interpreter.VARIABLE} is .*none"):
        find_interpreter()


def test_the_check_is_skipped_without_circt_and_not_passed(
    without: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "circt.json"
    assert main(["--count", "2", "--directed", "0", "--json", str(path)]) == 0
    assert interpreter.SET_UP in capsys.readouterr().err
    rows = path.read_text()
    assert '"skipped": 1' in rows
    assert '"skipped": 2' in rows
    assert "equal" not in rows


def test_the_check_names_an_interpreter_without_circt(without: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--circt-python", "/bin/false"]) == 2
    assert "/bin/false" in capsys.readouterr().err


def test_a_crash_is_told_of_the_design_that_it_happens_on(tmp_path: Path) -> None:
    report = r"""printf '{"name": "first", "stage": "exported", "message": "", "verilog": "x"}\n'"""
    text = f'if grep -q first "$3"; then {report} > "$4"; fi\necho "no more" >&2\nexit 139'
    found = export_verilog({"first": "", "second": "", "third": ""}, Interpreter(program(tmp_path / "p", text), ""))
    assert found["first"].verilog == "x"
    assert [found[name].message for name in ("second", "third")] == ["CIRCT ended with status 139: no more"] * 2
    assert not found["second"].reached("parsed")
