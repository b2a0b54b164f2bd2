"""Runs lit on the `.mlir` files of this folder, so that one command runs all tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_lit() -> None:
    folder = Path(__file__).parent
    lit = Path(sys.executable).with_name("lit")
    result = subprocess.run([lit, "-v", "-j2", folder], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"\n{result.stdout}{result.stderr}"
    written = len(list(folder.rglob("*.mlir")))
    assert f"Passed: {written} " in result.stdout, "a test was skipped:\n" + result.stdout
