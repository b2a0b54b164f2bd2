"""Whatever a user may name as a model, and every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from e3ne.dialects.snn import externalise, find_network
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model

NETWORK = """
import torch
from torch import nn
from helper import SIZE

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, SIZE, 3), nn.ReLU(), nn.Flatten(), nn.Linear(SIZE * 4, 3))

def fails():
    raise RuntimeError("no such data")

def wrong():
    return 3

def needs(argument):
    return make()

number = 4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("SIZE = 20\n")
    path = tmp_path / "my net.py"
    path.write_text(NETWORK)
    return path


def test_factory(file: Path) -> None:
    module = load_model(f"{file}:make", (1, 4, 4))
    module.verify()
    assert find_network(module).sym_name.data == "my_net"


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("missing", "has no function 'missing'"),
        ("fails", "function 'fails' of model file .* failed: RuntimeError: no such data"),
        ("wrong", "must return a torch.nn.Module, not int"),
        ("needs", "failed: TypeError"),
        ("number", "'number' in model file .* is not a function but int"),
    ],
)
def test_factory_mistakes(file: Path, factory: str, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        load_model(f"{file}:{factory}", (1, 4, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def make(:", "SyntaxError"),
        ("import nothing_like_it", "ModuleNotFoundError"),
        ("exit(0)", "ended the program"),
    ],
)
def test_files_that_do_not_load(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(E3neError, match=message):
        load_model(f"{tmp_path / 'bad.py'}:make", (1, 4, 4))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere.py:make", "'nowhere.py' does not exist"),
        ("nowhere.py", "as in 'nowhere.py:make_network'"),
        ("nowhere.pt2", "'nowhere.pt2' does not exist"),
        ("nowhere.mlir", "'nowhere.mlir' does not exist"),
        ("nonsense", "no reference network 'nonsense'; .*a model is a name from 'e3ne models'"),
    ],
)
def test_missing(spec: str, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        load_model(spec, (1, 4, 4))


def test_factory_needs_a_shape(file: Path) -> None:
    with pytest.raises(E3neError, match="--input-shape"):
        load_model(f"{file}:make", None)


def test_exported_program(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).eval()
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(model, (torch.zeros(1, 1, 4, 4),)), path)
    module = load_model(str(path), None)
    assert find_network(module).sym_name.data == "net"
    with pytest.raises(E3neError, match=r"takes images of \(1, 4, 4\), not of \(1, 5, 5\)"):
        load_model(str(path), (1, 5, 5))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_broken_exported_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.pt2"
    path.write_bytes(content)
    with pytest.raises(E3neError, match=r"is not a program saved by torch.export.save"):
        load_model(str(path), None)


def test_mlir_round_trip(file: Path, tmp_path: Path) -> None:
    module = load_model(f"{file}:make", (1, 4, 4))
    path = tmp_path / "net.mlir"
    path.write_text(str(externalise(module, tmp_path, "net")))
    again = load_model(str(path), (1, 4, 4))
    assert str(again) == path.read_text()
    (tmp_path / "net.safetensors").unlink()
    with pytest.raises(E3neError, match=r"'net.safetensors' does not exist"):
        load_model(str(path), (1, 4, 4))


def test_broken_mlir(tmp_path: Path) -> None:
    path = tmp_path / "net.mlir"
    path.write_text("builtin.module {")
    with pytest.raises(E3neError, match="is not valid"):
        load_model(str(path), None)
    path.write_text("builtin.module {}")
    with pytest.raises(E3neError, match=r"exactly one snn.network"):
        load_model(str(path), None)
