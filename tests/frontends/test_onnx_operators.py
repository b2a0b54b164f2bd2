"""ONNX operators whose meaning is in a detail: an attribute, a domain, a type, a size."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from e3ne.dialects.snn import EncodeOp, RadixAttr, RequantizeOp, find_network
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.frontends.onnx.chain import read_chain
from e3ne.frontends.onnx.source import read_graph
from tests.frontends.onnx_graphs import QONNX, Graph, conv, head, onnx, start


def message(graph: Graph | onnx.ModelProto, folder: Path) -> str:
    """What is said of a network that is refused."""
    model = graph.model() if isinstance(graph, Graph) else graph
    onnx.save(model, folder / "net.onnx")
    with pytest.raises(E3neError) as error:
        load_model(str(folder / "net.onnx"), None)
    return str(error.value)


def reshaped(**slices: int) -> Graph:
    """A network that flattens to the number that stands first among some sizes of (1, 4, 3, 3), which must be 1."""
    graph = Graph((1, 4, 3, 3), opset=17)
    graph.then("Conv", graph.tensor(np.ones((4, 4, 1, 1)))).then("Relu")
    sizes = graph.node("Shape", graph.value, **slices)
    first = graph.node("Gather", sizes, graph.tensor(np.array([0])), axis=0)
    graph.then("Reshape", graph.node("Concat", first, graph.tensor(np.array([-1])), axis=0))
    return graph.then("MatMul", graph.tensor(np.ones((36, 2))))


@pytest.mark.parametrize("slices", [{}, {"start": 0, "end": 1}, {"start": -4}, {"start": -9, "end": 99}])
def test_sizes_from_the_batch_on(tmp_path: Path, slices: dict[str, int]) -> None:
    load_model(str(reshaped(**slices).save(tmp_path)), None)


@pytest.mark.parametrize("slices", [{"start": 1}, {"start": -3, "end": 2}])
def test_sizes_from_the_channels_on(tmp_path: Path, slices: dict[str, int]) -> None:
    assert "not (1, 4, 3, 3) to (4, 9)" in message(reshaped(**slices), tmp_path)


@pytest.mark.parametrize("slices", [{"start": 4}, {"start": 2, "end": 1}, {"end": -4}])
def test_no_sizes(tmp_path: Path, slices: dict[str, int]) -> None:
    assert "has no elements" in message(reshaped(**slices), tmp_path)


def linear(zero: type | None = None, **fields: object) -> Graph:
    """A network whose activation has a QuantizeLinear with these attributes."""
    graph = start().then("Relu")
    numbers = [graph.tensor(np.array(0.5))]
    zeros = [] if zero is None else [graph.tensor(np.array(0), zero)]
    graph.then("QuantizeLinear", *numbers, *zeros, **fields)
    return head(graph.then("DequantizeLinear", *numbers, *zeros))


def test_many_nodes_of_one_name(tmp_path: Path) -> None:
    """All get names of their own, in a time that grows with their number and not with its square."""
    graph = Graph()
    graph.then("Conv", graph.tensor(np.ones((1, 1, 3, 3))), name="same")
    for _ in range(12_000):
        graph.then("Relu", name="same")
    raw = read_graph(graph.save(tmp_path))
    begin = time.process_time()
    layers = read_chain(raw).layers
    assert time.process_time() - begin < 3
    assert [layer.name for layer in layers] == ["same", *(f"same_{number}" for number in range(1, 12_001))]


UINT8, INT8, UINT4, INT32 = (getattr(onnx.TensorProto, name) for name in ("UINT8", "INT8", "UINT4", "INT32"))
STEPS = [(None, {}, 8), (None, {"output_dtype": INT8}, 7), (None, {"output_dtype": UINT4}, 4), (np.int8, {}, 7)]


@pytest.mark.parametrize(("zero", "fields", "steps"), [*STEPS, (np.uint8, {"output_dtype": UINT8}, 8)])
def test_types_of_codes(tmp_path: Path, zero: type | None, fields: dict[str, object], steps: int) -> None:
    network = find_network(load_model(str(linear(zero, **fields).save(tmp_path)), None))
    encodings = [op.encoding for op in network.layers() if isinstance(op, EncodeOp | RequantizeOp)]
    assert encodings == [RadixAttr.of(8), RadixAttr.of(steps)]


@pytest.mark.parametrize(
    ("zero", "fields", "wanted"),
    [
        (np.uint8, {"output_dtype": INT8}, "its output_dtype is not the type of its zero point"),
        (None, {"output_dtype": onnx.TensorProto.FLOAT8E4M3FN}, "its type 17 is not that of numbers"),
        (None, {"output_dtype": onnx.TensorProto.FLOAT}, "it holds float32, not integers"),
        (None, {"output_dtype": 99}, "its type 99 is not that of numbers"),
        (None, {"block_size": 2}, "its scale is by blocks"),
    ],
)
def test_types_that_are_refused(tmp_path: Path, zero: type | None, fields: dict[str, object], wanted: str) -> None:
    assert wanted in message(linear(zero, **fields), tmp_path)


def test_blocks_of_weights(tmp_path: Path) -> None:
    graph = Graph().activation(1 / 255, 8).then("Flatten")
    codes = graph.tensor(np.ones((36, 2)), np.int8)
    weights = graph.node("DequantizeLinear", codes, graph.tensor(np.ones((2, 2))), axis=0, block_size=18)
    assert "its scale is by blocks" in message(graph.then("MatMul", weights), tmp_path)


def activation(domain: str, kind: str = "Relu", **fields: object) -> Graph:
    """A network with a node of a domain of its own."""
    graph = Graph()
    graph.then("Conv", graph.tensor(np.ones((1, 1, 3, 3)))).then(kind, name="act", domain=domain, **fields)
    return graph


@pytest.mark.parametrize("domain", ["my.functions", QONNX, "com.microsoft", "AI.ONNX"])
def test_operators_of_another_domain(tmp_path: Path, domain: str) -> None:
    wanted = f"node 'act' (Relu): it is of the domain '{domain}', which is not supported"
    assert wanted in message(head(activation(domain)), tmp_path)


def test_channels_last(tmp_path: Path) -> None:
    domain = "qonnx.custom_op.channels_last"
    graph = head(activation(domain, "MaxPool", kernel_shape=[2, 2], strides=[2, 2]), 4)
    assert f"(MaxPool): it is of the domain '{domain}'" in message(graph, tmp_path)


def test_the_domain_of_onnx(tmp_path: Path) -> None:
    graph = activation("ai.onnx").then("Flatten")
    load_model(str(graph.then("MatMul", graph.tensor(np.ones((16, 2)))).save(tmp_path)), None)


@pytest.mark.parametrize("domain", ["finn.custom_op.general", "onnx.brevitas", QONNX])
def test_earlier_names_of_qonnx(tmp_path: Path, domain: str) -> None:
    model = head(start().then("Relu").activation(0.5, 3)).model()
    for node in model.graph.node:
        node.domain = node.domain and domain
    onnx.save(model, tmp_path / "net.onnx")
    load_model(str(tmp_path / "net.onnx"), None)


@pytest.mark.parametrize(("kind", "domain"), [("Quant", ""), ("Quant", "my.own"), ("Trunc", "my.own")])
def test_quantisers_of_another_domain(tmp_path: Path, kind: str, domain: str) -> None:
    model = head(start().then("Relu").activation(0.5, 3)).model()
    for node in model.graph.node:
        if node.domain:
            node.domain, node.op_type = domain, kind
    assert f"({kind}): it is of the domain '{domain}'" in message(model, tmp_path)


@pytest.mark.parametrize("domain", ["", "my.functions"])
def test_functions_of_the_file(tmp_path: Path, domain: str) -> None:
    """A Relu that gives the negative number is no Relu, whatever its domain."""
    model = head(activation(domain)).model()
    body = [onnx.helper.make_node("Neg", ["x"], ["y"])]
    opsets = [onnx.helper.make_opsetid("", 17)]
    model.functions.append(onnx.helper.make_function(domain, "Relu", ["x"], ["y"], body, opsets))
    assert "node 'act' (Relu): it is a function of the file" in message(model, tmp_path)


def test_a_function_that_is_not_used(tmp_path: Path) -> None:
    model = head(conv(Graph().activation(1 / 255, 8)).then("Relu").activation(0.5, 3)).model()
    body = [onnx.helper.make_node("Neg", ["x"], ["y"])]
    opsets = [onnx.helper.make_opsetid("", 17)]
    model.functions.append(onnx.helper.make_function("my.functions", "Relu", ["x"], ["y"], body, opsets))
    onnx.save(model, tmp_path / "net.onnx")
    load_model(str(tmp_path / "net.onnx"), None)
