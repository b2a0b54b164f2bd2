from pathlib import Path

import pytest

from e3ne.verification import everything
from e3ne.verification.table import Row, finish, main


def test_failures_and_missing_files_give_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "a" / "good.json", tmp_path / "bad.json"
    assert finish("fuzz", [Row("networks", 2000)], 60.0, good) == 0
    assert finish("proofs", [Row("argmax", 3, failures=1, note="width 7")], 30.0, bad) == 1
    capsys.readouterr()
    assert main([str(good)]) == 0
    assert "2,000" in capsys.readouterr().out
    assert main([str(good), str(bad)]) == 1
    assert "width 7" in capsys.readouterr().out
    assert main([str(good), str(tmp_path / "none.json")]) == 1
    assert "none.json was not written" in capsys.readouterr().err


def test_checks_run_side_by_side_and_end_with_their_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # `write` as a command of its own: the first ends well, the second with status 1, the third without rows.
    (tmp_path / "check.py").write_text(
        "import pathlib, sys\n"
        "from e3ne.verification.table import Row, finish\n"
        "*_, failures, _, path = sys.argv\n"
        "sys.exit(finish('a check', [Row('designs', 7, int(failures))], 1.0, pathlib.Path(path)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    checks = {"good": ("check", "0"), "bad": ("check", "3"), "broken": ("check", "many")}
    monkeypatch.setattr(everything, "CHECKS", checks)
    assert everything.main(["good", "-o", str(tmp_path)]) == 0
    assert "designs" in capsys.readouterr().out
    (tmp_path / "broken.json").write_text("left from an earlier run")
    assert everything.main(["-o", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "broken.json was not written" in shown.err
    assert "bad ended with exit status 1" in shown.err
    assert "ValueError" in (tmp_path / "broken.log").read_text()


def test_a_check_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        everything.main(["fuzzing"])
    assert raised.value.code == 2
    assert "no check is called fuzzing" in capsys.readouterr().err
