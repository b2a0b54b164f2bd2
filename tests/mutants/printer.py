"""Mutants of the Verilog printer: its functions, changed."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.mutants.edits import Edit


@dataclass(frozen=True)
class PrinterMutant:
    """A change of the printer, and what it does."""

    what: str
    edit: Edit


def _of(module: str, rows: Mapping[str, tuple[str, str, str, str]]) -> dict[str, PrinterMutant]:
    return {
        name: PrinterMutant(what, Edit(f"e3ne.backends.verilog.{module}:{function}", old, new))
        for name, (what, function, old, new) in rows.items()
    }


MUTANTS: Mapping[str, PrinterMutant] = {
    **_of(
        "expressions",
        {
            "operands_swapped": ("operands change places", "Expressions._write", "symbol.join(operands)", "symbol.join(operands[::-1])"),
            "unsigned": (
                "signed comparisons are unsigned", "Expressions._write", "isinstance(op, rtl.SltOp | rtl.SleOp)", "False",
            ),
            "all_signed": ("all comparisons are signed", "Expressions._write", "isinstance(op, rtl.SltOp | rtl.SleOp)", "True"),
            "no_parentheses": (
                "operands have no parentheses", "Expression.within", "if self.binding <= binding else", "if True else",
            ),
            "mux_swapped": ("a selection takes the other value", "Expressions._mux", "{if_true} : {if_false}", "{if_false} : {if_true}"),
            "concat_reversed": ("a concatenation is reversed", "Expressions._concat", "for part in op.operands", "for part in op.operands[::-1]"),
            "zero_extended_by_ones": (
                "numbers are extended by ones", "Expressions._zext",
                "literal(0, op.width - width_of(op.input))",
                "literal((1 << op.width - width_of(op.input)) - 1, op.width - width_of(op.input))",
            ),
            "zero_not_extended": ("an extension is left to the context", "Expressions._zext", "f\"{{{literal(0, op.width - width_of(op.input))}, {self.text(op.input)}}}\"", "self.text(op.input)"),
            "sign_of_lowest": ("the lowest bit is the sign", "Expressions._sext", "[{source - 1}]", "[0]"),
            "sign_of_one_bit": (
                "a bit is extended by zeros", "Expressions._sext", 'f"{{{op.width}{{{text}}}}}"', "f\"{{{op.width - 1}'b0, {text}}}\"",
            ),
            "extract_off_by_one": (
                "a bit is the one below", "Expressions._extract", '[{high}]")', '[{max(0, high - 1)}]")',
            ),
            "extract_from_zero": ("bits are the lowest ones", "Expressions._extract", "[{high}:{op.low}]", "[{op.width - 1}:0]"),
            "table_bits_reversed": ("the words of tables are reversed", "Expressions._table", "reversed(range(op.width))", "range(op.width)"),
            "table_shared": (
                "columns of one size share a table", "Expressions._vector_table", "key = (column, size)", "key = (0, size)",
            ),
            "table_of_memory_shifted": (
                "a large table is shifted by a word", "Expressions._memory_table",
                "words = (*op.words, *([0] * (size - len(op.words))))", "words = (*op.words[1:], *([0] * (size + 1 - len(op.words))))",
            ),
            "constant_columns": ("columns of ones are zeros", "Expressions._table", "literal(column & 1, 1)", "literal(0, 1)"),
            "contents_shifted": ("memories are filled from word 1 on", "initial_block", "{name}[{index}]", "{name}[{min(index + 1, len(words) - 1)}]"),
            "reduction_not": ("a complement has no parentheses", "Expressions._not", "within(Binding.ATOM)", "within(Binding.OPERATOR)"),
        },
    ),
    **_of(
        "module",
        {
            "used_before_written": (
                "wires are declared behind their use", "_ModulePrinter.print",
                "self._expressions.declarations,", "self._expressions.declarations[::-1],",
            ),
            "enable_dropped": ("registers have no enable", "_ModulePrinter._register_blocks", "groups.setdefault((enable, op", "groups.setdefault((None, op"),
            "reset_missing": (
                "registers are not reset", "_ModulePrinter._register_blocks",
                'branches: list[tuple[str | None, list[str]]] = [("rst", clear)] if has_reset else []', 'branches: list[tuple[str | None, list[str]]] = [("1\'b0", clear)] if has_reset else []',
            ),
            "reset_to_zero": ("registers are reset to 0", "_ModulePrinter._register_blocks", "literal(op.reset.value, op.reset.width)", "literal(0, op.reset.width)"),
            "reset_inverted": ("the reset is active low", "_ModulePrinter._register_blocks", '[("rst", clear)]', '[("~rst", clear)]'),
            "blocking": ("a register's new value is seen in the same cycle", "_ModulePrinter._register_blocks", "<= {self._expressions.text(op.next)}", "= {self._expressions.text(op.next)}"),
            "write_enable_dropped": (
                "memories are written in each cycle", "_ModulePrinter._memory_blocks",
                'self._guarded(op.write.enable, f"{target} <= {self._expressions.text(op.write.data)};")', '[f"  {target} <= {self._expressions.text(op.write.data)};"]',
            ),
            "write_first": (
                "a word is read as it is written", "_ModulePrinter._memory_blocks",
                'f"{target} <= {self._expressions', 'f"{target} = {self._expressions',
            ),
            "read_enable_dropped": (
                "memories are read in each cycle", "_ModulePrinter._memory_blocks",
                'self._guarded(read.enable, f"{self._named[read.result]} <= {source};")', '[f"  {self._named[read.result]} <= {source};"]',
            ),
            "memory_short": ("memories have a word less", "_ModulePrinter._declarations", "[0:{depth - 1}]", "[0:{max(0, depth - 2)}]"),
            "wires_narrow": ("registers have one bit", "_ModulePrinter._declarations", 'f"reg {vector(width_of(value))}{self._named[value]};"', 'f"reg {self._named[value]};"'),
            "contents_missing": ("memories begin with zeros", "_ModulePrinter._memory_contents", "if op.init is None:", "if True:"),
            "instances_swapped": (
                "an instance has its inputs in reverse order", "_ModulePrinter._instance",
                "zip(op.input_names, op.operands, strict=True)", "zip(op.input_names, op.operands[::-1], strict=True)",
            ),
            "outputs_of_instance_swapped": (
                "an instance's outputs are not connected", "_ModulePrinter._instance", "(child.ports[port], self._named[value]) for", '(child.ports[port], "") for',
            ),
            "output_missing": (
                "outputs that are known by another name are not driven", "_ModulePrinter._output_assignments", "if self._named.get(v) != port]", "if False]",
            ),
            "line_cut": ("what is behind the end of a line is lost", "_indent", "rest = margin + rest[cut + 1 :]", "rest = margin"),
            "branches_swapped": ("else is missing between reset and enable", "_branches", '"else " if index else ""', '"end if (1) " if False else ""'),
        },
    ),
    **_of(
        "literals",
        {
            "decimal_as_hexadecimal": ("decimal digits are read as hexadecimal ones", "literal", "{width}'h{value:x}", "{width}'h{value}"),
            "chunks_reversed": ("the parts of a long constant are reversed", "literal", "\", \".join(chunks)", "\", \".join(chunks[::-1])"),
            "column_reversed": ("tables are read backwards", "bit_column", "in reversed(words)", "in words"),
            "vector_short": ("vectors have a bit less", "vector", "[{width - 1}:0]", "[{width - 2}:0]"),
        },
    ),
    **_of(
        "names",
        {
            "reserved": ("reserved words are names", "legal_name", "if legal in RESERVED else legal", "if False else legal"),
            "twice": ("a name is given twice", "Names.unique", "self._taken.add(candidate)", "pass"),
            "characters": ("characters are left as they are", "legal_name", r're.sub(r"\W", "_", name, flags=re.ASCII)', "name"),
        },
    ),
    **_of(
        "hierarchy",
        {
            "clock_missing": (
                "modules with memories alone have no clock", "_plan", "clk=bool(registers) or clocked or", "clk=",
            ),
            "memory_port_lost": ("memories without registers have no clock", "_plan", "clk=bool(registers) or clocked or", "clk=bool(registers) or"),
            "inner_reset_lost": ("the reset does not reach instances", "_plan", " or any(child.rst for child in children)", ""),
        },
    ),
}  # fmt: skip
"""By name."""
