"""Commands of Yosys in a process of their own: Yosys ends the process that loads it on an error."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence

from e3ne.errors import E3neError

_PROGRAM = """
import json, sys
from pyosys import libyosys
design = libyosys.Design()
for command in json.load(sys.stdin):
    libyosys.run_pass(command, design)
"""


def run_commands(commands: Sequence[str]) -> str:
    """What Yosys prints; raises E3neError without pyosys, and with Yosys's messages if it refuses a command."""
    if importlib.util.find_spec("pyosys") is None:
        raise E3neError("Yosys not found: install it with pip install 'e3ne[synth]'")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps(list(commands)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines[-3:]
        errors += [line for line in lines if "Warning" in line]
        raise E3neError("\n".join(["Yosys failed:", *errors[:10]]))
    return done.stdout
