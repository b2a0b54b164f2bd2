"""How each operation of an exported PyTorch graph becomes operations of the float form. No PyTorch is needed here."""

# ruff: noqa: ARG001, ARG005 (every handler and every builder is called with the same arguments)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from e3ne.dialects.snn import (
    AveragePoolOp,
    BatchNormOp,
    Conv2dOp,
    FlattenOp,
    LayerOp,
    LinearOp,
    MaxPoolOp,
    ReluOp,
    Window,
    float_tensor,
)
from e3ne.errors import E3neError

Reals = npt.NDArray[np.float32]
Define = Callable[[str, Reals], str]
"""(what it is, value) -> the symbol of a new parameter of the layer"""
Build = Callable[[str, SSAValue, Define], LayerOp]
"""(layer, input, define) -> the operation"""
Step = tuple[str, Build]
"""(kind, how to build it)"""


@dataclass(frozen=True)
class Call:
    """One operation of the exported graph. Shapes are without the batch dimension."""

    arguments: Mapping[str, object]
    """constants by name, omitted ones filled in"""
    parameters: Mapping[str, npt.NDArray[np.generic]]
    """stored tensors by the name of the argument"""
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]

    def array(self, name: str) -> Reals | None:
        """A parameter, or None if the argument is None; raises `E3neError` if it is computed by the network."""
        value = self.parameters.get(name)
        if value is None and self.arguments[name] is None:
            return None
        if value is None:
            raise E3neError(f"its {name} is computed by the network; it must be a stored parameter")
        if value.dtype != np.float32:
            raise E3neError(f"its {name} is {value.dtype}; it must be float32 (use model.float())")
        reals = value.astype(np.float32)
        if not np.isfinite(reals).all():
            raise E3neError(f"its {name} has an element that is infinite or not a number")
        return reals

    def needed(self, name: str) -> Reals:
        """A parameter that must be there."""
        value = self.array(name)
        if value is None:
            raise E3neError(f"it has no {name}")
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """An integer or a list of integers; raises `E3neError` for anything else."""
        value = self.arguments[name]
        items = cast(Sequence[object], value) if isinstance(value, list | tuple) else (value,)
        found = tuple(item for item in items if isinstance(item, int))
        if len(found) != len(items):
            raise E3neError(f"its {name} is {value}, not a list of integers")
        return found

    def pair(self, name: str) -> tuple[int, int]:
        """(vertical, horizontal) of an integer or a list of one or two."""
        found = self.numbers(name)
        if len(found) not in (1, 2):
            raise E3neError(f"its {name} is {list(found)}, not one or two integers")
        return (found[0], found[-1])

    def number(self, name: str) -> int:
        """An integer or boolean argument."""
        value = self.arguments[name]
        if not isinstance(value, int):
            raise E3neError(f"its {name} is {value}, not a constant")
        return int(value)

    def map_shape(self) -> tuple[int, int, int]:
        """The input's shape, which must be (C, H, W)."""
        if len(self.input_shape) != 3:
            raise E3neError(f"its input has shape {self.input_shape}; channels, height and width are needed")
        return (self.input_shape[0], self.input_shape[1], self.input_shape[2])


def _identity(call: Call) -> list[Step]:
    return []


def _conv2d(call: Call) -> list[Step]:
    weights, bias = call.needed("weight"), call.array("bias")
    if weights.ndim != 4:
        raise E3neError(f"its weights have {weights.ndim} dimensions; only two-dimensional convolutions are supported")
    kernel = (weights.shape[2], weights.shape[3])
    stride, dilation, groups = call.pair("stride"), call.pair("dilation"), call.number("groups")
    padding = _conv_padding(call, kernel, dilation)

    def build(layer: str, value: SSAValue, define: Define) -> LayerOp:
        return Conv2dOp(
            layer,
            value,
            float_tensor(call.output_shape),
            define("weight", weights),
            bias=None if bias is None else define("bias", bias),
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )

    return [("synapse", build)]


def _conv_padding(call: Call, kernel: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, int, int, int]:
    if call.arguments["padding"] == "valid":
        return (0, 0, 0, 0)
    if call.arguments["padding"] == "same":
        # where the total is odd, PyTorch pads one more at the bottom and right
        rows, columns = (d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
        return (rows // 2, columns // 2, rows - rows // 2, columns - columns // 2)
    rows, columns = call.pair("padding")
    return (rows, columns, rows, columns)


def _linear(call: Call) -> list[Step]:
    weights, bias = call.needed("weight"), call.array("bias")
    if len(call.input_shape) != 1:
        raise E3neError(f"its input has shape {call.input_shape}; flatten before a linear layer")

    def build(layer: str, value: SSAValue, define: Define) -> LayerOp:
        return LinearOp(
            layer,
            value,
            float_tensor(call.output_shape),
            define("weight", weights),
            bias=None if bias is None else define("bias", bias),
        )

    return [("synapse", build)]


def _batch_norm(call: Call) -> list[Step]:
    mean, variance = call.needed("running_mean"), call.needed("running_var")
    gamma, beta, epsilon = call.array("weight"), call.array("bias"), call.arguments["eps"]
    if not isinstance(epsilon, float):
        raise E3neError(f"its eps is {epsilon}, not a constant")

    def build(layer: str, value: SSAValue, define: Define) -> LayerOp:
        return BatchNormOp(
            layer,
            value,
            gamma=define("gamma", np.ones_like(mean) if gamma is None else gamma),
            beta=define("beta", np.zeros_like(mean) if beta is None else beta),
            mean=define("mean", mean),
            variance=define("variance", variance),
            epsilon=epsilon,
        )

    return [("norm", build)]


def _relu(call: Call) -> list[Step]:
    return [("neuron", lambda layer, value, define: ReluOp(layer, value))]


def _max_pool(call: Call) -> list[Step]:
    window = _pool_window(call, call.pair("dilation"))
    _, height, width = call.map_shape()
    if window.padding_only(height, width):
        raise E3neError("one of its windows lies in the padding alone")
    return [("pool", lambda layer, value, define: MaxPoolOp(layer, value, window))]


def _average_pool(call: Call) -> list[Step]:
    window = _pool_window(call, (1, 1))
    rows, columns = call.pair("padding")
    if window.padding != (rows, columns, rows, columns):
        raise E3neError("ceil_mode averages windows that reach beyond the padded map over fewer elements")
    if any(window.padding) and not call.number("count_include_pad"):
        raise E3neError("padding with count_include_pad=False averages windows over different numbers of elements")
    if call.arguments["divisor_override"] not in (None, window.taps):
        raise E3neError("divisor_override is not supported")
    return [_average(window)]


def _adaptive_average_pool(call: Call) -> list[Step]:
    _, height, width = call.map_shape()
    _, rows, columns = call.output_shape
    if height % rows or width % columns:
        raise E3neError(f"a map of {height}x{width} cannot be divided evenly into {rows}x{columns}")
    size = (height // rows, width // columns)
    return [] if size == (1, 1) else [_average(Window(size, size))]


def _mean(call: Call) -> list[Step]:
    if call.arguments["dim"] is None or {dimension % 4 for dimension in call.numbers("dim")} != {2, 3}:
        raise E3neError("only the mean over height and width together is supported")
    _, height, width = call.map_shape()
    average = _average(Window((height, width), (height, width)))
    return [average] if len(call.output_shape) == 3 else [average, _flatten_step()]


def _average(window: Window) -> Step:
    return ("pool", lambda layer, value, define: AveragePoolOp(layer, value, window))


def _pool_window(call: Call, dilation: tuple[int, int]) -> Window:
    """The window with ceil_mode expressed as padding at the bottom and right."""
    kernel = call.pair("kernel_size")
    stride = kernel if call.arguments["stride"] in (None, []) else call.pair("stride")
    rows, columns = call.pair("padding")
    window = Window(kernel, stride, (rows, columns, rows, columns), dilation)
    _, height, width = call.map_shape()
    _, *positions = call.output_shape
    more = [
        max(0, (count - 1) * step + extent - size - 2 * pad)
        for count, step, extent, size, pad in zip(
            positions, stride, window.extent, (height, width), (rows, columns), strict=True
        )
    ]
    return Window(kernel, stride, (rows, columns, rows + more[0], columns + more[1]), dilation)


def _reshape(call: Call) -> list[Step]:
    if call.output_shape == call.input_shape:
        return []
    if call.output_shape != (prod(call.input_shape),):
        raise E3neError(f"only flattening is supported, not {call.input_shape} to {call.output_shape}")
    return [_flatten_step()]


def _flatten_step() -> Step:
    def build(layer: str, value: SSAValue, define: Define) -> LayerOp:
        return FlattenOp(layer, value)

    return ("flatten", build)


def handlers() -> dict[str, Callable[[Call], list[Step]]]:
    """By the name of the PyTorch operator, what makes the steps of a call or raises `E3neError` with the reason."""
    return {
        "conv2d": _conv2d,
        "linear": _linear,
        "_native_batch_norm_legit_no_training": _batch_norm,
        "relu": _relu,
        "max_pool2d": _max_pool,
        "avg_pool2d": _average_pool,
        "adaptive_avg_pool2d": _adaptive_average_pool,
        "mean": _mean,
        "clone": _identity,
        "dropout": _identity,
        "detach": _identity,
        "alias": _identity,
        "contiguous": _identity,
        "view": _reshape,
        "_unsafe_view": _reshape,
        "reshape": _reshape,
        "flatten": _reshape,
        "squeeze": _reshape,
    }


SUPPORTED = (
    "Conv2d, Linear, BatchNorm2d/1d, ReLU, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d (where it divides evenly), "
    "Flatten, Dropout, Identity"
)
"""For messages, in the words of torch.nn."""
