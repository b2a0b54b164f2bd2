"""PyTorch's layers, and SpikingJelly's of the same names, to operations. It imports PyTorch; import it in functions."""

# ruff: noqa: ARG001 (every reader is called with the same arguments)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Convolution, Flatten, Linear, Operation, Pool, Reals
from e3ne.frontends.spiking.nir_layers import same_padding
from e3ne.frontends.spiking.shapes import Shape

IDENTITIES = ("Identity", "Dropout", "Dropout1d", "Dropout2d")
"""Modules that do nothing in eval mode."""

SUPPORTED = (
    "Conv2d, Linear, BatchNorm2d/1d directly after one of them, MaxPool2d, AvgPool2d, Flatten, Dropout, Identity, "
    "addition, multiplication by a number"
)
"""For messages, in the words of torch.nn."""


def read_layer(module: nn.Module, shape: Shape, lead: int) -> Operation:
    """The operation of a module of a class in `LAYERS` for an input of `shape` after `lead` other dimensions.

    Raises `E3neError`, which does not name the module, for a setting that is not supported.
    """
    return LAYERS[type(module).__name__](module, shape, lead)


def reals(value: object, what: str) -> Reals:
    """A tensor or number as float64. Raises `E3neError` that calls it `what` if it is neither, or not finite."""
    if isinstance(value, torch.Tensor):
        array = value.detach().cpu().to(torch.float64).numpy()
    elif isinstance(value, int | float):
        array = np.array(value, np.float64)
    else:
        raise E3neError(f"its {what} is {value}, not a number")
    if not np.isfinite(array).all():
        raise E3neError(f"its {what} has an element that is infinite or not a number")
    return array


def with_batch_norm(operation: Operation, norm: nn.Module) -> Operation:
    """A convolution or linear layer with the batch normalisation after it folded in."""
    if not isinstance(operation, Convolution | Linear) or not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
        raise E3neError("batch normalisation must directly follow a convolution or linear layer")
    if norm.running_mean is None or norm.running_var is None:
        raise E3neError("it has no running statistics")
    mean, variance = reals(norm.running_mean, "running_mean"), reals(norm.running_var, "running_var")
    channels = operation.weights.shape[0]
    if mean.shape != (channels,):
        raise E3neError(f"it normalises {mean.size} channels, but the layer before it has {channels}")
    gamma = np.ones(channels) if cast(object, norm.weight) is None else reals(norm.weight, "weight")
    beta = np.zeros(channels) if cast(object, norm.bias) is None else reals(norm.bias, "bias")
    factor = gamma / np.sqrt(variance + norm.eps)
    bias = np.zeros(channels) if operation.bias is None else operation.bias
    weights = operation.weights * factor.reshape(-1, *(1 for _ in operation.weights.shape[1:]))
    return replace(operation, weights=weights, bias=(bias - mean) * factor + beta)


def _convolution(module: nn.Module, shape: Shape, lead: int) -> Operation:
    assert isinstance(module, nn.Conv2d)
    if module.padding_mode != "zeros":
        raise E3neError(f"its padding_mode is '{module.padding_mode}'; only zeros are supported")
    kernel, dilation = _pair(module.kernel_size), _pair(module.dilation)
    if module.padding == "same":
        padding = same_padding(kernel, dilation)
    elif module.padding == "valid":
        padding = (0, 0, 0, 0)
    else:
        padding = _both_sides(module.padding)
    weights, bias = reals(module.weight, "weight"), module.bias
    return Convolution(
        weights,
        None if bias is None else reals(bias, "bias"),
        _pair(module.stride),
        padding,
        dilation,
        module.groups,
    )


def _linear(module: nn.Module, shape: Shape, lead: int) -> Operation:
    assert isinstance(module, nn.Linear)
    bias = cast("torch.Tensor | None", module.bias)
    return Linear(reals(module.weight, "weight"), None if bias is None else reals(bias, "bias"))


def _max_pool(module: nn.Module, shape: Shape, lead: int) -> Operation:
    assert isinstance(module, nn.MaxPool2d)
    if _pair(module.dilation) != (1, 1) or module.return_indices:
        raise E3neError("its dilation or return_indices is not supported")
    return _pool("max", module, shape)


def _average_pool(module: nn.Module, shape: Shape, lead: int) -> Operation:
    assert isinstance(module, nn.AvgPool2d)
    pool = _pool("average", module, shape)
    if any(pool.padding) and not module.count_include_pad:
        raise E3neError("padding with count_include_pad=False averages windows over different numbers of elements")
    if module.divisor_override not in (None, pool.kernel[0] * pool.kernel[1]):
        raise E3neError("its divisor_override is not supported")
    return pool


def _pool(kind: str, module: nn.MaxPool2d | nn.AvgPool2d, shape: Shape) -> Pool:
    kernel = _pair(module.kernel_size)
    stride = kernel if cast(object, module.stride) is None else _pair(module.stride)
    padding = _both_sides(module.padding)
    if module.ceil_mode and len(shape) == 3:
        free = [size + 2 * pad - extent for size, pad, extent in zip(shape[1:], padding, kernel, strict=False)]
        if any(rest % step for rest, step in zip(free, stride, strict=True)):
            raise E3neError("its ceil_mode adds windows that reach beyond the map, which is not supported")
    return Pool("max" if kind == "max" else "average", kernel, stride, padding)


def _flatten(module: nn.Module, shape: Shape, lead: int) -> Operation:
    assert isinstance(module, nn.Flatten)
    # SpikingJelly's own takes the time dimension away first.
    first = 1 if type(module).__module__.startswith("spikingjelly") else lead
    check_flatten(module.start_dim, module.end_dim, first, shape)
    return Flatten()


def check_flatten(start: object, end: object, lead: int, shape: Shape) -> None:
    """Raises `E3neError` unless dimensions `start` to `end` are all but the first `lead` of (lead..., *shape)."""
    count = lead + len(shape)
    if start not in (lead, lead - count) or end not in (-1, count - 1):
        raise E3neError(f"it flattens dimensions {start} to {end}; {lead} to {count - 1} together are supported")


LAYERS: Mapping[str, Callable[[nn.Module, Shape, int], Operation]] = {
    "Conv2d": _convolution,
    "Linear": _linear,
    "MaxPool2d": _max_pool,
    "AvgPool2d": _average_pool,
    "Flatten": _flatten,
}
"""By the name of the class, in torch.nn or spikingjelly.activation_based.layer."""


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _both_sides(value: int | str | Sequence[int]) -> tuple[int, int, int, int]:
    if isinstance(value, str):
        raise E3neError(f"its padding is '{value}'")
    rows, columns = _pair(value)
    return (rows, columns, rows, columns)
