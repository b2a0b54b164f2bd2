"""Every module in OUT/ir can be taken up by e3ne-opt, with the command that OUT/ir/continue.txt gives for it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from e3ne import compilation
from e3ne.design import Design
from tests.cli.command import compiled, e3ne_opt, verilog

STAGES = ("float", "folded", "calibrated", "integer", "dataflow", "chosen", "laid-out", "buffered", "rtl")


def command_of(design: Design, stage: str) -> str:
    """The line of continue.txt that starts with the module after a stage."""
    lines = (design.folder / "ir" / "continue.txt").read_text().splitlines()
    (line,) = [line for line in lines if re.search(rf"/[0-9][0-9]-{stage}\.mlir", line)]
    return line


def files_in(text: str) -> dict[str, bytes]:
    """Verilog by file name, from the text of all modules that e3ne-opt prints."""
    modules = [module.removeprefix("\n") + "endmodule\n" for module in text.split("endmodule\n")[:-1]]
    names = [re.findall(r"^module (\w+)", module, re.MULTILINE) for module in modules]
    return {f"{name}.v": module.encode() for (name,), module in zip(names, modules, strict=True)}


def continued(design: Design, stage: str) -> dict[str, bytes]:
    """The Verilog that comes of the module after a stage."""
    program, *arguments = shlex.split(command_of(design, stage))
    assert program == "e3ne-opt"
    ran = e3ne_opt(*arguments)
    assert ran.status == 0, ran.message
    return files_in(ran.output)


@pytest.mark.parametrize("stage", STAGES)
def test_tiny_network_continues(tiny: Design, stage: str) -> None:
    assert continued(tiny, stage) == verilog(tiny)


def test_no_stage_is_forgotten(tiny: Design) -> None:
    modules = sorted(path.name for path in (tiny.folder / "ir").glob("*.mlir"))
    assert modules == [f"{number:02}-{stage}.mlir" for number, stage in enumerate(STAGES)]
    assert len((tiny.folder / "ir" / "continue.txt").read_text().splitlines()) == len(STAGES)


@pytest.mark.parametrize("stage", ["integer", "rtl"])
def test_lenet5_continues(lenet5: Design, stage: str) -> None:
    assert continued(lenet5, stage) == verilog(lenet5)


def test_a_shell_runs_the_command(tiny: Design, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        command_of(tiny, "float"),
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert files_in(run.stdout) == verilog(tiny)


def test_fine_tuning_continues_with_all_images(
    float_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilation, "CALIBRATION_IMAGES", 10)
    design = compiled(float_model, "--data", data, "--fine-tune", 1, out=tmp_path / "out")
    assert continued(design, "folded") == verilog(design)


def test_a_decision_is_changed_by_hand(tiny: Design, tmp_path: Path) -> None:
    """What stands in the text is what is built: the pass that decides does not run again."""
    design = compiled(tiny.folder / "ir" / "00-float.mlir", out=tmp_path / "out")
    file = tmp_path / "out" / "ir" / "07-buffered.mlir"
    text, count = re.subn(r"(dataflow\.fifo .*?depth = )2 ", r"\g<1>5 ", file.read_text(), count=1)
    assert count == 1
    file.write_text(text)
    before, after = verilog(design), continued(design, "buffered")
    assert [name for name in before if before[name] != after[name]] == ["layer2_pool_fifo.v"]
    assert b"depth = 5" in after["layer2_pool_fifo.v"]
