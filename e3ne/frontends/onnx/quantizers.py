"""The quantisers of QONNX (Quant) and of ONNX (QuantizeLinear with DequantizeLinear): limits, rounding, scales."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from e3ne.errors import E3neError
from e3ne.frontends.onnx.arguments import Arguments
from e3ne.frontends.onnx.description import Constant, Integers, Quantizer, Reals, Rounding
from e3ne.frontends.onnx.source import NUMBERS

MOST_BITS = 32

_ROUNDINGS: dict[str, Rounding] = {
    "ROUND": "half_even",
    "HALF_EVEN": "half_even",
    "HALF_UP": "half_up",
    "HALF_DOWN": "half_down",
    "FLOOR": "floor",
    "DOWN": "down",
    "CEIL": "ceil",
    "UP": "up",
}
"""By QONNX' names."""


def integer_limits(kind: np.dtype[np.generic]) -> tuple[int, int]:
    """(least, greatest) of an integer type, that of 4 bits and less included."""
    found = re.fullmatch(r"(u?)int(\d+)", kind.name)
    if found is None:
        raise E3neError(f"it holds {kind.name}, not integers")
    bits = int(found[2])
    return (0, (1 << bits) - 1) if found[1] else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def quantizer_of(arguments: Arguments) -> Quantizer:
    """Of a Quant node, with the first number of its scale; raises `E3neError` for what it cannot be."""
    zero_point_of(arguments, 2)
    wanted = arguments.constant(3, "bit width").reals()
    bits = float(wanted.reshape(-1)[0])
    if wanted.size != 1 or bits != int(bits) or not 1 <= bits <= MOST_BITS:
        raise E3neError(f"its bit width is {wanted.tolist()}; one whole number of 1 to {MOST_BITS} is supported")
    signed, narrow = arguments.integer("signed", 1), arguments.integer("narrow", 1)
    if signed and bits == 1:
        raise E3neError("signed numbers of 1 bit (bipolar) are not supported")
    high = (1 << (int(bits) - 1)) - 1 if signed else (1 << int(bits)) - 1 - (1 if narrow else 0)
    low = (-high if narrow else -high - 1) if signed else 0
    mode = arguments.text("rounding_mode", "ROUND").upper()
    if mode not in _ROUNDINGS:
        raise E3neError(f"its rounding_mode is {mode}; supported are {', '.join(_ROUNDINGS)}")
    return Quantizer(_first_scale(arguments), low, high, _ROUNDINGS[mode])


def quantize_linear(arguments: Arguments) -> Quantizer:
    """Of a QuantizeLinear, with the first number of its scale; the type of its zero point says what the limits are.

    Where there is none its `output_dtype` says it, and where that is not there the type is uint8.
    """
    low, high = integer_limits(zero_point_of(arguments, 2).values.dtype)
    if wanted := arguments.integer("output_dtype", 0):
        limits = integer_limits(number_type(wanted))
        if arguments.has(2) and limits != (low, high):
            raise E3neError("its output_dtype is not the type of its zero point")
        low, high = limits
    _check_block(arguments)
    return Quantizer(_first_scale(arguments), low, high)


def number_type(number: int) -> np.dtype[np.generic]:
    """NumPy's type of one of ONNX' types of tensors, by its number."""
    from onnx import TensorProto, helper

    if number not in TensorProto.DataType.values() or TensorProto.DataType.Name(number) not in NUMBERS:
        raise E3neError(f"its type {number} is not that of numbers that are supported")
    return np.dtype(helper.tensor_dtype_to_np_dtype(number))


def zero_point_of(arguments: Arguments, position: int) -> Constant:
    """The zero point, which must be 0; a missing one is 0 of 8 bits without sign."""
    found = arguments.optional(position, "zero point")
    if found is None:
        return Constant(np.zeros(1, np.uint8))
    if found.values.astype(np.float64).any():
        raise E3neError("its zero point is not 0; only 0 is supported, so that padding and absent spikes mean 0")
    return found


def scale_along(arguments: Arguments, shape: tuple[int, ...]) -> Reals:
    """The scale of a QuantizeLinear or DequantizeLinear for each number of a tensor: one, or one along its axis."""
    scale = arguments.constant(1, "scale").reals()
    _check_scale(scale)
    _check_block(arguments)
    if scale.size == 1:
        return np.broadcast_to(scale.reshape(()), shape)
    axis = arguments.integer("axis", 1)
    if scale.ndim != 1 or not -len(shape) <= axis < len(shape) or shape[axis] != scale.size:
        raise E3neError(f"its scale has shape {scale.shape}, which does not fit axis {axis} of {shape}")
    column = [1] * len(shape)
    column[axis] = scale.size
    return np.broadcast_to(scale.reshape(column), shape)


def rounded(values: Reals, scale: Reals, rounding: Rounding, low: int, high: int) -> Integers:
    """The integers that values become: a division in single precision, which every runtime rounds alike."""
    with np.errstate(over="ignore", under="ignore"):
        quotient = (values / scale).astype(np.float32)
    clipped = np.clip(quotient.astype(np.float64), low, high)
    return _round(clipped, rounding).astype(np.int64)


def single_scale(arguments: Arguments) -> None:
    """Raises `E3neError` unless an activation has one scale for all channels."""
    if np.ptp(arguments.constant(1, "scale").reals()):
        raise E3neError("its channels have different scales; activations have one scale for all channels")


def _first_scale(arguments: Arguments) -> np.float32:
    scale = arguments.constant(1, "scale").reals()
    _check_scale(scale)
    return np.float32(scale.reshape(-1)[0])


def _check_block(arguments: Arguments) -> None:
    if arguments.integer("block_size", 0):
        raise E3neError("its scale is by blocks (block_size), which is not supported")


def _check_scale(scale: Reals) -> None:
    if scale.min() <= 0:
        raise E3neError("its scale is not positive")


def _round(values: NDArray[np.float64], rounding: Rounding) -> NDArray[np.float64]:
    magnitude, sign = np.abs(values), np.sign(values)
    match rounding:
        case "half_even":
            return np.rint(values)
        case "half_up":
            return sign * np.floor(magnitude + 0.5)
        case "half_down":
            return sign * np.ceil(magnitude - 0.5)
        case "floor":
            return np.floor(values)
        case "ceil":
            return np.ceil(values)
        case "down":
            return np.trunc(values)
        case "up":
            return sign * np.ceil(magnitude)
