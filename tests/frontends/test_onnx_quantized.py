"""Quantised ONNX networks: every code of every layer is the one that rational arithmetic gives; what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from e3ne.dialects.parameter import parameters_of
from e3ne.dialects.snn import (
    EncodeOp,
    LinearOp,
    RadixAttr,
    RequantizeOp,
    SynapseOp,
)
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from tests.frontends.onnx_compare import IMAGES, check, compare
from tests.frontends.onnx_graphs import QONNX, RULES_OF_ROUNDING, Graph, conv, head, integers, qdq, start

EXACT = settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=list(HealthCheck))


def lenet(rng: np.random.Generator, weight: float, ranges: list[float], bits: list[int], mode: str = "ROUND") -> Graph:
    """Convolution, normalisation with factors of all signs, pools of both kinds, two linear layers.

    `ranges` are what quantisers reach, of the image in pixels and of activations in what their layer usually gives:
    with those near 1 every layer tells images apart.
    """
    sizes = [2.0**number for number in bits]
    graph = Graph().activation(ranges[0] / sizes[0], bits[0])

    def weights(*shape: int, unit: object = weight) -> str:
        return graph.weights(integers(rng, *shape) * unit, unit, 3)

    def bias(count: int) -> str:
        return graph.tensor(rng.normal(size=count) * weight)

    channel = np.array([weight, weight / 3, weight * 0.7]).reshape(3, 1, 1, 1)
    graph.then("Conv", weights(3, 1, 3, 3, unit=channel), pads=[1, 1, 1, 1], strides=[1, 1])
    usual = weight * min(ranges[0], 1)
    graph.norm([0.8, -1.1, 0.0], [0.3, 0.2, 0.7], np.array([0.1, -0.2, 0.3]) * usual, np.array([9, 2, 4]) * usual**2)
    graph.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]).then("Relu")
    graph.activation(2 * ranges[1] / sizes[1], bits[1], mode=mode)
    graph.then("Conv", weights(4, 3, 2, 2), bias(4))
    graph.then("Relu").activation(8 * weight * ranges[2] / sizes[2], bits[2], mode=mode)
    graph.then("AveragePool", kernel_shape=[2, 2], strides=[2, 2]).then("Flatten")
    graph.then("Gemm", weights(8, 4), bias(8), transB=1)
    graph.then("Relu").activation(16 * weight**2 * ranges[3] / sizes[1], bits[1], mode=mode)
    return graph.then("Gemm", weights(3, 8), graph.tensor(rng.normal(size=3) * weight**3), transB=1)


WEIGHTS = st.floats(0.015625, 1.5, width=32) | st.integers(-6, 0).map(lambda power: 2.0**power)
RANGES = st.floats(0.25, 2, width=32) | st.integers(-2, 1).map(lambda power: 2.0**power)


def test_codes_of_all_layers(tmp_path: Path) -> None:
    """Most of the networks tell the images apart."""
    differ: list[bool] = []

    @EXACT
    @given(
        st.integers(0, 10**6),
        WEIGHTS,
        st.tuples(st.just(256 / 255) | RANGES, RANGES, RANGES, RANGES).map(list),
        st.lists(st.integers(1, 5), min_size=3, max_size=3),
        st.sampled_from(["ROUND", *RULES_OF_ROUNDING]),
    )
    def compared(seed: int, weight: float, ranges: list[float], bits: list[int], mode: str) -> None:
        scores = compare(lenet(np.random.default_rng(seed), weight, ranges, bits, mode), tmp_path).outputs[0]
        differ.append(bool(np.ptp(scores, axis=0).any()))

    compared()
    assert sum(differ) > len(differ) // 2


def test_eight_bits(tmp_path: Path) -> None:
    run = compare(lenet(np.random.default_rng(1), 0.021, [256 / 255, 0.9, 1.1, 0.7], [8, 8, 8]), tmp_path)
    assert len(np.unique(run.outputs[0], axis=0)) == len(IMAGES)


def test_no_ties_no_rule_for_them(tmp_path: Path) -> None:
    network = check(lenet(np.random.default_rng(3), 0.23, [256 / 255, 0.9, 1.1, 0.7], [8, 3, 4]), tmp_path)
    assert all(op.ties_to_even is None for op in network.layers() if isinstance(op, RequantizeOp))


def test_bit_widths_are_kept(tmp_path: Path) -> None:
    """Of weights and codes; a bias in units of its layer's membranes needs no finer ones."""
    rng, graph = np.random.default_rng(7), Graph().activation(1 / 255, 8)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 3, 3) / 5, 0.2, 3, narrow=0)).then("Relu").activation(0.4, 2)
    graph.then("Flatten")
    scale = np.float32(0.4) * np.float32(0.125)
    bias = graph.quant(graph.tensor(np.array([3.2, -1.1, 0.4])), [scale], 32, signed=1)
    graph.then("Gemm", graph.weights(integers(rng, 3, 32, most=1) / 8, 0.125, 2), bias, transB=1)
    network = check(graph, tmp_path)
    synapses = [op for op in network.layers() if isinstance(op, SynapseOp)]
    assert [op.weights_parameter.bits for op in synapses] == [3, 2]
    assert np.array_equal(synapses[1].bias_parameter.array, [64, -22, 8])
    encodings = [op.encoding for op in network.layers() if isinstance(op, EncodeOp | RequantizeOp)]
    assert encodings == [RadixAttr.of(8), RadixAttr.of(2)]


def test_a_last_bias_of_any_fraction_gets_room(tmp_path: Path) -> None:
    """Three fractions need two bits; the order of scores is the real one wherever membranes tie."""
    rng, graph = np.random.default_rng(2), Graph().activation(0.25, 2)
    graph.then("Flatten").then("MatMul", graph.weights(integers(rng, 36, 3, most=1), 1.0, 2))
    graph.then("Add", graph.tensor(np.array([0.1, 0.05, -0.1])))
    network = check(graph, tmp_path, (np.arange(40 * 36).reshape(40, 1, 6, 6) * 7 % 4 / 4).astype(np.float32))
    (last,) = (op for op in network.layers() if isinstance(op, LinearOp))
    assert last.weights_parameter.bits == 4
    assert (last.weights_parameter.array % 4 == 0).all()


def test_the_least_weight_of_a_falling_channel(tmp_path: Path) -> None:
    """Negating −4 of 3 bits needs a fourth."""
    graph = Graph().activation(1 / 15, 4)
    weights = np.array([-4, 3, 1, -2], np.float32).reshape(2, 1, 1, 2)
    graph.then("Conv", graph.weights(weights / 2, 0.5, 3, narrow=0)).norm([-1, 1], [0.5, 0], [0, 0], [1, 1])
    graph.then("Relu").activation(0.3, 3).then("Flatten")
    graph.then("MatMul", graph.weights(integers(np.random.default_rng(0), 60, 2), 1.0, 3))
    network = check(graph, tmp_path)
    first = next(op for op in network.layers() if isinstance(op, SynapseOp))
    assert first.weights_parameter.bits == 4
    assert first.weights_parameter.array.reshape(-1).tolist() == [4, -3, 1, -2]


def test_factors_and_offsets(tmp_path: Path) -> None:
    """Mul and Add in the place of a normalisation, scalar and by channel; weights transposed behind their Quant."""
    rng, graph = np.random.default_rng(4), Graph().activation(1 / 15, 4)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 3, 3), 1.0, 3))
    graph.then("Add", graph.tensor(np.array([0.3, -0.7]).reshape(1, 2, 1, 1)))
    graph.then("Mul", graph.tensor(np.array([-0.4, 0.6]).reshape(2, 1, 1))).activation(0.1, 3).then("Flatten")
    weights = graph.node("Transpose", graph.weights(integers(rng, 3, 32), 0.5, 3), perm=[1, 0])
    graph.then("MatMul", weights).then("Mul", graph.tensor(np.array(-0.25)))
    check(graph, tmp_path)


def test_signed_quantisers_of_what_is_not_negative(tmp_path: Path) -> None:
    """Their codes have one bit less."""
    rng, graph = np.random.default_rng(4), Graph().activation(1 / 127, 7)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 3, 3), 1.0, 3)).then("Relu").activation(0.3, 4, signed=1)
    graph.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]).then("Flatten")
    graph.then("MatMul", graph.weights(integers(rng, 8, 2), 1.0, 3))
    network = check(graph, tmp_path)
    assert [op.encoding.steps for op in network.layers() if isinstance(op, EncodeOp | RequantizeOp)] == [7, 3]


def test_a_second_quantiser_of_the_same_scale_changes_nothing(tmp_path: Path) -> None:
    def graph(times: int) -> Graph:
        found = start().then("Relu")
        for _ in range(times):
            found.activation(0.3, 3)
        return head(found)

    once, twice = (str(load_model(str(graph(times).save(tmp_path)), None)) for times in (1, 2))
    assert once.count("snn.requantize") == 1
    # all but the names, which have the numbers of their nodes
    assert re.sub(r"\d+", "", once) == re.sub(r"\d+", "", twice)


def test_quantize_linear_is_the_same_as_quant(tmp_path: Path) -> None:
    """Integers of the file by channel, a clipped activation, and Quant nodes in their place."""
    rng = np.random.default_rng(11)
    first, second, bias = rng.integers(-7, 8, (3, 1, 3, 3)), rng.integers(-127, 128, (2, 48)), np.array([40, -3, 17])
    scales, unit = np.array([0.02, 0.05, 0.03], np.float32), np.float32(0.25)
    units, column = scales * np.float32(1 / 255), scales.reshape(3, 1, 1, 1)
    linear = Graph()
    qdq(linear, 1 / 255)

    def stored(array: np.ndarray, kind: type, scale: np.ndarray) -> str:
        return linear.node("DequantizeLinear", linear.tensor(array, kind), linear.tensor(scale), axis=0)

    linear.then("Conv", stored(first, np.int8, scales), stored(bias, np.int32, units)).then("Relu")
    qdq(linear, 0.06, limits=(0, 15))
    linear.then("Flatten").then("MatMul", stored(second.T, np.int8, unit))
    brevitas = Graph().activation(1 / 255, 8)
    offset = brevitas.quant(brevitas.tensor(bias * units), units, 16, signed=1)
    brevitas.then("Conv", brevitas.weights(first * column, column, 8), offset).then("Relu").activation(0.06, 4)
    brevitas.then("Flatten").then("MatMul", brevitas.weights(second.T * unit, unit, 8))
    check(brevitas, tmp_path)
    modules = [load_model(str(graph.save(tmp_path)), None) for graph in (linear, brevitas)]
    parameters = [[op.array.tolist() for op in parameters_of(module)] for module in modules]
    assert parameters[0] == parameters[1]


def real_weights() -> Graph:
    graph = Graph().activation(1 / 255, 8)
    return head(graph.then("Conv", graph.tensor(np.ones((1, 1, 3, 3)))).activation(1.0, 3))


def scale_by_channel() -> Graph:
    graph = start().then("Relu")
    graph.value = graph.quant(graph.value, np.array([1.0, 0.5]).reshape(2, 1, 1), 3, signed=0)
    return head(graph)


def zero_point(kind: str) -> Graph:
    if kind == "QuantizeLinear":
        return head(qdq(start(), 0.1, zero=3))
    graph = start()
    numbers = [graph.tensor(np.array(each, np.float32)) for each in (1.0, 2.0, 4.0)]
    return head(graph.then("Quant", *numbers, domain=QONNX, signed=0, narrow=0))


def bipolar() -> Graph:
    graph = Graph().activation(1 / 255, 8)
    weights = graph.node("BipolarQuant", graph.tensor(np.ones((1, 1, 3, 3))), graph.tensor(1.0), domain=QONNX)
    return head(graph.then("Conv", weights).activation(1.0, 3))


def truncated() -> Graph:
    graph = start().activation(1.0, 4).then("AveragePool", kernel_shape=[2, 2])
    numbers = [graph.tensor(np.array(each, np.float32)) for each in (1.0, 0.0, 6.0, 4.0)]
    return head(graph.then("Trunc", *numbers, domain=QONNX), 9)


def other_scale() -> Graph:
    graph = start()
    graph.then("QuantizeLinear", graph.tensor(0.5), graph.tensor(np.array(0), np.uint8))
    return head(graph.then("DequantizeLinear", graph.tensor(0.25), graph.tensor(np.array(0), np.uint8)))


def open_ended() -> Graph:
    graph = start()
    return head(graph.then("QuantizeLinear", graph.tensor(0.5), graph.tensor(np.array(0), np.uint8)))


REFUSED: dict[str, tuple[Callable[[], Graph], str]] = {
    "image": (lambda: head(conv(Graph()).activation(1.0, 3)), "the image has no quantiser"),
    "between layers": (lambda: head(start().then("Relu")), "is not quantised; put a quantiser behind 'conv'"),
    "real weights": (real_weights, "node 'conv1' (Conv): its weights are not quantised"),
    "negative codes": (lambda: head(start().activation(1.0, 4, signed=1)), "it gives negative codes"),
    "codes from 3 on": (lambda: head(qdq(start(), 0.1, limits=(3, 15))), "its codes begin at 3; 0 is supported"),
    "pixels from 3 on": (
        lambda: head(conv(qdq(Graph(), 1 / 15, limits=(3, 15))).activation(1.0, 3)),
        "its codes begin at 3; 0 is supported",
    ),
    "two limits": (lambda: head(qdq(start(), 0.1, limits=([0, 1], 15))), "its limits are not one integer each"),
    "narrow codes": (lambda: head(start().then("Relu").activation(1.0, 4, narrow=1)), "its codes end at 14"),
    "many bits": (lambda: head(start().then("Relu").activation(1.0, 9)), "it gives codes of 9 bits; at most 8"),
    "wide weights": (lambda: head(start(bits=17).activation(1.0, 3)), "its weights have 17 bits; at most 16"),
    "bipolar": (bipolar, "(BipolarQuant): numbers −1 and +1 are not supported"),
    "one signed bit": (lambda: head(start(bits=1).activation(1.0, 3)), "signed numbers of 1 bit"),
    "truncated": (truncated, "(Trunc): truncation of sums is not supported"),
    "half a bit": (lambda: head(start().activation(1.0, 2.5)), "its bit width is 2.5"),
    "rounding": (lambda: head(start().activation(1.0, 3, mode="ODD")), "its rounding_mode is ODD"),
    "zero scale": (lambda: head(start().activation(0.0, 3)), "its scale is not positive"),
    "scale not finite": (lambda: head(start().activation(float("inf"), 3)), "is infinite or not a number"),
    "scale by channel": (scale_by_channel, "its channels have different scales"),
    "zero point": (lambda: zero_point("Quant"), "its zero point is not 0"),
    "zero point of QuantizeLinear": (lambda: zero_point("QuantizeLinear"), "its zero point is not 0"),
    "scales that differ": (other_scale, "its scale is not that of its QuantizeLinear"),
    "no DequantizeLinear": (open_ended, "it follows a QuantizeLinear without DequantizeLinear"),
    "flatten": (lambda: start().then("Flatten").activation(1.0, 3), "flatten must come after"),
    "average of membranes": (
        lambda: head(start().then("AveragePool", kernel_shape=[2, 2]).activation(1.0, 3), 9),
        "average pooling must come after the activation's quantiser",
    ),
    "two norms": (lambda: start().norm([1], [0], [0], [1]).norm([1], [0], [0], [1]), "only one normalisation"),
    "norm of codes": (lambda: head(start().activation(1, 3).norm([1], [0], [0], [1])), "must directly follow weights"),
    "codes at the end": (lambda: start().then("Relu").activation(1.0, 3), "must end with a convolution or linear"),
    "average quantised": (
        lambda: head(start().activation(1.0, 3).then("AveragePool", kernel_shape=[2, 2]).activation(1.0, 3), 9),
        "it quantises what has no weights before it",
    ),
    "scores": (
        lambda: head(start().activation(1.0, 3), 16, np.array([[1.0, 0.5]])),
        "its scores have different scales",
    ),
    "scales of a channel": (
        lambda: head(start(scale=np.array([[[[1.0, 0.5, 1.0]]]])).activation(1.0, 3)),
        "different scales within an output channel",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(tmp_path: Path, name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(E3neError) as error:
        load_model(str(make().save(tmp_path)), None)
    assert message in str(error.value)


def test_all_problems_of_the_order_at_once(tmp_path: Path) -> None:
    graph = conv(Graph()).norm([1], [0], [0], [1]).norm([1], [0], [0], [1]).activation(1.0, 9)
    with pytest.raises(E3neError) as error:
        load_model(str(graph.then("Flatten").save(tmp_path)), None)
    for message in ("has no quantiser", "only one normalisation", "9 bits", "must end with"):
        assert message in str(error.value)
