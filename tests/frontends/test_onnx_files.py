"""ONNX files from strangers: each mistake is one message, and nothing outside the file is touched."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.frontends.onnx import source
from tests.frontends.onnx_graphs import Graph, onnx

RNG = np.random.default_rng(0)


def network() -> onnx.ModelProto:
    graph = Graph().activation(1 / 255, 8)
    graph.then("Conv", graph.weights(RNG.integers(-3, 4, (2, 1, 3, 3)), 1.0, 3), name="conv")
    graph.norm([1, 2], [0, 0], [0, 0], [1, 1])
    graph.then("Relu").activation(0.5, 3).then("Reshape", graph.tensor(np.array([1, -1])))
    return graph.then("MatMul", graph.weights(RNG.integers(-3, 4, (32, 2)), 1.0, 3), name="last").model()


def message(content: bytes | onnx.ModelProto, folder: Path) -> str:
    path = folder / "net.onnx"
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    with pytest.raises(E3neError) as error:
        load_model(str(path), None)
    return str(error.value)


def test_the_network_itself(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(network().SerializeToString())
    module = load_model(str(tmp_path / "net.onnx"), (1, 6, 6))
    assert "snn.requantize" in str(module)
    with pytest.raises(E3neError, match=r"takes images of \(1, 6, 6\), not of \(1, 5, 5\)"):
        load_model(str(tmp_path / "net.onnx"), (1, 5, 5))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(E3neError, match=r"'.*nowhere.onnx' does not exist"):
        load_model(str(tmp_path / "nowhere.onnx"), None)
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(E3neError, match="is a folder, not a file"):
        load_model(str(tmp_path / "folder.onnx"), None)


def test_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert message(network(), tmp_path) == "the package onnx is needed for this model: pip install 'e3ne[onnx]'"


@pytest.mark.parametrize("content", [b"not protobuf at all", b"\xff" * 100, network().SerializeToString()[:-20]])
def test_what_is_no_onnx(tmp_path: Path, content: bytes) -> None:
    assert "is not an ONNX file: DecodeError" in message(content, tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    text = message(b"", tmp_path)
    for wanted in ("must have one input, not 0", "must have one output, not 0", "those of version 0"):
        assert wanted in text


def test_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_BYTES", 100)
    assert "bytes; at most 100 are read" in message(network(), tmp_path)
    monkeypatch.setattr(source, "MOST_BYTES", 10_000)
    monkeypatch.setattr(source, "MOST_NODES", 5)
    assert "nodes; at most 5 are read" in message(network(), tmp_path)


def weight(model: onnx.ModelProto) -> onnx.TensorProto:
    """The first convolution's."""
    return next(tensor for tensor in model.graph.initializer if list(tensor.dims) == [2, 1, 3, 3])


def elsewhere(model: onnx.ModelProto, folder: Path) -> None:
    secret = folder.parent / "secret.bin"
    secret.write_bytes(weight(model).raw_data)
    tensor = weight(model)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")


def dims(*sizes: int) -> Callable[[onnx.ModelProto, Path], None]:
    def change(model: onnx.ModelProto, folder: Path) -> None:
        tensor = weight(model)
        del tensor.dims[:]
        tensor.dims.extend(sizes)

    return change


def kind(number: int) -> Callable[[onnx.ModelProto, Path], None]:
    def change(model: onnx.ModelProto, folder: Path) -> None:
        weight(model).data_type = number

    return change


def image(*sizes: object, element: int = onnx.TensorProto.FLOAT) -> Callable[[onnx.ModelProto, Path], None]:
    def change(model: onnx.ModelProto, folder: Path) -> None:
        model.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("image", element, sizes))

    return change


def twice(model: onnx.ModelProto, folder: Path) -> None:
    model.graph.input.append(onnx.helper.make_tensor_value_info("other", onnx.TensorProto.FLOAT, [1]))
    model.graph.output.append(model.graph.output[0])


def other_output(model: onnx.ModelProto, folder: Path) -> None:
    model.graph.output[0].name = model.graph.node[1].output[0]


def same_result(model: onnx.ModelProto, folder: Path) -> None:
    model.graph.node[-1].output[0] = "image"


def no_result(model: onnx.ModelProto, folder: Path) -> None:
    del model.graph.node[-1].output[:]
    model.graph.output[0].name = model.graph.node[-2].output[0]


def subgraph(model: onnx.ModelProto, folder: Path) -> None:
    model.graph.node[2].attribute.append(onnx.helper.make_attribute("body", model.graph))


def old(model: onnx.ModelProto, folder: Path) -> None:
    model.opset_import[0].version = 8


CHANGES = {
    "a parameter elsewhere": (elsewhere, "is kept in another file; save the model with its parameters inside"),
    "negative size": (dims(2, -1, 3, 3), "has shape (2, -1, 3, 3); sizes are positive"),
    "absurd size": (dims(2**40, 2**40), "elements are read"),
    "no size": (dims(0), "of shape (0,) cannot be read"),
    "another size": (dims(2, 1, 3, 4), "of shape (2, 1, 3, 4) cannot be read"),
    "text": (kind(onnx.TensorProto.STRING), "parameter 't3' holds STRING, which is not supported"),
    "complex numbers": (kind(onnx.TensorProto.COMPLEX64), "parameter 't3' holds COMPLEX64"),
    "no type": (kind(0), "parameter 't3' holds UNDEFINED"),
    "no such type": (kind(77), "parameter 't3' holds numbers of type 77, which nobody knows"),
    "three sizes": (image(1, 6, 6), "must have the shape 1 x C x H x W of one image (1 may be left open), not 1 x 6"),
    "two images": (image(2, 1, 6, 6), "not 2 x 1 x 6 x 6"),
    "open height": (image(1, 1, "rows", 6), "not 1 x 1 x rows x 6"),
    "absurd image": (image(1, 2**20, 2**20, 2**20), "has more than"),
    "integers": (image(1, 1, 6, 6, element=onnx.TensorProto.INT64), "input 'image' must hold float32 numbers"),
    "two of all": (twice, "the network must have one input, not 2\n  - the network must have one output, not 2"),
    "output in the middle": (other_output, "is a constant: a network is a chain"),
    "results of one name": (same_result, "node 'last' (MatMul): its result 'image' is also another's"),
    "no result": (no_result, "(MatMul): it gives no result"),
    "subgraph": (subgraph, "node 'conv' (Conv): its body is of a kind that is not supported"),
    "version 8": (old, "its operators are those of version 8; versions from 9 on are supported"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_wrong_with_a_file(tmp_path: Path, name: str) -> None:
    change, wanted = CHANGES[name]
    model, folder = network(), tmp_path / "folder"
    folder.mkdir()
    change(model, folder)
    text = message(model, folder)
    assert wanted in text
    assert text.count("\n  - ") == len(wanted.splitlines()) + (name == "results of one name")


def test_damaged_files_are_never_a_traceback(tmp_path: Path) -> None:
    """A few bytes of a good file changed: refused with a message, or still a network."""
    content, rng, path = network().SerializeToString(), np.random.default_rng(1), tmp_path / "net.onnx"
    refused = 0
    for _ in range(250):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            load_model(str(path), None).verify()
        except E3neError:
            refused += 1
    assert refused > 50
