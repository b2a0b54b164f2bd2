"""The result of a check of the project itself: rows of what was checked, how often, and what failed.

Each check prints its rows and writes them to a JSON file; `python -m e3ne.verification.table FILE...` prints those of
all checks as one table, which `make verify` ends with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 140
"""Columns of a table that goes to a file."""


@dataclass(frozen=True)
class Row:
    """One line: `count` of `what`, how many of them failed, and how many were skipped, which is not a pass."""

    what: str
    count: int
    failures: int = 0
    skipped: int = 0
    note: str = ""


def write(path: Path, check: str, rows: Sequence[Row], seconds: float) -> None:
    """Writes rows as JSON; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"check": check, "seconds": round(seconds, 1), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def show(rows: Sequence[tuple[str, Row]], console: Console | None = None) -> None:
    """Prints rows, each beside the name of its check."""
    table = Table("check", "what", "how many", "failures", "skipped", "note")
    for column in table.columns[2:5]:
        column.justify = "right"
    for check, row in rows:
        cells = (f"{number:,}" for number in (row.count, row.failures, row.skipped))
        table.add_row(check, row.what, *cells, row.note)
    (console or Console(width=None if sys.stdout.isatty() else WIDTH)).print(table)


def finish(check: str, rows: Sequence[Row], seconds: float, path: Path | None) -> int:
    """Prints the rows of one check, writes them if there is a path, and gives the exit status: 1 if anything failed."""
    show([(check, row) for row in rows])
    if path is not None:
        write(path, check, rows, seconds)
    return 1 if any(row.failures for row in rows) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints all checks; exit status 1 if any failed, or if a file is not there."""
    parser = argparse.ArgumentParser(description="Print the results of all checks as one table.")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what a check has written")
    files: list[Path] = parser.parse_args(arguments).files
    missing = [path for path in files if not path.is_file()]
    contents: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in files if path.is_file()]
    rows = [(content["check"], Row(**row)) for content in contents for row in content["rows"]]
    show(rows)
    print(f"{sum(content['seconds'] for content in contents) / 60:.0f} minutes")
    for path in missing:
        print(f"{path} was not written: its check did not run", file=sys.stderr)
    return 1 if missing or any(row.failures for _, row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
