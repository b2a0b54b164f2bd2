"""The commands `e3ne` and `e3ne-opt`, run in this process, and folders as they are on the disk."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import cast
from unittest.mock import patch

from e3ne import cli, opt
from e3ne.design import Design

Entries = list[dict[str, object]]


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    status: int
    output: str
    message: str
    """all of stderr"""


def e3ne(*arguments: str | Path | int) -> Ran:
    """`e3ne arguments…`."""
    output, message = StringIO(), StringIO()
    with redirect_stdout(output), redirect_stderr(message):
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        finally:
            # The command silences libraries for the rest of its process, which here is the tests'.
            logging.disable(logging.NOTSET)
    return Ran(status, output.getvalue(), message.getvalue())


def e3ne_opt(*arguments: str) -> Ran:
    """`e3ne-opt arguments…`."""
    output, message = StringIO(), StringIO()
    with patch.object(sys, "argv", ["e3ne-opt", *arguments]), redirect_stdout(output), redirect_stderr(message):
        try:
            opt.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    return Ran(status, output.getvalue(), message.getvalue())


def compiled(*arguments: str | Path | int, out: Path) -> Design:
    """The design that `e3ne compile arguments… -o out` makes; fails if it makes none."""
    ran = e3ne("compile", *arguments, "-o", out)
    assert ran.status == 0, ran.message
    return Design(out)


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def verilog(design: Design) -> dict[str, bytes]:
    """The Verilog of a design by file name."""
    return contents(design.verilog)


def stage_text(design: Design, stage: str) -> str:
    """The text of the module after a stage."""
    (path,) = (design.folder / "ir").glob(f"[0-9][0-9]-{stage}.mlir")
    return path.read_text()


def entries(design: Design, key: str) -> Entries:
    """A list of the report."""
    return cast(Entries, design.report[key])
