"""Commands on a folder that compile has written, and that somebody has damaged since."""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.hostile.case import Arguments, add
from tests.hostile.mlir_cases import NETWORK, write

COMMANDS = ("check", "simulate", "toggles", "synth", "report")
HUGE = "9" * 5_000


@functools.cache
def design() -> Path:
    """A design, compiled once for all cases by a child of this process."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-design-"))
    child = os.fork()
    if child == 0:
        from e3ne.cli import main

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(["compile", str(write(folder, NETWORK)), "-o", str(folder / "out")]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return folder / "out"


def _given(command: str, damage: Callable[[Path], None], options: tuple[str, ...], folder: Path) -> Arguments:
    shutil.copytree(design(), folder / "design")
    damage(folder / "design")
    return [command, folder / "design", *options]


def _bad(name: str, command: str, damage: Callable[[Path], None], *says: str) -> None:
    add(f"design/{command}_{name}", partial(_given, command, damage, ()), "design", *says)


def _report(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        report = json.loads((folder / "report.json").read_text())
        change(report)
        (folder / "report.json").write_text(json.dumps(report))

    return damage


def _text(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (path,) = folder.glob(name)
        path.write_bytes(content)

    return damage


def _gone(name: str) -> Callable[[Path], None]:
    return lambda folder: next(folder.glob(name)).unlink()


def _nothing(folder: Path) -> None:
    del folder


for _command in COMMANDS:
    _bad("report_of_nested_lists", _command, _text("report.json", b"[" * 100_000), "report.json")
    _bad("report_of_a_list", _command, _text("report.json", b"[]"), "report.json")
    _bad("report_of_another_schema", _command, _report(lambda report: report.update(schema=99)), "report.json")
    _bad(
        "report_of_nothing",
        _command,
        _report(lambda report: [report.pop(key) for key in list(report)[1:]]),
        "report.json",
    )
for _command in COMMANDS[:4]:
    _bad("modules_that_are_gone", _command, _gone("ir/*-buffered.mlir"), "buffered")
    _bad("modules_that_are_empty", _command, _text("ir/*-buffered.mlir", b""), "buffered")
    _bad("modules_of_something_else", _command, _text("ir/*-buffered.mlir", NETWORK.encode()), "buffered")
    _bad("modules_that_are_nested", _command, _text("ir/*-buffered.mlir", b"builtin.module {" * 10_000), "buffered")
for _command in ("check", "simulate", "toggles"):
    _bad("data_that_are_gone", _command, _gone("ir/data.npz"), "data.npz")
    _bad("data_that_are_none", _command, _text("ir/data.npz", b"hello"), "data.npz")
    for _number, _value in enumerate(("0", "-1", "x", "", HUGE, "²")):
        _name = f"design/{_command}_count_{_number}"
        add(_name, partial(_given, _command, _nothing, (f"--count={_value}",)), "--count")
add("design/synth_verilog_that_is_gone", partial(_given, "synth", _gone("rtl/net.v"), ()), "`net'")
_bad("verilog_that_is_none", "synth", _text("rtl/net.v", b"module net (\n"), "net.v")
add(
    "design/synth_verilog_of_another_module",
    partial(_given, "synth", _text("rtl/net.v", b"module other (); endmodule\n"), ()),
    "`net'",
)
for _number, _options in enumerate((("--family=abacus",), ("--clock=0",), ("--attempts=-1",), ("--device=xcvu13p",))):
    _name = f"design/synth_option_{_number}"
    add(_name, partial(_given, "synth", _nothing, _options), _options[0].partition("=")[0])
add("design/simulate_an_unknown_engine", partial(_given, "simulate", _nothing, ("--engine=steam",)), "steam")
