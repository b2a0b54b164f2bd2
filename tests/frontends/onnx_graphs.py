"""ONNX networks node by node, and what QONNX says that they compute, in rational numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, isqrt
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

Array = np.ndarray
QONNX = "qonnx.custom_op.general"


class Graph:
    """A graph of one chain: `value` is the tensor that the last node gave."""

    def __init__(self, shape: tuple[object, ...] = (1, 1, 6, 6), opset: int = 17) -> None:
        self.shape, self.opset = shape, opset
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.value = "image"

    def tensor(self, array: object, kind: type | None = None, name: str = "") -> str:
        """A parameter, float32 unless it is integers."""
        numbers = np.asarray(array)
        numbers = numbers.astype(kind or (np.float32 if numbers.dtype.kind == "f" else numbers.dtype))
        self.tensors.append(numpy_helper.from_array(numbers, name or f"t{len(self.tensors)}"))
        return self.tensors[-1].name

    def node(self, kind: str, *inputs: str, name: str = "", domain: str = "", **fields: object) -> str:
        """A node; gives its result."""
        number = len(self.nodes)
        name = name or f"{kind.lower()}{number}"
        self.nodes.append(helper.make_node(kind, list(inputs), [f"v{number}"], name=name, domain=domain, **fields))
        return f"v{number}"

    def then(self, kind: str, *inputs: str, **fields: object) -> Graph:
        """A node on the value in hand and the inputs behind it."""
        self.value = self.node(kind, self.value, *inputs, **fields)
        return self

    def quant(self, value: str, scale: object, bits: int, *, signed: int, narrow: int = 0, mode: str = "ROUND") -> str:
        """A Quant node on a tensor."""
        numbers = [self.tensor(np.asarray(each, np.float32)) for each in (scale, 0, bits)]
        return self.node("Quant", value, *numbers, domain=QONNX, signed=signed, narrow=narrow, rounding_mode=mode)

    def activation(self, scale: float, bits: int, *, signed: int = 0, mode: str = "ROUND", narrow: int = 0) -> Graph:
        """Quantises the value in hand."""
        self.value = self.quant(self.value, scale, bits, signed=signed, mode=mode, narrow=narrow)
        return self

    def weights(self, array: Array, scale: object, bits: int, *, narrow: int = 1) -> str:
        """Quantised weights."""
        return self.quant(self.tensor(array.astype(np.float32)), scale, bits, signed=1, narrow=narrow)

    def norm(self, gamma: object, beta: object, mean: object, variance: object, epsilon: float = 1e-5) -> Graph:
        """Batch normalisation."""
        numbers = [self.tensor(np.asarray(each, np.float32)) for each in (gamma, beta, mean, variance)]
        return self.then("BatchNormalization", *numbers, epsilon=epsilon)

    def model(self) -> onnx.ModelProto:
        """The whole model."""
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(self.value, TensorProto.FLOAT, None)],
            self.tensors,
        )
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(QONNX, 2)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def save(self, folder: Path, name: str = "net.onnx") -> Path:
        """Writes the model."""
        onnx.save(self.model(), folder / name)
        return folder / name


def integers(rng: np.random.Generator, *shape: int, most: int = 3) -> np.ndarray:
    return rng.integers(-most, most + 1, shape).astype(np.float32)


def qdq(graph: Graph, scale: float, limits: tuple[object, object] | None = None, zero: int = 0) -> Graph:
    """QuantizeLinear and DequantizeLinear of 8 bits without sign."""
    numbers = graph.tensor(np.array(scale)), graph.tensor(np.array(zero), np.uint8)
    graph.then("QuantizeLinear", *numbers)
    if limits is not None:
        graph.then("Clip", *(graph.tensor(np.array(limit), np.uint8) for limit in limits))
    return graph.then("DequantizeLinear", *numbers)


def head(graph: Graph, inputs: int = 16, scale: object = 1.0) -> Graph:
    return graph.then("Flatten").then("MatMul", graph.weights(np.ones((inputs, 2)), scale, 2))


def conv(graph: Graph, scale: object = 1.0, bits: int = 2) -> Graph:
    return graph.then("Conv", graph.weights(np.ones((1, 1, 3, 3)), scale, bits), name="conv")


def start(**given: object) -> Graph:
    return conv(Graph().activation(1 / 255, 8), **given)


# What QONNX says, in rational numbers: every value is an array of Fraction

RATIONAL = np.vectorize(lambda number: Fraction(float(number)), otypes=[object])


def evaluate(model: onnx.ModelProto, images: Array) -> dict[str, Array]:
    """All tensors of a model for images (N, C, H, W): reals as Fraction, parameters as they are stored.

    A square root that is no rational number is taken to 2^-200, far beyond what the numbers of a test can tell apart.
    """
    values: dict[str, Array] = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    values["image"] = RATIONAL(images)
    for node in model.graph.node:
        fields = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        values[node.output[0]] = RULES[node.op_type](*(values[name] for name in node.input), **fields)
    return values


def _quant(
    x: Array, scale: Array, zero: Array, bits: Array, *, signed: int, narrow: int, rounding_mode: bytes
) -> Array:
    bits, rule = int(bits), RULES_OF_ROUNDING[rounding_mode.decode()]
    low = -(2 ** (bits - 1)) + narrow if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    # of a parameter: single precision, as every runtime has it
    ratio = RATIONAL((x / scale).astype(np.float32)) if x.dtype != object else x / RATIONAL(scale)
    codes = np.vectorize(lambda y: Fraction(rule(min(max(y, low), high))), otypes=[object])(ratio)
    return codes * RATIONAL(scale)


def _away(y: Fraction, nearest: Callable[[Fraction], int]) -> int:
    sign = 1 if y >= 0 else -1
    return sign * nearest(abs(y))


HALF = Fraction(1, 2)
RULES_OF_ROUNDING = {
    "ROUND": round,
    "HALF_UP": lambda y: _away(y, lambda m: floor(m + HALF)),
    "HALF_DOWN": lambda y: _away(y, lambda m: ceil(m - HALF)),
    "FLOOR": floor,
    "CEIL": ceil,
    "UP": lambda y: _away(y, ceil),
    "DOWN": lambda y: _away(y, floor),
}


def _rational(x: Array) -> Array:
    return x if x.dtype == object else RATIONAL(x)


def _conv(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    pads: Sequence[int] = (0, 0, 0, 0),
    strides: Sequence[int] = (1, 1),
) -> Array:
    top, left, bottom, right = pads
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=Fraction(0))
    windows = _windows(padded, w.shape[2:], strides)
    found = np.tensordot(windows, _rational(w), axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
    return found if b is None else found + _rational(b).reshape(1, -1, 1, 1)


def _root(number: Fraction) -> Fraction:
    return Fraction(isqrt((number.numerator << 400) // number.denominator), 1 << 200)


def _norm(x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *, epsilon: float = 1e-5) -> Array:
    shape = (1, -1) + (1,) * (x.ndim - 2)
    g, b, m, v = (RATIONAL(each).reshape(shape) for each in (gamma, beta, mean, variance))
    return g * (x - m) / np.vectorize(_root, otypes=[object])(v + Fraction(float(np.float32(epsilon)))) + b


def _windows(x: Array, kernel: Sequence[int], strides: Sequence[int]) -> Array:
    """(N, C, rows, columns, kh, kw)."""
    found = np.lib.stride_tricks.sliding_window_view(x, tuple(kernel), axis=(2, 3))
    return found[:, :, :: strides[0], :: strides[1]]


RULES = {
    "Quant": _quant,
    "Conv": _conv,
    "Gemm": lambda x, w, b, **fields: x @ _rational(w.T if fields.get("transB") else w) + _rational(b),
    "MatMul": lambda x, w: x @ _rational(w),
    "Add": lambda x, b: x + _rational(b),
    "Mul": lambda x, b: x * _rational(b),
    "Transpose": lambda x, *, perm: x.transpose(perm),
    "BatchNormalization": _norm,
    "Relu": lambda x: np.maximum(x, Fraction(0)),
    "MaxPool": lambda x, *, kernel_shape, strides: _windows(x, kernel_shape, strides).max(axis=(4, 5)),
    "AveragePool": lambda x, *, kernel_shape, strides: (
        _windows(x, kernel_shape, strides).sum(axis=(4, 5)) / Fraction(int(np.prod(kernel_shape)))
    ),
    "Flatten": lambda x: x.reshape(len(x), -1),
}
