"""The arithmetic of the snn dialect on batches: pure NumPy, no IR.

Batches are (N, C, H, W) or (N, size). Integer results are exact: sums run in float32 or float64 matrix products only
where every partial sum is an integer that the format represents, and in int64 otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from e3ne.dialects.snn.geometry import Window
from e3ne.errors import E3neError

Array = npt.NDArray[np.generic]
Integers = npt.NDArray[np.integer]
Codes = npt.NDArray[np.uint16]
Membranes = npt.NDArray[np.int64]
Reals = npt.NDArray[np.floating]


def encode_images(images: Reals, numbers: Integers, scale: float | None = None) -> Codes:
    """The number nearest to x * greatest, the upper one of two, or x / scale rounded half to even, clamped.

    `numbers` ascend from 0; a scale goes with all of 0 ... greatest. Computed in float64, in which the quotient of two
    float32 numbers never reaches a tie that it is only close to.
    """
    greatest, real = int(numbers[-1]), images.astype(np.float64)
    if len(numbers) == greatest + 1:
        scaled = np.floor(real * greatest + 0.5) if scale is None else np.rint(real / scale)
        return np.clip(scaled, 0, greatest).astype(np.uint16)
    midpoints = (numbers[1:] + numbers[:-1]) / 2
    return numbers[np.searchsorted(midpoints, real * greatest, side="right")].astype(np.uint16)


def rate_code(images: Reals, steps: int, greatest: int) -> Codes:
    """Evenly spread spikes (N, T, ...): up to step t there are floor((t + 1) * x * greatest + 0.5) of them."""
    scaled = np.clip(images.astype(np.float64), 0, 1)[:, None] * greatest
    times = np.arange(steps + 1, dtype=np.float64).reshape(-1, *([1] * (images.ndim - 1)))
    return np.diff(np.floor(times * scaled + 0.5), axis=1).astype(np.uint16)


def take_spikes(spikes: Reals, greatest: int) -> Codes:
    """Numbers of spikes as they are; raises `E3neError` for what is no whole number of 0 ... `greatest`."""
    if not np.array_equal(spikes, np.clip(np.rint(spikes), 0, greatest)):
        raise E3neError(f"spikes are whole numbers of 0 to {greatest}; the input holds others")
    return spikes.astype(np.uint16)


def convolve(values: Array, weights: Array, window: Window, groups: int = 1) -> Reals:
    """Cross-correlation of real numbers: values (N, C, H, W), weights (O, C/groups, kh, kw), both of one type."""
    columns = _windows(values, window)
    count, _, rows, cols = columns.shape[:4]
    outputs = weights.shape[0]
    grouped = columns.reshape(count, groups, weights.shape[1], rows, cols, window.taps)
    grouped = grouped.transpose(1, 0, 3, 4, 2, 5).reshape(groups, count * rows * cols, weights.shape[1] * window.taps)
    matrix = weights.reshape(groups, outputs // groups, -1).transpose(0, 2, 1)
    product = np.matmul(grouped, matrix).reshape(groups, count, rows, cols, outputs // groups)
    return np.ascontiguousarray(product.transpose(1, 0, 4, 2, 3)).reshape(count, outputs, rows, cols)


def convolve_exact(codes: Integers, weights: Array, window: Window, groups: int = 1) -> Membranes:
    """Cross-correlation of integers; see the module for why it is exact."""
    kind = exact_type(weights, codes)
    return convolve(codes.astype(kind), weights.astype(kind), window, groups).astype(np.int64)


def multiply_exact(codes: Integers, weights: Array) -> Membranes:
    """Codes (N, inputs) times weights (outputs, inputs): (N, outputs), exact."""
    kind = exact_type(weights, codes)
    return np.matmul(codes.astype(kind), weights.astype(kind).T).astype(np.int64)


def exact_type(weights: Array, codes: Integers) -> np.dtype[np.generic]:
    """The fastest type in which every sum of |weight| * value over the inputs of an output is represented exactly."""
    magnitude = np.abs(np.asarray(weights, np.int64)).reshape(weights.shape[0], -1).sum(axis=1).max(initial=0)
    bound = int(magnitude) * max(int(codes.max(initial=0)), -int(codes.min(initial=0)))
    if bound < 1 << 24:
        return np.dtype(np.float32)
    if bound < 1 << 53:
        return np.dtype(np.float64)
    return np.dtype(np.int64)


def fire(
    membranes: Membranes,
    bias: Array,
    threshold: Array,
    fraction_bits: int,
    numbers: Integers,
    *,
    ties_to_even: bool = False,
) -> Codes:
    """The neuron of one frame: floor((V * 2^f + b) / theta), rounded down to one of `numbers`, which ascend from 0.

    b and theta are per channel or for all. With `ties_to_even` an odd code that is reached exactly becomes the even one
    below it.
    """
    shape = (1, -1) + (1,) * (membranes.ndim - 2)
    b = np.asarray(bias, np.int64).reshape(shape)
    theta = np.asarray(threshold, np.int64).reshape(shape)
    scaled = (membranes << fraction_bits) + b
    codes = scaled // theta
    if ties_to_even:
        codes -= (codes & 1) & (codes * theta == scaled)
    codes = np.clip(codes, 0, numbers[-1])
    if len(numbers) <= numbers[-1]:
        codes = numbers[np.searchsorted(numbers, codes, side="right") - 1]
    return codes.astype(np.uint16)


def max_pool(values: Array, window: Window) -> Array:
    """Maximum over windows; padding never wins."""
    lowest = -np.inf if values.dtype.kind == "f" else int(np.iinfo(values.dtype.name).min)
    taps = _taps(values, window, lowest)
    result = next(taps).copy()
    for tap in taps:
        np.maximum(result, tap, out=result)
    return result


def sum_pool(codes: Codes, window: Window) -> Codes:
    """Sum over windows, padding counted as zeros; a sum beyond 16 bits is an error of the program."""
    total = _sum(codes.astype(np.int64), window)
    if int(total.max(initial=0)) >> 16:
        raise OverflowError("the sum of a window has more than 16 bits")
    return total.astype(np.uint16)


def average_pool(values: Reals, window: Window) -> Reals:
    """Mean over windows, padding counted as zeros."""
    return np.true_divide(_sum(values, window), window.taps, dtype=values.dtype)


def _sum(values: Array, window: Window) -> Array:
    taps = _taps(values, window, 0)
    result = next(taps).copy()
    for tap in taps:
        np.add(result, tap, out=result)
    return result


def _padded(values: Array, window: Window, fill: float) -> Array:
    if not any(window.padding):
        return values
    top, left, bottom, right = window.padding
    return np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)


def _taps(values: Array, window: Window, fill: float) -> Iterator[Array]:
    """For each element of the kernel, what lies under it at every position: (N, C, rows, columns) each."""
    rows, columns = window.positions(values.shape[2], values.shape[3])
    padded = _padded(values, window, fill)
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            top, left = i * window.dilation[0], j * window.dilation[1]
            bottom = top + (rows - 1) * window.stride[0] + 1
            right = left + (columns - 1) * window.stride[1] + 1
            yield padded[:, :, top : bottom : window.stride[0], left : right : window.stride[1]]


def _windows(values: Array, window: Window) -> Array:
    """All zero-padded windows, (N, C, rows, columns, kh, kw), as a view."""
    padded = _padded(values, window, 0)
    spanned = np.lib.stride_tricks.sliding_window_view(padded, window.extent, axis=(2, 3))
    return spanned[:, :, :: window.stride[0], :: window.stride[1], :: window.dilation[0], :: window.dilation[1]]
