"""`e3ne-opt`: it starts at once, and a user's mistake is one message and exit status 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from xdsl.passes import PassPipeline
from xdsl.transforms import get_all_passes
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.external import ExternalAttr
from e3ne.errors import E3neError
from e3ne.opt import describe, main
from e3ne.pipeline_runner import quoted
from e3ne.universe import E3NE_UNIVERSE

HEAVY = ("torch", "numpy", "networkx", "safetensors", "e3ne.dialects.snn", "e3ne.passes.dataflow_fold")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command in this process: (exit status, output, messages)."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["e3ne-opt", *arguments])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_command


@pytest.fixture
def module_file(tmp_path: Path) -> Path:
    file = tmp_path / "design.mlir"
    file.write_text("rtl.module @empty() -> () {\n  rtl.output\n}\n")
    return file


def test_help_imports_nothing_heavy() -> None:
    script = f"""
import sys
sys.argv = ["e3ne-opt", "--help"]
from e3ne.opt import main
try:
    main()
except SystemExit:
    pass
print("imported:", [name for name in {HEAVY!r} if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "imported: []"


def test_prints_a_module_and_a_target(run, module_file: Path) -> None:
    status, output, errors = run(str(module_file))
    assert (status, errors) == (0, "")
    assert "rtl.module @empty" in output
    status, output, errors = run(str(module_file), "-t", "verilog")
    assert (status, errors) == (0, "")
    assert "module empty" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "no-such-pass"], "-p 'no-such-pass': Unrecognized passes: ['no-such-pass']"),
        (["-p", "dataflow-fold{intervall=3}"], 'Provided arguments ["intervall"] not found'),
        (["-p", "dataflow-fold{interval=abc}"], "-p 'dataflow-fold{interval=abc}': Incompatible types"),
        (["-p", "dataflow-fold{"], "Error parsing pass pipeline specification"),
        (["-t", "no-such-target"], "invalid choice: 'no-such-target'"),
        (["-t", "dot{colour=red}"], "-t 'dot{colour=red}': Provided arguments [\"colour\"] not found"),
        (["-t", "dot{"], "Error parsing pass pipeline specification"),
        (["-p", "dataflow-fold"], "a module with one dataflow.graph is needed"),
        (["-t", "dot"], "nothing to draw"),
    ],
)
def test_a_wrong_argument_is_one_message(run, module_file: Path, arguments: list[str], message: str) -> None:
    status, _, errors = run(str(module_file), *arguments)
    assert status == 2
    assert message in errors
    assert "Traceback" not in errors


def test_the_installed_command_ends_with_status_2(module_file: Path) -> None:
    command = [Path(sys.executable).with_name("e3ne-opt"), module_file, "-o", module_file.parent / "no" / "out.mlir"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == f"e3ne-opt: {command[-1]}: No such file or directory\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mlir", None, "missing.mlir: No such file or directory"),
        ("text.md", b"", "Unrecognized file extension 'md'"),
        ("binary.mlir", b"\xff\xfe\x00", "binary.mlir is not a text in UTF-8"),
        ("syntax.mlir", b"rtl.module {", "syntax.mlir:1:12"),
        ("unknown.mlir", b"nothing.known", "Operation nothing.known is not registered"),
        (
            "invalid.mlir",
            b'%0 = "test.op"() : () -> i1\n"rtl.output"(%0) : (i1) -> ()',
            "'rtl.output' expects parent op",
        ),
    ],
)
def test_a_wrong_file_is_one_message(run, tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    status, _, errors = run(str(file))
    assert status == 2
    assert message in errors
    assert "Traceback" not in errors


def test_what_a_pass_refuses_is_a_diagnostic(run, module_file: Path) -> None:
    status, output, errors = run(str(module_file), "-p", "dataflow-fold", "--verify-diagnostics")
    assert (status, errors) == (0, "")
    assert output == "a module with one dataflow.graph is needed, this one has 0\n"


def test_a_verifiers_message_comes_without_the_whole_module() -> None:
    error = VerifyException("short")
    error.add_note("a page of text")
    assert describe(error) == "short"


def test_external_parameters_are_beside_the_parsed_file(run, tmp_path: Path) -> None:
    array = np.arange(4, dtype=np.int8)
    save_file({"weights": array}, tmp_path / "net.safetensors")
    sha = ExternalAttr.from_array("net.safetensors", "weights", array).sha256.data
    file = tmp_path / "net.mlir"
    external = f'#snn.external<"net.safetensors", "weights", "{sha}">'
    file.write_text(f"snn.parameter @w : tensor<4xi8> {{width = 3}} = {external}")
    status, output, errors = run(str(file))
    assert (status, errors) == (0, "")
    assert sha in output
    (tmp_path / "net.safetensors").unlink()
    status, _, errors = run(str(file))
    assert status == 2
    assert f"parameter file 'net.safetensors' does not exist in {tmp_path}" in errors


@given(st.text())
def test_quoted_text_is_read_as_it_was(text: str) -> None:
    try:
        written = quoted(text)
    except E3neError:
        assert set(text) & {"\f", "\v", "\r"}
        return
    spec = f"snn-count-operations{{data={written}}},cse"
    first, second = PassPipeline.parse_spec({**get_all_passes(), **E3NE_UNIVERSE.all_passes}, spec).passes
    assert (first.data, second.name) == (text, "cse")  # type: ignore[attr-defined]


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("e3ne.opt.E3neOptMain.run", interrupted)
    monkeypatch.setattr(sys, "argv", ["e3ne-opt", "-"])
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == 130
    assert capsys.readouterr().err == "e3ne-opt: interrupted\n"
