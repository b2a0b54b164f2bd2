"""`python -m benchmarks.qonnx`: options, packages, and the exit status, which says whether anything differs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from rich.table import Table

from benchmarks import qonnx
from e3ne.models import mnist
from e3ne.semantics.snn import run_network
from tests.frontends.onnx_graphs import Graph, integers


def network() -> Graph:
    """A linear network on digits."""
    rng, graph = np.random.default_rng(0), Graph((1, 1, 28, 28)).activation(1 / 15, 4)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 5, 5), 1.0, 3), strides=[4, 4]).then("Relu")
    graph.activation(0.7, 4).then("Flatten")
    return graph.then("MatMul", graph.weights(integers(rng, 72, 10), 1.0, 3))


@pytest.mark.parametrize(("code", "label"), [(0, 0), (1, 0), (0, 1), (2, 3)])
def test_what_differs_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, label: int) -> None:
    """Of so many codes and classes that the executor gives otherwise."""

    def executed(file: Path, images: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        run = run_network(qonnx.read_onnx(file), images, keep=True)
        codes = [run.values[name].astype(np.int64) for name in run.values if name[1] in ("encode", "neuron")]
        scores = run.outputs[0].copy()
        codes[-1].reshape(-1)[:code] += 1
        scores[:label] = -scores[:label]
        return codes, scores

    monkeypatch.setattr(qonnx, "executed", executed)
    table, differences = qonnx.compare(network().save(tmp_path), mnist.test()[:20])
    assert differences == code + label
    assert "20" in list(table.columns[2].cells)


@pytest.mark.parametrize(("differences", "status"), [(0, 0), (3, 1)])
def test_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, differences: int, status: int) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(qonnx, "train", lambda epochs: None)
    monkeypatch.setattr(qonnx, "export", lambda model, file: None)
    monkeypatch.setattr(qonnx, "accuracy", lambda model, images, labels: 1.0)
    monkeypatch.setattr(qonnx, "compare", lambda file, digits: (Table("layer"), differences))
    assert qonnx.main(["-o", str(tmp_path), "--count", "20"]) == status


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--count", "0"], "--count is 0; there are 1 to 2000 test digits"),
        (["--count", "-5"], "--count is -5"),
        (["--count", "2001"], "--count is 2001"),
        (["--epochs", "0"], "--epochs is 0; training takes at least 1"),
    ],
)
def test_wrong_options(tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        qonnx.main(["-o", str(tmp_path / "out"), *options])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_missing_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert qonnx.main(["-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "not installed: brevitas, qonnx (make interop installs them)\n"
    assert not (tmp_path / "out").exists()
