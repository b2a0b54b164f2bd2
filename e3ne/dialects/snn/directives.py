"""Pieces of the assembly format that several operations of the dialect use."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import I64, DenseArrayBase, i64
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.hints import isa

IntsAttr = DenseArrayBase[I64]


def ints(values: Sequence[int]) -> IntsAttr:
    """A list of integers as an attribute."""
    return IntsAttr.from_list(i64, values)


@irdl_custom_directive
class Ints(CustomDirective):
    """A list of integers, printed `[2, 2]` where MLIR would print `array<i64: 2, 2>`."""

    values: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        """Parses `[a, b, ...]`."""
        self.values.set(state, ints(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        """Prints `[a, b, ...]`."""
        attribute = self.values.get(op)
        if not isa(attribute, IntsAttr):
            return
        state.print_whitespace(printer)
        with printer.in_square_brackets():
            printer.print_list(attribute.get_values(), printer.print_int)

    def is_present(self, op: IRDLOperation) -> bool:
        """Whether the list is there and not the default."""
        return self.values.is_present(op)

    def is_anchorable(self) -> bool:
        """An optional or defaulted list may decide over its group."""
        return self.values.is_anchorable()
