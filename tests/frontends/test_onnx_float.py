"""Plain ONNX networks: the numbers of ONNX' own reference, and the same float form as PyTorch's frontend makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from e3ne.dialects.snn import Conv2dOp, NetworkOp, find_network
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.semantics.snn import run_float
from tests.frontends.onnx_graphs import Graph, onnx

RNG = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def check(graph: Graph, folder: Path, shape: tuple[int, int, int] = (1, 6, 6), same: Graph | None = None) -> NetworkOp:
    """The float form gives what ONNX' reference evaluator gives, of the same network written another way."""
    from onnx.reference import ReferenceEvaluator

    images = np.random.default_rng(1).random((1, *shape), np.float32)
    module = load_model(str(graph.save(folder, "my-net.onnx")), None)
    (expected,) = ReferenceEvaluator((same or graph).model()).run(None, {"image": images})
    given = run_float(module, images).outputs[0]
    assert given.shape == expected.shape
    assert np.allclose(given, expected, rtol=1e-4, atol=1e-5)
    return find_network(module)


def head(graph: Graph, inputs: int) -> Graph:
    return graph.then("Flatten").then("Gemm", graph.tensor(numbers(3, inputs)), graph.tensor(numbers(3)), transB=1)


def maps(channels: int = 2) -> Graph:
    return Graph((1, channels, 8, 9))


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], dict[str, object], int]] = {
    "plain": ((4, 2, 3, 3), {}, 6 * 7),
    "strides": ((4, 2, 3, 2), {"strides": [2, 1], "pads": [1, 0, 1, 0], "kernel_shape": [3, 2]}, 4 * 8),
    "one-sided padding": ((4, 2, 3, 3), {"pads": [0, 1, 2, 0]}, 8 * 8),
    "groups, dilations": ((4, 1, 2, 3), {"group": 2, "dilations": [3, 2]}, 5 * 5),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(tmp_path: Path, name: str) -> None:
    shape, fields, size = CONVOLUTIONS[name]
    graph = maps()
    graph.then("Conv", graph.tensor(numbers(*shape)), graph.tensor(numbers(4)), **fields).then("Relu")
    check(head(graph, 4 * size), tmp_path, (2, 8, 9))


AUTOMATIC = {
    "valid": ("VALID", [3, 2], [1, 1], (0, 0, 0, 0)),
    "upper": ("SAME_UPPER", [1, 1], [2, 2], (1, 0, 1, 1)),
    "upper, dilated": ("SAME_UPPER", [1, 3], [1, 1], (1, 1, 2, 2)),
    "lower": ("SAME_LOWER", [1, 1], [2, 2], (1, 1, 1, 0)),
    "lower, dilated": ("SAME_LOWER", [1, 3], [1, 1], (2, 2, 1, 1)),
}


@pytest.mark.parametrize("name", AUTOMATIC)
def test_automatic_padding(tmp_path: Path, name: str) -> None:
    """Of 8x9 by 4x2, or 2x3 without padding; ONNX' evaluator has mistakes here and gets the padding by hand."""
    automatic, dilations, strides, padding = AUTOMATIC[name]
    kernel = (4, 2) if any(padding) else (2, 3)
    weights, bias = numbers(4, 2, *kernel), numbers(3)

    def graph(**fields: object) -> Graph:
        found = maps()
        found.then("Conv", found.tensor(weights), dilations=dilations, strides=strides, **fields).then("Relu")
        size = 25 if not any(padding) else 20 if strides[0] == 2 else 72
        found.then("Flatten").then("MatMul", found.tensor(np.linspace(-1, 1, 12 * size).reshape(4 * size, 3)))
        return found.then("Add", found.tensor(bias))

    check(graph(auto_pad=automatic), tmp_path, (2, 8, 9), same=graph(pads=list(padding)))


POOLS: dict[str, tuple[str, dict[str, object], int]] = {
    "max": ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, 4 * 4),
    "max, padded": ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, 4 * 5),
    "max, begun windows": ("MaxPool", {"kernel_shape": [2, 2], "strides": [3, 3], "ceil_mode": 1}, 3 * 3),
    "max, no stride": ("MaxPool", {"kernel_shape": [2, 3], "dilations": [2, 2]}, 6 * 5),
    "max, same": ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}, 4 * 5),
    "average": ("AveragePool", {"kernel_shape": [2, 3], "strides": [2, 3]}, 4 * 3),
    "average, padded": (
        "AveragePool",
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1},
        4 * 5,
    ),
    "global average": ("GlobalAveragePool", {}, 1),
    "global maximum": ("GlobalMaxPool", {}, 1),
    "mean": ("ReduceMean", {"axes": [2, 3]}, 1),
    "mean without axes": ("ReduceMean", {"axes": [-1, -2], "keepdims": 0}, 1),
}


@pytest.mark.parametrize("name", POOLS)
def test_pools(tmp_path: Path, name: str) -> None:
    kind, fields, size = POOLS[name]
    graph = Graph((1, 1, 8, 9))
    graph.then("Conv", graph.tensor(numbers(4, 1, 1, 1))).then("Relu").then(kind, **fields)
    check(head(graph, 4 * size), tmp_path, (1, 8, 9))


def test_axes_and_shapes_of_newer_versions(tmp_path: Path) -> None:
    graph = Graph((1, 1, 8, 9), opset=18)
    graph.then("Conv", graph.tensor(numbers(4, 1, 3, 3))).then("Relu")
    graph.then("ReduceMean", graph.tensor(np.array([2, 3])), keepdims=1)
    graph.then("Squeeze", graph.tensor(np.array([-1, 2])))
    graph.then("Gemm", graph.tensor(numbers(3, 4)), transB=1)
    check(graph, tmp_path, (1, 8, 9))


def test_a_version_of_long_ago(tmp_path: Path) -> None:
    """Version 9: attributes where there are inputs today. ONNX' evaluator takes today's, in which it is right."""
    kernel, norm, last = numbers(4, 1, 3, 3), numbers(3, 4), numbers(3, 4 * 8 * 6)
    pads = [0, 0, 1, 0, 0, 0, 2, 1]

    def graph(opset: int) -> Graph:
        found = Graph(opset=opset)
        if opset == 9:
            found.then("Pad", pads=pads, mode="constant", value=0.0)
        else:
            found.then("Pad", found.tensor(np.array(pads)))
        found.then("Conv", found.tensor(kernel), pads=[1, 1, 0, 0])
        found.then("BatchNormalization", *map(found.tensor, norm), found.tensor(np.full(4, 0.3))).then("Relu")
        found = found.then("Dropout", ratio=0.5) if opset == 9 else found.then("Dropout")
        return found.then("Flatten").then("Gemm", found.tensor(last), found.tensor(np.zeros(3)), transB=1)

    network = check(graph(9), tmp_path, same=graph(17))
    convolution = next(op for op in network.layers() if isinstance(op, Conv2dOp))
    assert convolution.window.padding == (2, 1, 2, 1)


def test_a_batch_that_is_left_open(tmp_path: Path) -> None:
    """As older exporters of PyTorch write `x.view(x.size(0), -1)`; constants in nodes."""
    graph = Graph(("batch", 1, 6, 6), opset=11)
    graph.then("Conv", graph.tensor(numbers(2, 1, 3, 3))).then("Relu")
    zero = graph.node("Constant", value=onnx.numpy_helper.from_array(np.array(0)))
    size = graph.node("Gather", graph.node("Shape", graph.value), zero, axis=0)
    sizes = [graph.node("Unsqueeze", each, axes=[0]) for each in (size, graph.tensor(np.array(-1)))]
    graph.then("Reshape", graph.node("Concat", *sizes, axis=0))
    weights = graph.node("Constant", value=onnx.numpy_helper.from_array(numbers(3, 32)))
    graph.then("MatMul", graph.node("Transpose", weights, perm=[1, 0])).then("Add", graph.tensor(numbers(3)))
    network = check(graph, tmp_path)
    assert [op.KIND for op in network.layers()] == ["synapse", "neuron", "flatten", "synapse"]


def test_factors_and_offsets_are_a_normalisation(tmp_path: Path) -> None:
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(2, 1, 3, 3)), graph.tensor(numbers(2)))
    graph.then("Mul", graph.tensor(numbers(2, 1, 1))).then("Relu").then("Flatten")
    graph.value = graph.node(
        "Add", graph.tensor(numbers(3)), graph.node("MatMul", graph.value, graph.tensor(numbers(32, 3)))
    )
    network = check(graph, tmp_path)
    assert [op.KIND for op in network.layers()] == ["synapse", "norm", "neuron", "flatten", "synapse"]


def test_names(tmp_path: Path) -> None:
    """Those of nodes, made safe and unique; the file's for the network."""
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(2, 1, 3, 3)), name="/features/0/Conv").then("Relu", name="relu")
    graph.then("Conv", graph.tensor(numbers(2, 2, 2, 2)), name="relu").then("Relu", name="node_act")
    network = check(head(graph, 18), tmp_path)
    assert network.sym_name.data == "my_net"
    names = ["features_0_Conv", "relu", "relu_1", "act", "flatten4", "gemm5"]
    assert [op.layer_name for op in network.layers()] == names


def two_inputs() -> Graph:
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(1, 1, 3, 3)))
    return graph.then("Add", graph.node("Relu", graph.value))


def other_branch() -> Graph:
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(1, 1, 3, 3)))
    graph.node("Relu", graph.value)
    return graph.then("Sigmoid")


def cycle() -> Graph:
    graph = Graph()
    graph.node("Conv", "v1", graph.tensor(numbers(1, 1, 3, 3)))
    graph.value = graph.node("Relu", "v0")
    return graph


def unknown_tensor() -> Graph:
    graph = Graph()
    graph.value = graph.node("Relu", "nowhere")
    return graph


def conv(*shape: int, **fields: object) -> Graph:
    graph = Graph()
    return head(graph.then("Conv", graph.tensor(numbers(*shape)), name="conv", **fields).then("Relu"), 1)


def with_parameter(value: float) -> Graph:
    graph = Graph()
    return head(graph.then("Conv", graph.tensor(np.full((1, 1, 3, 3), value), name="kernel"), name="conv"), 16)


def after_conv(kind: str, *inputs: object, **fields: object) -> Graph:
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(2, 1, 3, 3)))
    return graph.then(kind, *(graph.tensor(np.asarray(each)) for each in inputs), **fields)


def factor(**fields: object) -> Graph:
    graph = after_conv("Flatten")
    return graph.then("Gemm", graph.tensor(numbers(32, 3)), **fields)


REFUSED = {
    "two branches": (two_inputs, "node 'add2' (Add): it takes"),
    "another branch": (other_branch, "node 'sigmoid2' (Sigmoid): it is not supported"),
    "a cycle": (cycle, "take each other's results"),
    "a tensor from nowhere": (unknown_tensor, "it takes 'nowhere', which no node gives"),
    "one dimension": (lambda: conv(1, 1, 3), "two-dimensional convolutions are supported"),
    "channels": (lambda: conv(1, 2, 3, 3), "node 'conv' (Conv): its weights take 2 channels, but its input has 1"),
    "groups": (lambda: conv(3, 1, 3, 3, group=2), "cannot be divided into 2 groups"),
    "large kernel": (lambda: conv(1, 1, 9, 9), "a window of 9x9 does not fit into the padded map of 6x6"),
    "kernel shape": (
        lambda: conv(1, 1, 3, 3, kernel_shape=[5, 5]),
        "its kernel_shape is [5, 5], but its weights are 3x3",
    ),
    "negative padding": (lambda: conv(1, 1, 3, 3, pads=[-1, 0, 0, 0]), "its pads is [-1, 0, 0, 0]; 0 to 32768"),
    "zero stride": (lambda: conv(1, 1, 3, 3, strides=[0, 1]), "its strides is [0, 1]; 1 to 32768 is supported"),
    "absurd dilation": (lambda: conv(1, 1, 3, 3, dilations=[2**40, 1]), "1 to 32768 is supported"),
    "three strides": (lambda: conv(1, 1, 3, 3, strides=[1, 1, 1]), "not 2 integers"),
    "NaN": (
        lambda: with_parameter(float("nan")),
        "its weight 'kernel' has an element that is infinite or not a number",
    ),
    "infinity": (lambda: with_parameter(float("-inf")), "node 'conv' (Conv): its weight 'kernel' has an element"),
    "inputs": (lambda: head(after_conv("Relu"), 31), "its weights take 31 inputs, but its input has 32"),
    "training": (lambda: after_conv("Dropout", 0.5, True), "it is in training mode"),
    "reshape": (
        lambda: after_conv("Reshape", np.array([1, 4, 8])),
        "only flattening is supported, not (1, 2, 4, 4) to",
    ),
    "reshape of the batch": (lambda: after_conv("Reshape", np.array([2, -1])), "only flattening is supported"),
    "huge reshape": (lambda: after_conv("Reshape", np.array([2**50, -1])), "only flattening is supported"),
    "flatten": (lambda: after_conv("Flatten", axis=2), "its axis is 2"),
    "squeeze": (lambda: after_conv("Squeeze", np.array([2])), "it removes axes [2]"),
    "pad with ones": (lambda: after_conv("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), 1.0), "it pads with 1.0"),
    "pad of channels": (lambda: after_conv("Pad", np.array([0, 1, 0, 0, 0, 0, 0, 0])), "only zeros around height"),
    "pad of copies": (lambda: after_conv("Pad", np.array([0] * 8), mode="edge"), "only padding with zeros"),
    "pad and pool": (
        lambda: after_conv("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1])).then("MaxPool", kernel_shape=[2, 2]),
        "it follows a Pad",
    ),
    "pad at the end": (lambda: after_conv("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1])), "nothing follows it"),
    "mean of channels": (lambda: after_conv("ReduceMean", axes=[1]), "only the mean over height and width"),
    "uncounted padding": (
        lambda: after_conv("AveragePool", kernel_shape=[2, 2], pads=[1, 1, 1, 1]),
        "padding that is not counted",
    ),
    "begun averages": (
        lambda: after_conv("AveragePool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "ceil_mode averages windows",
    ),
    "padding alone": (
        lambda: after_conv("MaxPool", kernel_shape=[2, 2], pads=[2, 0, 0, 0]),
        "one of its windows lies in the padding alone",
    ),
    "clip": (lambda: after_conv("Clip", 0.0, 6.0), "only a least value of 0"),
    "factors of pixels": (lambda: after_conv("Mul", numbers(2, 4, 4)), "its constant differs within a channel"),
    "factor of another shape": (lambda: after_conv("Mul", numbers(3, 1, 1)), "does not fit (2, 4, 4)"),
    "variance": (
        lambda: after_conv("BatchNormalization", [1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, -1.0]),
        "not positive",
    ),
    "norm of another size": (
        lambda: after_conv("BatchNormalization", [1.0], [0.0], [0.0], [1.0]),
        "its scale has shape (1,), not (2,)",
    ),
    "no parameter": (lambda: after_conv("BatchNormalization"), "it has no scale"),
    "factor alpha": (lambda: factor(alpha=2.0), "its alpha or beta is not 1"),
    "transposed": (lambda: factor(transA=1), "its first input, not transposed"),
    "order": (lambda: after_conv("MaxPool", kernel_shape=[2, 2]), "must end with a convolution or linear layer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(tmp_path: Path, name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(E3neError) as error:
        load_model(str(make().save(tmp_path)), None)
    assert message in str(error.value)


def test_all_unsupported_nodes_are_named_at_once(tmp_path: Path) -> None:
    graph = Graph()
    graph.then("Conv", graph.tensor(numbers(2, 3, 3, 3)), name="a").then("LSTM", name="b").then("Softmax", name="c")
    with pytest.raises(E3neError) as error:
        load_model(str(graph.then("Relu").save(tmp_path)), None)
    text = str(error.value)
    for wanted in (
        "ONNX network 'net' cannot be imported",
        "node 'a' (Conv): its weights take 3 channels",
        "node 'b' (LSTM): it is not supported",
        "node 'c' (Softmax): it is not supported",
        "(supported are: Conv, Gemm",
    ):
        assert wanted in text
    assert "Relu):" not in text
