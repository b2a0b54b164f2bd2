"""ONNX files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.hostile.case import Arguments, add, compile_, refused

Change = Callable[[onnx.ModelProto], None]


def model() -> onnx.ModelProto:
    """A network that compiles."""
    rng = np.random.default_rng(0)
    tensors = [
        numpy_helper.from_array(rng.normal(size=size).astype(np.float32), name)
        for name, size in (("w", (3, 4)), ("v", (2, 3)))
    ]
    nodes = [
        helper.make_node("Flatten", ["image"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w"], ["g"], name="fc1", transB=1),
        helper.make_node("Relu", ["g"], ["r"], name="relu"),
        helper.make_node("Gemm", ["r", "v"], ["y"], name="fc2", transB=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 2, 2])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph(nodes, "net", [image], [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def _given(change: Change, folder: Path) -> Arguments:
    network = model()
    change(network)
    (folder / "net.onnx").write_bytes(network.SerializeToString())
    return compile_(folder / "net.onnx")


def _bad(name: str, change: Change, *says: str) -> None:
    add(f"onnx/{name}", partial(_given, change), "net", *says)


def _bytes(name: str, make: Callable[[], bytes]) -> None:
    def write(folder: Path) -> Arguments:
        (folder / "net.onnx").write_bytes(make())
        return compile_(folder / "net.onnx")

    add(f"onnx/{name}", write, "net.onnx")


def _outside(path: str) -> Change:
    def change(network: onnx.ModelProto) -> None:
        tensor = network.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", path

    return change


def _node(number: int, **fields: object) -> Change:
    def change(network: onnx.ModelProto) -> None:
        node = network.graph.node[number]
        for name, value in fields.items():
            if isinstance(value, list):
                node.ClearField(name)  # type: ignore[arg-type]
                getattr(node, name).extend(value)
            else:
                setattr(node, name, value)

    return change


def _dims(*dims: int) -> Change:
    def change(network: onnx.ModelProto) -> None:
        network.graph.initializer[0].ClearField("dims")
        network.graph.initializer[0].dims.extend(dims)

    return change


def _image(*dims: int) -> Change:
    def change(network: onnx.ModelProto) -> None:
        for dim, size in zip(network.graph.input[0].type.tensor_type.shape.dim, dims, strict=True):
            dim.dim_value = size

    return change


add("onnx/as_it_is", partial(_given, lambda _: None), accepted=True)
_bad("empty", lambda m: m.Clear())
_bytes("text", lambda: b"hello")
_bytes("truncated", lambda: model().SerializeToString()[:-20])
_bytes("nested_groups", lambda: b"\x3b" * 100_000)
_bytes("zeros", lambda: b"\0" * 1000)
_bytes("a_length_of_2_to_the_63", lambda: b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
# A name that is no UTF-8 is written by hand: protobuf refuses to.
_bytes(
    "a_graph_name_that_is_no_text",
    lambda: model().SerializeToString().replace(b"\x12\x03net", b"\x12\x03\xff\xfe\xfd")[:-3],
)
_bad("data_outside", _outside("/etc/passwd"), "'w'", "another file")
_bad("data_above", _outside("../../secret"), "'w'", "another file")
_bad("data_beside", _outside("w.bin"), "'w'", "another file")
_bad("a_parameter_of_2_to_the_60", _dims(1 << 30, 1 << 30), "'w'", "elements")
_bad("a_parameter_below_zero", _dims(-3, 4), "'w'")
_bad("a_parameter_of_other_size", _dims(5, 4), "'w'")
_bad("a_parameter_of_no_elements", _dims(0, 4), "w")
_bad("a_parameter_of_unknown_numbers", lambda m: setattr(m.graph.initializer[0], "data_type", 999), "'w'", "999")
_bad(
    "a_parameter_of_texts", lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.STRING), "'w'", "STRING"
)
_bad("a_parameter_twice", lambda m: m.graph.initializer.append(m.graph.initializer[0]), "w")
_bad("weights_that_are_no_numbers", lambda m: setattr(m.graph.initializer[0], "raw_data", b"\xff" * 48), "not a number")
_bad("an_image_of_2_to_the_60", _image(1, 1, 1 << 30, 1 << 30), "image")
_bad("an_image_below_zero", _image(1, 1, -2, 2), "image")
_bad("a_batch_of_2", _image(2, 1, 2, 2), "image")
_bad("an_unknown_operator", _node(2, op_type="Evil"), "'relu'", "Evil")
_bad("an_unknown_domain", _node(2, domain="evil.example"), "relu")
_bad("an_operator_of_python", _node(2, op_type="PythonOp", domain="ai.onnx.contrib"), "'relu'", "PythonOp")
_bad("an_operator_without_a_name", _node(2, op_type=""), "relu")
_bad("a_circle", _node(0, input=["y"]), "y")
_bad("a_node_that_is_its_own_input", _node(1, input=["g", "w"]), "g")
_bad("an_input_that_is_not_there", _node(2, input=["nowhere"]), "nowhere")
_bad("an_output_twice", _node(2, output=["g"]), "g")
_bad("no_inputs", _node(1, input=[]), "fc1")
_bad("100_inputs", _node(1, input=["f"] * 100), "fc1")
_bad("no_outputs", _node(1, output=[]), "fc1")
_bad("no_nodes", lambda m: m.graph.ClearField("node"))
_bad("no_graph", lambda m: m.ClearField("graph"))
_bad("no_network_inputs", lambda m: m.graph.ClearField("input"), "one input")
_bad("two_network_inputs", lambda m: m.graph.input.append(helper.make_tensor_value_info("b", 1, [1])), "one input")
_bad("no_network_outputs", lambda m: m.graph.ClearField("output"), "one output")
_bad("an_output_from_nowhere", lambda m: setattr(m.graph.output[0], "name", "nowhere"), "nowhere")
_bad("an_old_version", lambda m: setattr(m.opset_import[0], "version", 1), "version 1")
_bad("a_version_below_zero", lambda m: setattr(m.opset_import[0], "version", -(1 << 62)), "version")
_bad(
    "an_attribute_that_is_infinite",
    lambda m: m.graph.node[1].attribute.append(helper.make_attribute("alpha", float("inf"))),
    "fc1",
)
_bad(
    "an_attribute_of_another_kind",
    lambda m: m.graph.node[1].attribute.append(helper.make_attribute("transA", "yes")),
    "fc1",
)
_bad(
    "an_attribute_that_is_a_graph",
    lambda m: m.graph.node[1].attribute.append(helper.make_attribute("body", model().graph)),
    "fc1",
)
_bad(
    "an_axis_of_2_to_the_62",
    lambda m: m.graph.node[0].attribute.append(helper.make_attribute("axis", 1 << 62)),
    "flatten",
)


def _many(network: onnx.ModelProto) -> None:
    for number in range(100_001):
        network.graph.node.add(op_type="Relu", input=[f"x{number}"], output=[f"x{number + 1}"])


_bad("100000_nodes", _many, "nodes; at most")


@refused("onnx", "net.onnx", "at most")
def a_sparse_file_of_a_terabyte(folder: Path) -> Arguments:
    with (folder / "net.onnx").open("wb") as file:
        file.truncate(1 << 40)
    return compile_(folder / "net.onnx")


@refused("onnx", "net.onnx")
def a_pipe(folder: Path) -> Arguments:
    os.mkfifo(folder / "net.onnx")
    return compile_(folder / "net.onnx")


@refused("onnx", "net.onnx")
def a_device(folder: Path) -> Arguments:
    (folder / "net.onnx").symlink_to("/dev/zero")
    return compile_(folder / "net.onnx")
