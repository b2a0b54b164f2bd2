from pathlib import Path

import pytest

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
