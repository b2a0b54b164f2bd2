"""The shape of a node's result. Written here and not taken from a library: NIR's own inference has mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Operation,
    Pool,
    Reals,
    Scale,
)

Shape = tuple[int, ...]

MOST_ELEMENTS = 2**26
"""of one result: more is a damaged file rather than a network"""


def result_shape(operation: Operation, inputs: Sequence[Shape]) -> Shape:
    """The shape that an operation makes of the shapes of its inputs, (C, H, W) or (N,).

    Raises `E3neError`, which does not name the node, if the inputs or the operation's own parameters do not fit.
    """
    if isinstance(operation, Add):
        return _sum(inputs)
    if len(inputs) != 1:
        raise E3neError(f"it takes one input, not {len(inputs)}")
    result = _of_one(operation, inputs[0])
    if prod(result) > MOST_ELEMENTS:
        raise E3neError(f"its result of {result} has more than {MOST_ELEMENTS} elements")
    return result


def _of_one(operation: Neuron | Scale | Linear | Flatten | Convolution | Pool, shape: Shape) -> Shape:
    match operation:
        case Neuron():
            return _neuron(operation, shape)
        case Scale():
            return shape
        case Linear():
            return _linear(operation, shape)
        case Flatten():
            return (prod(shape),)
        case Convolution():
            return _convolution(operation, shape)
        case Pool():
            return _pool(operation, shape)


def _sum(inputs: Sequence[Shape]) -> Shape:
    if not inputs:
        raise E3neError("it has no inputs")
    if len(set(inputs)) > 1:
        raise E3neError(f"inputs of different shapes are added: {', '.join(str(shape) for shape in inputs)}")
    return inputs[0]


def _neuron(neuron: Neuron, shape: Shape) -> Shape:
    channels = shape[0]
    for name, values in per_channel_fields(neuron).items():
        if values.shape not in ((1,), (channels,)):
            raise E3neError(f"its {name} has shape {values.shape}, not (1,) or ({channels},)")
        if not np.isfinite(values).all():
            raise E3neError(f"its parameters give a {name} that is infinite or not a number")
    if neuron.several and (neuron.threshold <= 0).any():
        raise E3neError("it spikes several times in a step, and its threshold is not above 0")
    if neuron.recurrent is None and neuron.recurrent_bias is None:
        return shape
    if len(shape) != 1:
        raise E3neError(f"recurrent weights are supported for neurons in a row, not for maps of {shape}")
    if neuron.recurrent is not None and neuron.recurrent.shape != (channels, channels):
        raise E3neError(f"its recurrent weights have shape {neuron.recurrent.shape}, not {(channels, channels)}")
    if neuron.recurrent_bias is not None and neuron.recurrent_bias.shape != (channels,):
        raise E3neError(f"its recurrent bias has shape {neuron.recurrent_bias.shape}, not ({channels},)")
    return shape


def per_channel_fields(neuron: Neuron) -> dict[str, Reals]:
    """The fields of a neuron that are (1,) or (C,), without those that are not there."""
    fields = {
        "threshold": neuron.threshold,
        "decay": neuron.decay,
        "gain": neuron.gain,
        "reset_value": neuron.reset_value,
        "initial": neuron.initial,
        "least": neuron.least,
        "synapse_decay": neuron.synapse_decay,
    }
    return {name: values for name, values in fields.items() if values is not None}


def _linear(linear: Linear, shape: Shape) -> Shape:
    if linear.weights.ndim != 2:
        raise E3neError(f"its weights have {linear.weights.ndim} dimensions, not 2")
    outputs, count = linear.weights.shape
    if len(shape) != 1:
        raise E3neError(f"its input has shape {shape}; a linear layer needs it flattened")
    if shape != (count,):
        raise E3neError(f"its weights take {count} inputs, but its input has {shape[0]}")
    _check_bias(linear.bias, outputs)
    return (outputs,)


def _convolution(operation: Convolution, shape: Shape) -> Shape:
    if operation.weights.ndim != 4:
        raise E3neError(f"its weights have {operation.weights.ndim} dimensions, not 4")
    outputs, per_group, *kernel = operation.weights.shape
    channels, height, width = _map(shape)
    groups = operation.groups
    if groups < 1 or outputs % groups:
        raise E3neError(f"its {outputs} channels cannot be divided into {groups} groups")
    if channels != per_group * groups:
        raise E3neError(f"its weights take {per_group * groups} channels, but its input has {channels}")
    _check_bias(operation.bias, outputs)
    if min(operation.dilation) < 1:
        raise E3neError(f"its dilation is {operation.dilation}")
    rows, columns = (d * (k - 1) + 1 for d, k in zip(operation.dilation, kernel, strict=True))
    return (outputs, *_positions((height, width), (rows, columns), operation.stride, operation.padding))


def _pool(operation: Pool, shape: Shape) -> Shape:
    channels, height, width = _map(shape)
    if operation.kind == "max" and any(
        pad >= size for pad, size in zip(operation.padding, (*operation.kernel, *operation.kernel), strict=True)
    ):
        raise E3neError("one of its windows lies in the padding alone")
    return (channels, *_positions((height, width), operation.kernel, operation.stride, operation.padding))


def _map(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise E3neError(f"its input has shape {shape}; channels, height and width are needed")
    return (shape[0], shape[1], shape[2])


def _check_bias(bias: Reals | None, outputs: int) -> None:
    if bias is not None and bias.shape != (outputs,):
        raise E3neError(f"its bias has shape {bias.shape}, not ({outputs},)")


def _positions(
    size: tuple[int, int], extent: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int, int, int]
) -> tuple[int, int]:
    """(rows, columns) of the windows that lie in the padded map."""
    if min(stride) < 1 or min(padding) < 0 or min(extent) < 1:
        raise E3neError(f"its windows of {extent} with stride {stride} and padding {padding} are not possible")
    top, left, bottom, right = padding
    free = (size[0] + top + bottom - extent[0], size[1] + left + right - extent[1])
    if min(free) < 0:
        raise E3neError(f"its windows of {extent[0]}x{extent[1]} do not fit into maps of {size[0]}x{size[1]}")
    return (free[0] // stride[0] + 1, free[1] // stride[1] + 1)
