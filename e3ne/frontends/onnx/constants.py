"""Nodes whose inputs are all parameters: computed once, as a runtime would, quantisation included."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError
from e3ne.frontends.onnx.arguments import Arguments, checked_shape, fitting_parameters, normalised_axes
from e3ne.frontends.onnx.description import Array, Constant
from e3ne.frontends.onnx.quantizers import (
    integer_limits,
    number_type,
    quantize_linear,
    quantizer_of,
    rounded,
    scale_along,
    zero_point_of,
)

MOST_FOLDED_BYTES = 1 << 30
"""Of all constants that nodes compute."""
_ELEMENT_BYTES = 12
"""At most: an int64 and the float32 of its scale."""


def _constant(arguments: Arguments) -> Constant:
    attributes = arguments.node.attributes
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in attributes:
            value = attributes[name]
            kind = np.float32 if "float" in name else None
            return stored(value if isinstance(value, np.ndarray) else np.asarray(value, kind))
    raise E3neError("its value is of a kind that is not supported")


def stored(array: Array) -> Constant:
    """A tensor of the file; integers know their width."""
    if array.dtype.kind in "fb":
        return Constant(array)
    return Constant(array, None, width_between(*integer_limits(array.dtype)))


def width_between(low: int, high: int) -> int:
    """Bits of two's complement that hold low … high."""
    return max(high, -low - 1, 0).bit_length() + 1


def _rearranged(arrange: Callable[[Arguments, Array], Array]) -> Callable[[Arguments], Constant]:
    def fold(arguments: Arguments) -> Constant:
        given = arguments.constant(0, "input")
        scale = None if given.scale is None else arrange(arguments, given.scale)
        return given.rearranged(arrange(arguments, given.values), scale)

    return fold


def _identity(arguments: Arguments) -> Constant:
    return arguments.constant(0, "input")


def _transpose(arguments: Arguments, array: Array) -> Array:
    if "perm" not in arguments.node.attributes:
        return np.transpose(array)
    return np.transpose(array, arguments.integers("perm", (), array.ndim, 0))


def _reshape(arguments: Arguments, array: Array) -> Array:
    wanted = arguments.numbers(1, "shape") or ()
    sizes = [array.shape[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    return array.reshape(sizes)


def _flatten(arguments: Arguments, array: Array) -> Array:
    axis = arguments.integer("axis", 1)
    if not -array.ndim <= axis <= array.ndim:
        raise E3neError(f"its axis {axis} is not one of {array.ndim} dimensions")
    # that behind the last one is no axis of its own: all dimensions stand before it
    axis = axis + array.ndim if axis < 0 else axis
    return array.reshape(prod(array.shape[:axis]), -1)


def _unsqueeze(arguments: Arguments, array: Array) -> Array:
    return np.expand_dims(array, arguments.numbers(1, "axes") or ())


def _squeeze(arguments: Arguments, array: Array) -> Array:
    return np.squeeze(array, arguments.numbers(1, "axes"))


def _plain(arguments: Arguments, position: int) -> Array:
    return arguments.constant(position, "input").values


def _gather(arguments: Arguments) -> Constant:
    checked_shape(_gathered_shape(arguments))
    taken = np.take(_plain(arguments, 0), _plain(arguments, 1).astype(np.int64), arguments.integer("axis", 0))
    return Constant(np.asarray(taken))


def _gathered_shape(arguments: Arguments) -> tuple[int, ...]:
    shape = list(arguments.constant(0, "input").shape)
    (axis,) = normalised_axes((arguments.integer("axis", 0),), len(shape))
    shape[axis : axis + 1] = arguments.constant(1, "indices").shape
    return tuple(shape)


def _concat(arguments: Arguments) -> Constant:
    parts = [_plain(arguments, position) for position in range(len(arguments.node.inputs))]
    checked_shape((sum(part.size for part in parts),))
    return Constant(np.concatenate(parts, arguments.integer("axis", 0)))


def _cast(arguments: Arguments) -> Constant:
    given, kind = arguments.constant(0, "input"), number_type(arguments.integer("to", 1))
    if given.is_quantized or kind.kind not in "fiu":
        raise E3neError("this kind of cast is not supported")
    if kind.kind in "iu" and given.values.dtype.kind == "f":
        low, high = integer_limits(kind)
        whole = np.trunc(given.values.astype(np.float64))
        # 2^63 − 1 is no float64: its neighbour above is none of int64
        if whole.min() < low or whole.max() >= high + 1:
            raise E3neError(f"it casts numbers that are none of {kind.name}")
    with np.errstate(over="ignore"):
        return stored(given.values.astype(kind))


def _quant(arguments: Arguments) -> Constant:
    given, found = arguments.constant(0, "input").reals(), quantizer_of(arguments)
    scale = _broadcast(arguments.constant(1, "scale").reals(), given.shape)
    codes = rounded(given, scale, found.rounding, found.low, found.high)
    return Constant(codes, scale, width_between(found.low, found.high))


def _broadcast(scale: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        return np.broadcast_to(scale, shape)
    except ValueError as error:
        raise E3neError(f"its scale has shape {scale.shape}, which does not fit {shape}") from error


def _quantize_linear(arguments: Arguments) -> Constant:
    given = arguments.constant(0, "input")
    found = quantize_linear(arguments)
    scale = scale_along(arguments, given.shape)
    codes = rounded(given.reals(), scale, "half_even", found.low, found.high)
    return Constant(codes, None, width_between(found.low, found.high))


def _clip(arguments: Arguments) -> Constant:
    given = arguments.constant(0, "input")
    if given.is_quantized or given.values.dtype.kind == "f":
        raise E3neError("only integers between QuantizeLinear and DequantizeLinear are clipped")
    low, high = (arguments.constant(place, name).one_integer() for place, name in ((1, "min"), (2, "max")))
    values = np.clip(given.values, low, high)
    return Constant(values, None, min(width_between(low, high), given.width))


def _dequantize_linear(arguments: Arguments) -> Constant:
    given = arguments.constant(0, "input")
    if given.is_quantized or given.values.dtype.kind == "f":
        raise E3neError("its input is not integers")
    zero_point_of(arguments, 2)
    return Constant(given.values.astype(np.int64), scale_along(arguments, given.shape), given.width)


FOLDERS: dict[str, Callable[[Arguments], Constant]] = {
    "Constant": _constant,
    "Identity": _identity,
    "Transpose": _rearranged(_transpose),
    "Reshape": _rearranged(_reshape),
    "Flatten": _rearranged(_flatten),
    "Unsqueeze": _rearranged(_unsqueeze),
    "Squeeze": _rearranged(_squeeze),
    "Gather": _gather,
    "Concat": _concat,
    "Cast": _cast,
    "Quant": _quant,
    "IntQuant": _quant,
    "QuantizeLinear": _quantize_linear,
    "Clip": _clip,
    "DequantizeLinear": _dequantize_linear,
}
"""By operator; each raises `E3neError`, or what NumPy raises for shapes that do not fit."""


def fold(arguments: Arguments) -> Constant:
    """The value of a node of parameters alone; raises `E3neError` with the reason."""
    with fitting_parameters():
        return FOLDERS[arguments.node.kind](arguments)


def result_bytes(arguments: Arguments) -> int:
    """At most so many bytes has what `fold` gives, known before anything is computed; raises `E3neError`."""
    given = arguments.constants
    match arguments.node.kind:
        case "Constant":
            return 0  # it is in the file
        case "Gather" if 0 in given and 1 in given:
            with fitting_parameters():
                size = prod(_gathered_shape(arguments))
        case "Concat":
            size = sum(each.values.size for each in given.values())
        case _:
            size = given[0].values.size if 0 in given else 0
    return size * _ELEMENT_BYTES
