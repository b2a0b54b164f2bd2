"""CIRCT's Verilog does what the IR means: a random design with every operation, in Verilator, cycle by cycle."""

from pathlib import Path

from observed_simulation import CYCLES, RESET_CYCLES, simulate, stimulus
from rtl_designs import random_design
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.circt.export import export_verilog
from e3ne.backends.circt.interpreter import Interpreter
from e3ne.backends.circt.target import print_circt
from e3ne.dialects.rtl import RTL, BitsAttr, MemoryOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.semantics.rtl import run


def test_circt_verilog_does_what_the_ir_means(circt: Interpreter, tmp_path: Path) -> None:
    design = random_design(0, 60, observe=True)
    assert {op.name for op in RTL.operations} <= {op.name for op in design.walk()}
    memories = [op for op in design.walk() if isinstance(op, MemoryOp)]
    kinds = {(memory.init is None, memory.write is None) for memory in memories}
    assert kinds == {(True, False), (False, True), (False, False)}, "RAM, ROM, and RAM with contents"
    found = export_verilog({"u0": print_circt(design)}, circt)["u0"]
    assert found.message == ""
    inputs = stimulus(design, CYCLES)
    got = simulate({"u0.sv": found.verilog}, design, inputs, tmp_path)
    expected = [outputs["all"] for outputs in run(design, inputs, RESET_CYCLES)]
    assert got[RESET_CYCLES:] == expected[RESET_CYCLES:]


def test_random_designs_are_accepted(circt: Interpreter) -> None:
    texts = {f"d{seed}": print_circt(random_design(seed, 30)) for seed in range(20)}
    found = export_verilog(texts, circt)
    assert {name: export.message for name, export in found.items()} == dict.fromkeys(texts, "")


def test_values_of_more_bits_than_python_prints(circt: Interpreter) -> None:
    b = ModuleBuilder("wide")
    width = 20_000
    word = (1 << width - 1) + 5
    b.output("constant", b.constant(word, width))
    b.output("table", b.table(b.input("a", 1), [1, word], width))
    b.output("all", b.reduce_and(b.reg(b.constant(word, width), reset=-1)))
    module = ModuleOp([b.build()])
    assert BitsAttr.of(word, width).value == word
    found = export_verilog({"wide": print_circt(module)}, circt)["wide"]
    assert found.message == ""


def test_what_is_refused_is_named_and_hides_nothing(circt: Interpreter) -> None:
    good = "hw.module @good(in %a: i2, out b: i2) {\n  hw.output %a : i2\n}\n"
    wrong = "hw.module @wrong(in %a: i2, out b: i3) {\n  hw.output %a : i2\n}\n"
    unknown = "hw.module @unknown(in %a: i2) {\n  llhd.halt\n}\n"
    found = export_verilog({"wrong": wrong, "good": good, "unknown": unknown}, circt)
    assert list(found) == ["wrong", "good", "unknown"]
    assert found["good"].reached("exported")
    assert not found["wrong"].reached("verified")
    assert "expected 'i3', but got 'i2'" in found["wrong"].message
    assert "llhd.halt" in found["unknown"].message
