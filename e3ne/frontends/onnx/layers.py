"""How each operator on the network's values becomes layers. Every handler raises `E3neError` with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from e3ne.dialects.snn import Window
from e3ne.errors import E3neError
from e3ne.frontends.onnx.arguments import Arguments, normalised_axes
from e3ne.frontends.onnx.description import (
    Constant,
    Flatten,
    Norm,
    Operation,
    Pad,
    Pool,
    Quantize,
    Reals,
    Relu,
    Synapse,
)
from e3ne.frontends.onnx.quantizers import quantize_linear, quantizer_of, scale_along, single_scale, zero_point_of
from e3ne.frontends.onnx.windows import conv_window, pad_sizes, pool_window

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Call(Arguments):
    """A node on the value in hand: its constant inputs, where the value is among the inputs, and what made it."""

    place: int
    """the position of the value among the node's inputs"""
    shape: Shape
    """of the value, without the batch"""
    before: Operation | None
    """the layer that gave the value; None: it is the image"""

    def map_shape(self) -> tuple[int, int, int]:
        """The value's shape, which must be (C, H, W)."""
        if len(self.shape) != 3:
            raise E3neError(f"its input has shape {self.shape}; channels, height and width are needed")
        return (self.shape[0], self.shape[1], self.shape[2])


@dataclass(frozen=True, eq=False)
class Result:
    """The layers of a node with their results' shapes; with `replaces` they take the place of the layer before."""

    layers: tuple[tuple[Operation, Shape], ...] = ()
    replaces: bool = False


def _identity(call: Call) -> Result:  # noqa: ARG001 (all handlers take the call)
    return Result()


def _dropout(call: Call) -> Result:
    if call.has(2) and call.constant(2, "training mode").values.any():
        raise E3neError("it is in training mode; export the network for inference")
    return Result()


def _conv(call: Call) -> Result:
    channels, height, width = call.map_shape()
    weights, bias = call.constant(1, "weight"), call.optional(2, "bias")
    if len(weights.shape) != 4 or 0 in weights.shape:
        raise E3neError(f"its weights have shape {weights.shape}; two-dimensional convolutions are supported")
    outputs, per_group, *kernel = weights.shape
    groups = call.integer("group", 1)
    if groups < 1 or outputs % groups:
        raise E3neError(f"its {outputs} channels cannot be divided into {groups} groups")
    if per_group * groups != channels:
        raise E3neError(f"its weights take {per_group * groups} channels, but its input has {channels}")
    _check_bias(bias, outputs)
    window = conv_window(call, (kernel[0], kernel[1]), (height, width))
    result = (outputs, *window.positions(height, width))
    padded = isinstance(call.before, Pad)
    if isinstance(call.before, Pad):
        sides = zip(window.padding, call.before.sizes, strict=True)
        top, left, bottom, right = (inner + outer for inner, outer in sides)
        window = replace(window, padding=(top, left, bottom, right))
    return Result(((Synapse(weights, bias, window, groups), result),), replaces=padded)


def _linear(call: Call, weights: Constant, bias: Constant | None) -> Result:
    if len(call.shape) != 1:
        raise E3neError(f"its input has shape {call.shape}; flatten before a linear layer")
    outputs, inputs = weights.shape
    if (inputs,) != call.shape:
        raise E3neError(f"its weights take {inputs} inputs, but its input has {call.shape[0]}")
    if bias is not None:
        bias = _spread(bias, (outputs,), "bias")
    return Result(((Synapse(weights, bias), (outputs,)),))


def _gemm(call: Call) -> Result:
    if call.place != 0 or call.integer("transA", 0):
        raise E3neError("its first input, not transposed, must be the layer before it")
    if call.real("alpha", 1) != 1 or (call.has(2) and call.real("beta", 1) != 1):
        raise E3neError("its alpha or beta is not 1")
    weights = call.constant(1, "weight")
    if len(weights.shape) != 2:
        raise E3neError(f"its weights have shape {weights.shape}, not two dimensions")
    return _linear(call, weights if call.integer("transB", 0) else _transposed(weights), call.optional(2, "bias"))


def _matmul(call: Call) -> Result:
    if call.place != 0:
        raise E3neError("its first input must be the layer before it, its second the weights")
    weights = call.constant(1, "weight")
    if len(weights.shape) != 2:
        raise E3neError(f"its weights have shape {weights.shape}, not two dimensions")
    return _linear(call, _transposed(weights), None)


def _transposed(weights: Constant) -> Constant:
    scale = weights.scale
    return weights.rearranged(weights.values.T, None if scale is None else scale.T)


def _check_bias(bias: Constant | None, outputs: int) -> None:
    if bias is not None and bias.shape != (outputs,):
        raise E3neError(f"its bias has shape {bias.shape}, not ({outputs},)")


def _spread(constant: Constant, shape: Shape, what: str) -> Constant:
    """One number for each channel, from whatever ONNX would broadcast to a value of `shape`."""

    def spread(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Reals:
        try:
            full = np.broadcast_to(array, (1, *shape))
        except ValueError as error:
            raise E3neError(f"its {what} has shape {array.shape}, which does not fit {shape}") from error
        rows = full.reshape(shape[0], -1)
        if (rows != rows[:, :1]).any():
            raise E3neError(f"its {what} differs within a channel; one number for each channel is supported")
        return rows[:, 0]  # pyright: ignore[reportReturnType]

    scale = constant.scale
    return constant.rearranged(spread(constant.values), None if scale is None else spread(scale))


def _affine(call: Call) -> Result:
    """Add, Sub, Mul with numbers of the file, behind weights."""
    if len(call.constants) != 1:
        raise E3neError("it joins the results of two layers; a network is a chain")
    if call.node.kind == "Sub" and call.place != 0:
        raise E3neError("the network's value must be its first input")
    other = _spread(call.constant(1 - call.place, "constant"), call.shape, "constant")
    before = call.before
    if call.node.kind == "Add" and isinstance(before, Synapse) and before.bias is None:
        return Result(((replace(before, bias=other), call.shape),), replaces=True)
    numbers, channels = other.reals(), call.shape[0]
    one, zero = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    match call.node.kind:
        case "Add":
            norm = Norm(one, numbers, zero, one, 0.0)
        case "Sub":
            norm = Norm(one, -numbers, zero, one, 0.0)
        case _:
            norm = Norm(numbers, zero, zero, one, 0.0)
    return Result(((norm, call.shape),))


def _batch_normalization(call: Call) -> Result:
    if call.integer("training_mode", 0) or any(call.node.outputs[1:]):
        raise E3neError("it is in training mode; export the network for inference")
    names = ("scale", "bias", "mean", "variance")
    gamma, beta, mean, variance = (call.reals(place, name, call.shape[0]) for place, name in enumerate(names, start=1))
    epsilon = call.real("epsilon", float(np.float32(1e-5)))
    if (variance.astype(np.float64) + epsilon).min() <= 0:
        raise E3neError("its variance and epsilon add up to a number that is not positive")
    return Result(((Norm(gamma, beta, mean, variance, epsilon), call.shape),))


def _relu(call: Call) -> Result:
    return Result(((Relu(), call.shape),))


def _clip(call: Call) -> Result:
    if isinstance(call.before, Quantize) and call.before.is_open:
        low, high = (call.constant(place, name).one_integer() for place, name in ((1, "min"), (2, "max")))
        given = call.before.quantizer
        narrowed = replace(given, low=max(low, given.low), high=min(high, given.high))
        return Result(((Quantize(narrowed, is_open=True), call.shape),), replaces=True)
    least, most = call.optional(1, "min"), call.optional(2, "max")
    if most is None and least is not None and not least.reals().any() and call.opset >= 11:
        return _relu(call)
    raise E3neError("it clips real numbers; only a least value of 0 (a ReLU) is supported")


def _max_pool(call: Call) -> Result:
    if any(call.node.outputs[1:]):
        raise E3neError("its indices are used")
    return _pooled(call, "max")


def _average_pool(call: Call) -> Result:
    return _pooled(call, "average")


def _pooled(call: Call, kind: str) -> Result:
    channels, height, width = call.map_shape()
    window = pool_window(call, kind, (height, width))
    pool = Pool("max" if kind == "max" else "average", window)
    return Result(((pool, (channels, *window.positions(height, width))),))


def _global_pool(call: Call) -> Result:
    channels, height, width = call.map_shape()
    window = Window((height, width), (height, width))
    return Result(((Pool("max" if call.node.kind == "GlobalMaxPool" else "average", window), (channels, 1, 1)),))


def _reduce_mean(call: Call) -> Result:
    channels, height, width = call.map_shape()
    axes = call.numbers(1, "axes")
    if axes is None or sorted(normalised_axes(axes, 4)) != [2, 3]:
        raise E3neError("only the mean over height and width together is supported")
    pool: tuple[Operation, Shape] = (Pool("average", Window((height, width), (height, width))), (channels, 1, 1))
    return Result((pool,) if call.integer("keepdims", 1) else (pool, (Flatten(), (channels,))))


def _reshape(call: Call) -> Result:
    wanted = call.numbers(1, "shape")
    if wanted is None:
        raise E3neError("it has no shape")
    given = (1, *call.shape)
    if call.integer("allowzero", 0) == 0:
        wanted = tuple(given[axis] if size == 0 and axis < 4 else size for axis, size in enumerate(wanted))
    if wanted.count(-1) == 1:
        known = prod(size for size in wanted if size != -1)
        wanted = tuple(prod(given) // max(1, known) if size == -1 else size for size in wanted)
    return _flattened(call, wanted)


def _flatten(call: Call) -> Result:
    axis = call.integer("axis", 1)
    if axis not in (1, -len(call.shape)):
        raise E3neError(f"its axis is {axis}; only all dimensions behind the batch are flattened")
    return _flattened(call, (1, prod(call.shape)))


def _squeeze(call: Call) -> Result:
    axes = call.numbers(1, "axes")
    given = (1, *call.shape)
    ones = (axis for axis, size in enumerate(given) if size == 1)
    removed = set(ones if axes is None else normalised_axes(axes, len(given)))
    if any(given[axis] != 1 for axis in removed):
        raise E3neError(f"it removes axes {sorted(removed)} of {given}, which are not all of size 1")
    return _flattened(call, tuple(size for axis, size in enumerate(given) if axis not in removed))


def _flattened(call: Call, result: Shape) -> Result:
    if result == (1, *call.shape):
        return Result()
    if result != (1, prod(call.shape)):
        raise E3neError(f"only flattening is supported, not {(1, *call.shape)} to {result}")
    return Result(((Flatten(), (prod(call.shape),)),))


def _pad(call: Call) -> Result:
    channels, height, width = call.map_shape()
    pad = pad_sizes(call)
    top, left, bottom, right = pad.sizes
    return Result(((pad, (channels, height + top + bottom, width + left + right)),))


def _quant(call: Call) -> Result:
    single_scale(call)
    return Result(((Quantize(quantizer_of(call)), call.shape),))


def _quantize_linear(call: Call) -> Result:
    single_scale(call)
    return Result(((Quantize(quantize_linear(call), is_open=True), call.shape),))


def _dequantize_linear(call: Call) -> Result:
    if not isinstance(call.before, Quantize) or not call.before.is_open:
        raise E3neError("it does not belong to a QuantizeLinear")
    zero_point_of(call, 2)
    if (scale_along(call, (1, *call.shape)) != call.before.quantizer.scale).any():
        raise E3neError("its scale is not that of its QuantizeLinear")
    return Result(((Quantize(call.before.quantizer), call.shape),), replaces=True)


HANDLERS: dict[str, Callable[[Call], Result]] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _affine,
    "Sub": _affine,
    "Mul": _affine,
    "BatchNormalization": _batch_normalization,
    "Relu": _relu,
    "Clip": _clip,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "ReduceMean": _reduce_mean,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Identity": _identity,
    "Dropout": _dropout,
    "Pad": _pad,
    "Quant": _quant,
    "IntQuant": _quant,
    "QuantizeLinear": _quantize_linear,
    "DequantizeLinear": _dequantize_linear,
}
"""By operator."""
