"""The layers of a NIR file that are not neurons: convolutions, linear layers, pools, flatten, scale."""

# ruff: noqa: ARG001 (every reader is called with the same arguments)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Convolution, Flatten, Linear, Operation, Pool, Reals, Scale
from e3ne.frontends.spiking.nir_source import Value

Fields = Mapping[str, Value]

LAYERS: Mapping[str, tuple[str, ...]] = {
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": (),
    "Scale": ("scale",),
}
"""By type, the fields that must be there."""


def read_layer(kind: str, fields: Fields, shape: tuple[int, ...]) -> Operation:
    """The operation of a NIR node for an input of `shape`; its fields are there and are numbers.

    Raises `E3neError`, which does not name the node, for what is not supported.
    """
    return _READERS[kind](fields, shape)


def _affine(fields: Fields, shape: tuple[int, ...]) -> Operation:
    return Linear(_reals(fields, "weight"), _reals(fields, "bias"))


def _linear(fields: Fields, shape: tuple[int, ...]) -> Operation:
    return Linear(_reals(fields, "weight"), None)


def _convolution(fields: Fields, shape: tuple[int, ...]) -> Operation:
    weights = _reals(fields, "weight")
    if weights.ndim != 4:
        raise E3neError(f"its weight has {weights.ndim} dimensions, not 4")
    stride, dilation = _pair(fields, "stride"), _pair(fields, "dilation")
    groups = _integers(fields, "groups")
    if len(groups) != 1:
        raise E3neError(f"its groups are {groups}, not one number")
    kernel = (weights.shape[2], weights.shape[3])
    return Convolution(
        weights, _reals(fields, "bias"), stride, _padding(fields, kernel, stride, dilation), dilation, groups[0]
    )


def _padding(
    fields: Fields, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    padding = fields["padding"]
    if isinstance(padding, str) and padding == "valid":
        return (0, 0, 0, 0)
    if isinstance(padding, str) and padding == "same":
        if stride != (1, 1):
            raise E3neError("its padding is 'same' with a stride, which libraries read differently")
        return same_padding(kernel, dilation)
    rows, columns = _pair(fields, "padding")
    return (rows, columns, rows, columns)


def same_padding(kernel: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right as PyTorch pads: where the total is odd, one more at the bottom and right."""
    rows, columns = (d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    return (rows // 2, columns // 2, rows - rows // 2, columns - columns // 2)


def _sum_pool(fields: Fields, shape: tuple[int, ...]) -> Operation:
    rows, columns = _pair(fields, "padding")
    return Pool("sum", _pair(fields, "kernel_size"), _pair(fields, "stride"), (rows, columns, rows, columns))


def _average_pool(fields: Fields, shape: tuple[int, ...]) -> Operation:
    rows, columns = _pair(fields, "padding")
    return Pool("average", _pair(fields, "kernel_size"), _pair(fields, "stride"), (rows, columns, rows, columns))


def _flatten(fields: Fields, shape: tuple[int, ...]) -> Operation:
    start = _integers(fields, "start_dim")[0] if "start_dim" in fields else 1
    end = _integers(fields, "end_dim")[0] if "end_dim" in fields else -1
    # some exporters count a dimension of the batch, which the file has not
    if start not in (0, 1, -len(shape)) or end not in (-1, len(shape) - 1, len(shape)):
        raise E3neError(f"it flattens dimensions {start} to {end} of {shape}; all of them together are supported")
    return Flatten()


def _scale(fields: Fields, shape: tuple[int, ...]) -> Operation:
    scale = _reals(fields, "scale").ravel()
    if scale.size == 0 or (scale != scale[0]).any():
        raise E3neError("its scale differs between elements; one number is supported")
    return Scale(float(scale[0]))


_READERS: Mapping[str, Callable[[Fields, tuple[int, ...]], Operation]] = {
    "Affine": _affine,
    "Linear": _linear,
    "Conv2d": _convolution,
    "SumPool2d": _sum_pool,
    "AvgPool2d": _average_pool,
    "Flatten": _flatten,
    "Scale": _scale,
}


def _reals(fields: Fields, name: str) -> Reals:
    value = fields[name]
    if isinstance(value, str):
        raise E3neError(f"its {name} is '{value}', not numbers")
    return np.asarray(value, np.float64)


def _integers(fields: Fields, name: str) -> Sequence[int]:
    """The integers of a number, tuple, list or array of any shape."""
    values = _reals(fields, name).ravel()
    if values.size == 0 or (values != np.round(values)).any() or (np.abs(values) > 2**31).any():
        raise E3neError(f"its {name} is not a list of integers")
    return [int(value) for value in values]


def _pair(fields: Fields, name: str) -> tuple[int, int]:
    found = _integers(fields, name)
    if len(found) not in (1, 2):
        raise E3neError(f"its {name} has {len(found)} numbers, not one or two")
    return (found[0], found[-1])
