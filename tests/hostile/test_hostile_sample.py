"""A sample of the hostile inputs; `python -m tests.hostile` runs all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_hostile_inputs_are_answered_by_one_message(tmp_path: Path) -> None:
    """In a process of its own: the cases are forked, which a test process with threads must not be."""
    result = tmp_path / "rows.json"
    command = [sys.executable, "-m", "tests.hostile", "--sample", "--json", str(result)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = json.loads(result.read_text())["rows"]
    assert sum(row["count"] for row in rows) >= 25
