"""The units whose Verilog is proved: those of LeNet-5 at two foldings, or of folders that `e3ne compile` wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.verilog.target import print_verilog
from e3ne.cli import main as e3ne
from e3ne.design import Design
from e3ne.dialects.dataflow import ArgmaxOp, SinkOp, UnitOp, units_of
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph
from e3ne.units.registry import unit_for

LENET5 = ("compile", "lenet5", "--weight-bits", "3", "--steps", "4")
FOLDINGS: dict[str, Sequence[str]] = {
    "smallest": (),
    "fastest": ("--objective", "latency", "--budget", "lut=9400"),
}
"""LeNet-5 with the least area at the default interval, and with the least latency in so many LUTs."""


@dataclass(frozen=True)
class PrintedUnit:
    """A unit of a design with its printed Verilog."""

    design: str
    op: UnitOp
    verilog: str


def compile_designs(folder: Path) -> list[Path]:
    """LeNet-5 at both foldings, in `folder`; raises E3neError if that is not possible."""
    for name, options in FOLDINGS.items():
        if e3ne([*LENET5, *options, "-o", str(folder / name)]):
            raise E3neError(f"LeNet-5 ({name}) was not compiled")
    return [folder / name for name in FOLDINGS]


def printed_units(folder: Path) -> Iterator[PrintedUnit]:
    """The units of a design that are modules, in the order of the graph; in front of the sink an argmax of its values.

    An argmax that the design does not have is built as if it had.
    """
    graph = find_graph(Design(folder).module("buffered"))
    for op in units_of(graph):
        if isinstance(op, SinkOp) and op.input_type.signed:
            yield printed(folder.name, ArgmaxOp("output_argmax", "output", op.operands[0]))
        file = folder / "rtl" / f"{op.unit_name}.v"
        if file.exists():
            yield PrintedUnit(folder.name, op, file.read_text(encoding="utf-8"))


def printed(design: str, op: UnitOp) -> PrintedUnit:
    """A unit with the Verilog that a design would have of it."""
    text = print_verilog(ModuleOp([unit_for(op).build(op)]))
    return PrintedUnit(design, op, text[f"{op.unit_name}.v"])
