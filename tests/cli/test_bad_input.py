"""A user's mistake is answered by one message that names it, exit status 2, and nothing left behind."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file  # pyright: ignore[reportUnknownVariableType]

from e3ne.design import Design
from e3ne.options import Options
from tests.cli.command import Ran, contents, e3ne

UNSUPPORTED = """
from torch import nn

def make():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sigmoid(), nn.Upsample(scale_factor=2), nn.Flatten(), nn.Linear(288, 3))
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def refused(ran: Ran, out: Path, *parts: str) -> None:
    """The command failed with one message that has all `parts`, and left nothing where OUT should be."""
    assert ran.status == 2
    assert ran.output == ""
    assert ran.message.startswith("e3ne")
    assert "Traceback" not in ran.message
    assert [part for part in parts if part not in ran.message] == []
    assert not out.exists()
    assert not list(out.parent.glob(".*"))


def test_all_unsupported_layers_are_named(tmp_path: Path, out: Path) -> None:
    (tmp_path / "net.py").write_text(UNSUPPORTED)
    ran = e3ne("compile", f"{tmp_path}/net.py:make", "--input-shape", "1,8,8", "-o", out)
    refused(ran, out, "layer '1' (Sigmoid)", "layer '2' (Upsample)", "is not supported", "supported are:")


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("nowhere.mlir", "'nowhere.mlir' does not exist"),
        ("nowhere.pt2", "'nowhere.pt2' does not exist"),
        ("nowhere.py:make", "'nowhere.py' does not exist"),
        ("lenet6", "no reference network 'lenet6'; there are: lenet5, fang"),
    ],
)
def test_missing_models(out: Path, model: str, part: str) -> None:
    refused(e3ne("compile", model, "--input-shape", "1,8,8", "-o", out), out, part)


def test_a_pt2_that_is_none(tmp_path: Path, out: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"PK\x03\x04 once a program")
    ran = e3ne("compile", tmp_path / "net.pt2", "-o", out)
    refused(ran, out, "net.pt2' is not a program saved by torch.export.save")


def test_a_shape_is_needed(network: str, out: Path) -> None:
    refused(e3ne("compile", network, "-o", out), out, "--input-shape C,H,W, or --data")


@pytest.mark.parametrize("shape", ["8", "1,8", "1,8,8,8", "1,8,x", "0,8,8", "1,-8,8", "1,8,²", ""])
def test_broken_shapes(float_model: Path, out: Path, shape: str) -> None:
    ran = e3ne("compile", float_model, f"--input-shape={shape}", "-o", out)
    refused(ran, out, f"--input-shape is '{shape}'; three positive numbers C,H,W are needed")


def test_shapes_that_contradict(float_model: Path, data: Path, out: Path) -> None:
    refused(e3ne("compile", float_model, "--input-shape", "1,9,9", "-o", out), out, "(1, 8, 8), not of (1, 9, 9)")
    refused(e3ne("compile", "lenet5", "--input-shape", "3,32,32", "-o", out), out, "(1, 28, 28), not of (3, 32, 32)")
    ran = e3ne("compile", float_model, "--data", data, "--input-shape", "1,9,9", "-o", out)
    refused(ran, out, "--input-shape (1, 9, 9)", "--data (1, 8, 8)")


def test_one_wrong_option(float_model: Path, out: Path) -> None:
    ran = e3ne("compile", float_model, "--weight-bits", 0, "-o", out)
    refused(ran, out)
    assert ran.message == "e3ne: --weight-bits is 0; supported: 2 to 16\n"


def test_steps_beyond_the_encoding(float_model: Path, out: Path) -> None:
    ran = e3ne("compile", float_model, "--steps", 9, "-o", out)
    refused(ran, out)
    limit = "numbers of a neuron have at most 8 bits, those of #snn.radix<9> have 9"
    assert ran.message == f"e3ne: --steps is 9: {limit}\n"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--clock", 1, "--target-fps", 2_000_000), "--target-fps is 2000000.0: less than a cycle for an image"),
        (("--clock", 1, "--target-latency-us", 0.5), "--target-latency-us is 0.5: less than a cycle at --clock 1.0"),
        (("--budget", f"lut={'9' * 5000}"), "--budget has 'lut=9999999999999999...'; lut=COUNT is a whole number"),
    ],
)
def test_speeds_and_budgets_that_are_no_numbers_of_the_hardware(
    float_model: Path, out: Path, options: tuple[str | int, ...], part: str
) -> None:
    refused(e3ne("compile", float_model, "-o", out, *options), out, part)


def test_a_speed_of_one_cycle_is_no_mistake() -> None:
    assert Options(clock=1, target_fps=1e6, target_latency_us=1).limits["interval"] == 1


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' * 100_000])
def test_deep_decisions(float_model: Path, out: Path, tmp_path: Path, text: str) -> None:
    inside = tmp_path / "folder"
    inside.mkdir()
    (inside / "deep.json").write_text(text)
    ran = e3ne("compile", float_model, "--decisions", inside / "deep.json", "-o", out)
    refused(ran, out, "deep.json: cannot be read as JSON")


def test_text_is_no_pipeline(float_model: Path, out: Path) -> None:
    """A quote in an option ends no string of a pass, and makes no other option of it."""
    ran = e3ne("compile", float_model, "--weight-bits-by-layer", '0=3" method="max', "-o", out)
    refused(ran, out, "weight-bits-by-layer has '0=3\" method=\"max'; LAYER=BITS is needed, each layer once")
    ran = e3ne("compile", float_model, "--decisions", 'a"b\\c.json', "-o", out)
    refused(ran, out, 'a"b\\c.json: cannot be read as JSON')
    ran = e3ne("compile", float_model, "--decisions", "a\rb.json", "-o", out)
    refused(ran, out, "has the character '\\r', which cannot stand in a pipeline")


def test_all_wrong_options_are_named(float_model: Path, out: Path) -> None:
    wrong = {
        "encoding": "morse",
        "steps": "0",
        "weight-bits": "1",
        "granularity": "per_planet",
        "calibration": "guess",
        "fine-tune": "-1",
        "output": "spikes",
        "objective": "beauty",
        "interval": "-1",
        "latency": "-5",
        "target-fps": "-2.0",
        "clock": "0.0",
        "device": "abacus",
    }
    ran = e3ne("compile", float_model, "-o", out, *(f"--{name}={value}" for name, value in wrong.items()))
    refused(ran, out)
    lines = ran.message.removeprefix("e3ne: ").splitlines()
    found = dict(re.findall(r"^--([a-z-]+) is '?([^';]+)'?; supported: ", "\n".join(lines), re.MULTILINE))
    assert found == wrong
    assert len(lines) == len(wrong)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--steps", "four"), "--steps: invalid int value: 'four'"),
        (("--colour", "red"), "unrecognized arguments: --colour red"),
    ],
)
def test_what_the_parser_refuses(float_model: Path, out: Path, arguments: tuple[str, ...], part: str) -> None:
    refused(e3ne("compile", float_model, "-o", out, *arguments), out, part)


@pytest.mark.parametrize("budget", ["lut", "lut=0", "lut=-1", "ff=many", "uram=", "uram=0.5"])
def test_broken_budgets(float_model: Path, out: Path, budget: str) -> None:
    name, least = budget.partition("=")[0], 0 if budget.startswith("uram") else 1
    whole = f"{name}=COUNT is a whole number, {least} or more"
    refused(e3ne("compile", float_model, f"--budget={budget}", "-o", out), out, "--budget has", whole)


@pytest.mark.parametrize(("budget", "name"), [("lut=9,dsp=3", "dsp"), ("luts=4", "luts"), ("lut=4,,ff=3", "")])
def test_budgets_of_no_resource(float_model: Path, out: Path, budget: str, name: str) -> None:
    ran = e3ne("compile", float_model, f"--budget={budget}", "-o", out)
    refused(ran, out, f"{name!r} is no resource", "lut=COUNT, ff=COUNT, bram=COUNT, uram=COUNT")


def test_limits_that_nothing_meets(float_model: Path, data: Path, out: Path) -> None:
    ran = e3ne("compile", float_model, "--data", data, "--latency", 3, "--budget", "lut=9000", "-o", out)
    refused(ran, out, "no choice of the hardware meets all limits", "within the budget a latency of ", " LUT, ")


def test_decisions_that_do_not_fit(float_model: Path, data: Path, out: Path, tmp_path: Path) -> None:
    inside = tmp_path / "folder"
    inside.mkdir()
    (inside / "decisions.json").write_text('{"fc": {"output_lanes": 4}}')
    ran = e3ne("compile", float_model, "--data", data, "--decisions", inside / "decisions.json", "-o", out)
    refused(ran, out, "decisions.json: there is no unit fc; units: ")


def test_fine_tuning_needs_labels(float_model: Path, out: Path) -> None:
    refused(e3ne("compile", float_model, "--fine-tune", 2, "-o", out), out, "--fine-tune needs labels")


@pytest.fixture
def model(tiny: Design, tmp_path: Path) -> Path:
    """A copy of the tiny network with its parameter file, to be broken."""
    for path in (tiny.folder / "ir").glob("00-float*"):
        shutil.copy(path, tmp_path)
    return tmp_path / "00-float.mlir"


def parameters(model: Path) -> Path:
    return model.with_name("00-float-parameters.safetensors")


def test_a_truncated_parameter_file(model: Path, out: Path) -> None:
    content = parameters(model).read_bytes()
    parameters(model).write_bytes(content[: len(content) - 7])
    refused(e3ne("compile", model, "-o", out), out, "00-float-parameters.safetensors", "cannot be read")


def test_a_parameter_file_of_another_network(model: Path, out: Path) -> None:
    tensors = load_file(parameters(model))
    (name,) = tensors
    save_file({name: tensors[name] + 1}, parameters(model))
    refused(e3ne("compile", model, "-o", out), out, f"tensor '{name}'", "is not the one this text was written with")


def test_a_missing_parameter_file(model: Path, out: Path) -> None:
    parameters(model).unlink()
    refused(e3ne("compile", model, "-o", out), out, "00-float-parameters.safetensors' does not exist")


def test_text_that_is_no_module(model: Path, out: Path) -> None:
    model.write_text(model.read_text().replace("snn.conv2d", "snn.conv9d"))
    refused(e3ne("compile", model, "-o", out), out, "00-float.mlir' is not valid", "snn.conv9d")


def test_a_network_of_integers(tiny: Design, out: Path) -> None:
    ran = e3ne("compile", tiny.folder / "ir" / "03-integer.mlir", "--steps", "6", "--fine-tune", "2", "-o", out)
    refused(ran, out, "is quantised: --steps, --fine-tune cannot change its bits any more")


IMAGES: dict[str, tuple[np.ndarray, str]] = {
    "of another network": (np.zeros((3, 1, 8, 9)), "takes images of (1, 8, 8), not of (1, 8, 9)"),
    "flat": (np.zeros((3, 64)), "x has shape (3, 64); images are N×C×H×W"),
    "none": (np.zeros((0, 1, 8, 8)), "x has shape (0, 1, 8, 8)"),
    "not a number": (np.full((3, 1, 8, 8), np.nan), "x has values outside 0 to 1"),
    "infinite": (np.full((3, 1, 8, 8), np.inf), "x has values outside 0 to 1"),
    "above 1": (np.full((3, 1, 8, 8), 1.5), "x has values outside 0 to 1"),
    "integers": (np.ones((3, 1, 8, 8), np.int32), "x holds int32; floats in 0 to 1 or bytes are supported"),
    "pickled": (np.array([{"x": 1}], dtype=object), "is not an .npy file, or an .npz file with an array x"),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_broken_images(float_model: Path, tmp_path: Path, out: Path, kind: str) -> None:
    images, part = IMAGES[kind]
    np.save(tmp_path / "images.npy", images)
    ran = e3ne("compile", float_model, "--data", tmp_path / "images.npy", "-o", out)
    refused(ran, out, part)
    if kind != "of another network":
        assert ran.message.startswith(f"e3ne: --data {tmp_path}") or ran.message.startswith(f"e3ne: --data: {tmp_path}")


def test_broken_archives(float_model: Path, tmp_path: Path, out: Path) -> None:
    file = tmp_path / "images.npz"
    command = ("compile", float_model, "-o", out, "--data", file)
    refused(e3ne(*command), out, "--data: there is no file")
    np.savez(file, images=np.zeros((3, 1, 8, 8)))
    refused(e3ne(*command), out, "--data: ", "an .npz file with an array x")
    np.savez(file, x=np.zeros((3, 1, 8, 9), np.int8), y=np.zeros(4))
    refused(e3ne(*command), out, "x holds int8", "y must hold 3 integers")
    np.savez(file, x=np.zeros((3, 1, 8, 8)))
    file.write_bytes(file.read_bytes()[:100])
    refused(e3ne(*command), out, "is not an .npy file, or an .npz file")
    refused(e3ne(*command[:-1], tmp_path), out, "it is a folder, not a file")


def test_broken_test_data(float_model: Path, data: Path, tmp_path: Path, out: Path) -> None:
    command = ("compile", float_model, "-o", out, "--data", data, "--test-data", tmp_path / "test.npy")
    refused(e3ne(*command), out, "--test-data: there is no file")
    np.save(tmp_path / "test.npy", np.zeros((3, 1, 9, 9)))
    refused(e3ne(*command), out, "--test-data (1, 9, 9)", "--data (1, 8, 8)")


COMMANDS = ("check", "simulate", "toggles", "synth", "report")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["missing", "empty", "another's", "without modules", "garbage"])
def test_folders_that_are_no_designs(tiny: Design, tmp_path: Path, command: str, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind != "missing":
        folder.mkdir()
    if kind == "another's":
        (folder / "report.json").write_text('["tests", "passed"]')
    elif kind == "garbage":
        (folder / "report.json").write_bytes(b"\xff{")
    elif kind == "without modules":
        shutil.copy(tiny.folder / "report.json", folder)
    before = contents(tmp_path)
    ran = e3ne(command, folder)
    if (command, kind) == ("report", "without modules"):
        # what the report says, it says of itself
        assert ran.status == 0
        return
    assert (ran.status, ran.output) == (2, "")
    assert ran.message.startswith("e3ne: ")
    assert len(ran.message.splitlines()) == 1
    assert str(folder) in ran.message
    assert contents(tmp_path) == before


@pytest.mark.parametrize("command", ["check", "simulate", "toggles"])
def test_images_of_another_shape(tiny: Design, tmp_path: Path, command: str) -> None:
    np.save(tmp_path / "images.npy", np.zeros((2, 1, 9, 9)))
    ran = e3ne(command, tiny.folder, "--data", tmp_path / "images.npy")
    assert (ran.status, ran.output) == (2, "")
    assert "images of shape (1, 9, 9), but" in ran.message
    assert e3ne(command, tiny.folder, "--count", "0").status == 2


def test_from_a_shell(float_model: Path, out: Path) -> None:
    command = [sys.executable, "-m", "e3ne.cli", "compile", str(float_model), "-o", str(out)]
    run = subprocess.run([*command, "--weight-bits", "0"], capture_output=True, text=True, check=False)
    refused(Ran(run.returncode, run.stdout, run.stderr), out, "--weight-bits is 0")


def test_help_starts_without_heavy_libraries() -> None:
    script = "import sys; sys.argv[1:] = ['--help']; from e3ne.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    script += "print([m for m in ('torch', 'xdsl', 'networkx') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "COMMAND" in run.stdout
    assert run.stdout.splitlines()[-1] == "[]"
