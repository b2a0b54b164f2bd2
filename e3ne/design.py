"""A compiled design: the folder that `e3ne compile` wrote, and what can be read from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from xdsl.dialects.builtin import ModuleOp

from e3ne.errors import E3neError
from e3ne.files import is_of_schema, read_json
from e3ne.pipeline_runner import read_module
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import Plan

MARKER = "report.json"
DATA = "data.npz"
PARAMETERS = "-parameters"
SCHEMA = 1
"""Of report.json; rises when a name in it changes its meaning or goes."""

REPORT_KEYS = ("network", "options", "compile_seconds")
"""Some that every report has: by them one of e3ne's is known."""

Report = dict[str, object]


@dataclass(frozen=True)
class Design:
    """An output folder; raises E3neError when it is not one or lacks a file."""

    folder: Path

    def __post_init__(self) -> None:
        try:
            found = (self.folder / MARKER).is_file()
        except OSError as error:
            raise E3neError(f"{self.folder} cannot be read: {error.strerror}") from error
        if not found:
            raise E3neError(f"{self.folder} is not an output of e3ne compile: there is no {MARKER} in it")
        _ = self.place, self.report

    @cached_property
    def place(self) -> tuple[int, int]:
        """Tells this folder from a later one of the same name."""
        return place_of(self.folder)

    def module(self, stage: str) -> ModuleOp:
        """The module after a stage."""
        found = sorted((self.folder / "ir").glob(f"[0-9][0-9]-{stage}.mlir"))
        if not found:
            raise E3neError(f"{self.folder / 'ir'} has no module of the stage '{stage}'")
        return read_module(found[0])

    @cached_property
    def integer(self) -> ModuleOp:
        """The integer network."""
        return self.module("integer")

    @cached_property
    def plan(self) -> Plan:
        """The finished dataflow graph as a plan."""
        try:
            return plan(find_graph(self.module("buffered")))
        except E3neError as error:
            raise E3neError(f"{self.folder}, stage 'buffered': {error}") from error

    @property
    def verilog(self) -> Path:
        """The folder of the Verilog files."""
        return self.folder / "rtl"

    @property
    def report(self) -> Report:
        """report.json."""
        found = read_json(self.folder / MARKER)
        if not is_of_schema(found, SCHEMA, REPORT_KEYS):
            raise E3neError(f"{self.folder / MARKER} is not a report of e3ne's (schema {SCHEMA})")
        return cast(Report, found)


def place_of(folder: Path) -> tuple[int, int]:
    """Device and number of a folder."""
    status = folder.stat()
    return status.st_dev, status.st_ino
