"""`python -m tests.interrupted`: killed, interrupted and concurrent runs, full disks, missing tools."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from e3ne.verification.table import finish
from tests.interrupted.checks import CHECKS


def main() -> int:
    """Runs the checks; exit status 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.interrupted", description="Runs that do not end well.")
    parser.add_argument("--only", choices=CHECKS, help="one check alone")
    parser.add_argument("--count", type=int, default=20, help="runs that are killed, and interrupted (default 20)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the rows go")
    arguments = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="interrupted-") as root:
        names = [arguments.only] if arguments.only else list(CHECKS)
        rows = [CHECKS[name](Path(root) / name, arguments.count) for name in names]
    return finish("interrupted runs", rows, time.perf_counter() - start, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
