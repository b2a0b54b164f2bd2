"""The interface for Python: e3ne.compile, and the design that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

import e3ne
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.semantics.snn import run_network
from tests.cli.command import contents, verilog


def make() -> nn.Module:
    """The tiny network of conftest.py."""
    torch.default_generator.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)).eval()


@pytest.fixture(scope="module")
def design(dataset: Dataset) -> e3ne.CompiledDesign:
    return e3ne.compile(make(), dataset.images, labels=dataset.labels, name="net")


def test_runs_as_the_integer_network(design: e3ne.CompiledDesign) -> None:
    images = np.random.default_rng(3).random((150, 1, 8, 8), dtype=np.float32)
    found = design(images)
    assert (found.shape, found.dtype) == ((150, 5), np.int64)
    assert np.array_equal(found, run_network(design.compilation.modules["integer"], images).outputs[0])
    assert np.ptp(found, axis=0).min() > 0


def test_takes_bytes_too(design: e3ne.CompiledDesign) -> None:
    raw = np.random.default_rng(4).integers(0, 256, (6, 1, 8, 8)).astype(np.uint8)
    assert np.array_equal(design(raw), design(raw.astype(np.float32) / 255))
    assert not np.array_equal(design(raw), design(raw // 2))


def test_report_and_files_are_those_of_the_command(design: e3ne.CompiledDesign, tiny: Design, tmp_path: Path) -> None:
    written = design.write(tmp_path / "out")
    assert verilog(written) == verilog(tiny)
    assert set(contents(written.folder)) == set(contents(tiny.folder))
    assert written.report == design.report
    differing = {key for key in tiny.report if tiny.report[key] != written.report[key]}
    # only the names of the images and the time it took
    assert differing <= {"calibration", "accuracy", "compile_seconds"}
    accuracies = [cast(dict[str, object], report["accuracy"]) for report in (tiny.report, written.report)]
    assert [accuracies[0] | {"origin": ""}] == [accuracies[1] | {"origin": ""}]


def test_options_and_classes(dataset: Dataset) -> None:
    options = e3ne.Options(steps=2, weight_bits=3, output="class")
    design = e3ne.compile(make(), dataset.images, options)
    assert cast(dict[str, object], design.report["options"])["weight_bits"] == 3
    assert "accuracy" not in design.report
    scores = design(dataset.images)
    assert scores.shape == (40, 1)
    assert np.array_equal(scores, run_network(design.compilation.modules["integer"], dataset.images).outputs[0])


def test_the_model_stays_as_it_was(dataset: Dataset) -> None:
    model = make().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    e3ne.compile(model, dataset.images[:4])
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 1, 9, 8)), r"images of shape \(1, 9, 8\), but net takes \(1, 8, 8\)"),
        (np.full((2, 1, 8, 8), np.nan), "images: x has values outside 0 to 1"),
        (np.full((2, 1, 8, 8), 255.0), "images: x has values outside 0 to 1"),
        (np.zeros((8, 8)), r"images: x has shape \(8, 8\)"),
    ],
)
def test_broken_images(design: e3ne.CompiledDesign, images: np.ndarray, message: str) -> None:
    with pytest.raises(e3ne.E3neError, match=message):
        design(images)


def test_broken_arguments(dataset: Dataset) -> None:
    with pytest.raises(e3ne.E3neError, match=r"images: y must hold 40 integers"):
        e3ne.compile(make(), dataset.images, labels=np.zeros(3, np.int64))
    with pytest.raises(e3ne.E3neError, match=r"--steps is 0.*\n--interval is -1"):
        e3ne.compile(make(), dataset.images, e3ne.Options(steps=0, interval=-1))
    with pytest.raises(e3ne.E3neError, match=r"layer '0' \(Tanh\).*is not supported"):
        e3ne.compile(nn.Sequential(nn.Tanh(), nn.Flatten(), nn.Linear(64, 2)), dataset.images)
    with pytest.raises(e3ne.E3neError, match="--fine-tune needs labels"):
        e3ne.compile(make(), dataset.images, e3ne.Options(fine_tune=1))


def test_a_folder_that_is_not_ours(design: e3ne.CompiledDesign, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(e3ne.E3neError, match="is not an output of e3ne"):
        design.write(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"years of work"}


def test_names() -> None:
    assert {"CompiledDesign", "E3neError", "Options", "compile"} == set(e3ne.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'compute'"):
        _ = e3ne.compute  # type: ignore[attr-defined]
