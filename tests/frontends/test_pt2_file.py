"""A .pt2 file that would execute something, or fill the memory, is refused before it does."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.frontends import pt2_file
from e3ne.frontends.model_source import load_model

Members = dict[str, bytes]
PROGRAM, CONSTANTS, INPUTS = "models/model.json", "data/constants/model_constants_config.json", "data/sample_inputs/"


class Touch:
    """When it is unpickled, a file appears."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The members of a small program's file."""
    file = tmp_path_factory.mktemp("good") / "net.pt2"
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    torch.export.save(torch.export.export(network, (torch.zeros(1, 1, 4, 4),)), file)
    with zipfile.ZipFile(file) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def written(members: Members, file: Path) -> str:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"net/{name}", content)
    return str(file)


def saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def constant(path: str, *, use_pickle: bool) -> bytes:
    entry = {"path_name": path, "is_param": False, "use_pickle": use_pickle, "tensor_meta": None}
    return json.dumps({"config": {"c": entry}}).encode()


def pickled_inputs(members: Members, mark: Path) -> None:
    members[f"{INPUTS}model.pt"] = saved(Touch(mark))


def pickled_weights(members: Members, mark: Path) -> None:
    members["data/weights/model.pt"] = saved(Touch(mark))


def pickled_tensor(members: Members, mark: Path) -> None:
    members[CONSTANTS] = constant("tensor_0", use_pickle=True)
    members["data/constants/tensor_0"] = saved(Touch(mark))


def pickled_object(members: Members, mark: Path) -> None:
    members[CONSTANTS] = constant("opaque_obj_0", use_pickle=True)
    members["data/constants/opaque_obj_0"] = pickle.dumps(Touch(mark))


def evaluated_size(members: Members, mark: Path) -> None:
    program = json.loads(members[PROGRAM])
    call = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    for value in program["graph_module"]["graph"]["tensor_values"].values():
        value["sizes"][0] = {"as_expr": {"expr_str": call, "hint": None}}
    members[PROGRAM] = json.dumps(program).encode()


def compiled_library(members: Members, mark: Path) -> None:
    del mark
    members["data/aotinductor/model/net.so"] = b"\x7fELF"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (pickled_inputs, "'data/sample_inputs/model.pt' holds more than tensors"),
        (pickled_weights, "'data/weights/model.pt' holds more than tensors"),
        (pickled_tensor, "'data/constants/tensor_0' holds more than tensors"),
        (pickled_object, "its constant 'opaque_obj_0' is an object"),
        (evaluated_size, "where a size is expected"),
        (compiled_library, "'data/aotinductor/model/net.so' is not of an exported program"),
    ],
)
def test_code_is_not_executed(
    good: Members, tmp_path: Path, damage: Callable[[Members, Path], None], message: str
) -> None:
    members, mark = dict(good), tmp_path / "executed"
    damage(members, mark)
    with pytest.raises(E3neError, match=r"is not a program saved by torch\.export\.save") as error:
        load_model(written(members, tmp_path / "net.pt2"), None)
    assert message in str(error.value)
    assert not mark.exists()


def test_the_same_file_without_harm(good: Members, tmp_path: Path) -> None:
    load_model(written(good, tmp_path / "net.pt2"), None).verify()


def test_large_archives(good: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes are those that the archive's directory names: nothing is unpacked to find them."""
    file = written({**good, "extra/zeros": bytes(1 << 20)}, tmp_path / "net.pt2")
    assert Path(file).stat().st_size < 1 << 16
    load_model(file, None).verify()
    monkeypatch.setattr(pt2_file, "MOST_BYTES", 1 << 20)
    with pytest.raises(E3neError, match=r"members of 1,\d+,\d+ bytes; at most 100,000 of 1,048,576 are supported"):
        load_model(file, None)


def test_guards_are_left_out(good: Members, tmp_path: Path) -> None:
    """PyTorch evaluates them as Python when a program is simplified."""
    program = json.loads(good[PROGRAM])
    program["guards_code"] = [f"__import__('pathlib').Path({str(tmp_path / 'mark')!r}).touch()"]
    load_model(written({**good, PROGRAM: json.dumps(program).encode()}, tmp_path / "net.pt2"), None)
    assert [path.name for path in tmp_path.iterdir()] == ["net.pt2"]


@pytest.mark.parametrize("target", ["torch.os.system", "torch.load", "builtins.exec", "torch.ops.evil.run"])
def test_a_graph_calls_operators_alone(good: Members, tmp_path: Path, target: str) -> None:
    program = json.loads(good[PROGRAM])
    program["graph_module"]["graph"]["nodes"][0]["target"] = target
    file = written({**good, PROGRAM: json.dumps(program).encode()}, tmp_path / "net.pt2")
    with pytest.raises(E3neError, match=f"'{target}' where an operator of PyTorch is expected"):
        load_model(file, None)


def test_arguments_are_plain_containers(good: Members, tmp_path: Path) -> None:
    program = json.loads(good[PROGRAM])
    tree = [1, {"type": "collections.defaultdict", "context": "{}", "children_spec": []}]
    program["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = json.dumps(tree)
    file = written({**good, PROGRAM: json.dumps(program).encode()}, tmp_path / "net.pt2")
    with pytest.raises(E3neError, match=r"arguments in a 'collections\.defaultdict'"):
        load_model(file, None)
