"""A network of an ONNX file as a list of layers, the one form that the float and the integer form are built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects.snn import Window
from e3ne.errors import E3neError

Array = NDArray[np.generic]
Reals = NDArray[np.float32]
Integers = NDArray[np.int64]

Rounding = Literal["half_even", "half_up", "half_down", "floor", "ceil", "down", "up"]
"""To the nearest, where ties differ; or to a side: `down` is towards zero, `up` away from it."""


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers of the file; what was quantised is integers with a `scale` of the same shape, real = integer · scale.

    `width` is the bits of the integers in two's complement: one more than those of an unsigned type.
    """

    values: Array
    scale: Reals | None = None
    width: int = 0

    @property
    def is_quantized(self) -> bool:
        """Whether it is integers with a scale."""
        return self.scale is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the numbers."""
        return self.values.shape

    def reals(self) -> Reals:
        """The real numbers as a runtime has them: single precision. Raises `E3neError` for numbers beyond that."""
        with np.errstate(over="ignore"):
            numbers = self.values.astype(np.float32)
            if self.scale is not None:
                numbers = (numbers * self.scale).astype(np.float32)
        if not np.isfinite(numbers).all():
            raise E3neError("it has a parameter that does not fit into single precision")
        return numbers

    def one_integer(self) -> int:
        """The number itself, if it is one integer; raises `E3neError`."""
        if self.values.size != 1 or self.values.dtype.kind not in "iu" or self.is_quantized:
            raise E3neError("its limits are not one integer each")
        return int(self.values.reshape(-1)[0])

    def rearranged(self, values: Array, scale: Array | None) -> Constant:
        """The same numbers in another arrangement."""
        return Constant(values, None if scale is None else scale.astype(np.float32, copy=False), self.width)


@dataclass(frozen=True)
class Quantizer:
    """code = x / scale, rounded, within low … high; the value of a code is code · scale."""

    scale: np.float32
    low: int
    high: int
    rounding: Rounding = "half_even"

    @property
    def steps(self) -> int:
        """T of the codes that are not negative, 0 … 2^T − 1; raises `E3neError` where high is something else."""
        if self.high < 1 or self.high & (self.high + 1):
            raise E3neError(f"its codes end at {self.high}; 2^T − 1 is supported (no narrow range of unsigned codes)")
        return self.high.bit_length()


@dataclass(frozen=True, eq=False)
class Synapse:
    """A convolution, weights (O, C/groups, kh, kw), or without a window a linear layer, (O, N); bias (O,)."""

    weights: Constant
    bias: Constant | None
    window: Window | None = None
    groups: int = 1


@dataclass(frozen=True, eq=False)
class Norm:
    """Per channel: gamma · (x − mean) / √(variance + epsilon) + beta; all (C,)."""

    gamma: Reals
    beta: Reals
    mean: Reals
    variance: Reals
    epsilon: float


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class Pool:
    """The maximum, or the average with padding counted as zeros, over windows of each channel."""

    kind: Literal["max", "average"]
    window: Window


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) to (C·H·W,)."""


@dataclass(frozen=True)
class Pad:
    """Zeros around the map: (top, left, bottom, right). It is gone when the network is complete."""

    sizes: tuple[int, int, int, int]


@dataclass(frozen=True)
class Quantize:
    """Real numbers to codes. An `is_open` one is a QuantizeLinear that waits for its DequantizeLinear."""

    quantizer: Quantizer
    is_open: bool = False


Operation = Synapse | Norm | Relu | Pool | Flatten | Pad | Quantize


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer: its name, unique in the network, what messages call it, what it does, and its result's shape."""

    name: str
    title: str
    operation: Operation
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class LayerChain:
    """All layers, each of which takes the result of the one before it."""

    name: str
    input_shape: tuple[int, int, int]
    layers: Sequence[Layer]

    @property
    def is_quantized(self) -> bool:
        """Whether any of its numbers are."""
        return any(
            isinstance(layer.operation, Quantize)
            or (isinstance(layer.operation, Synapse) and layer.operation.weights.is_quantized)
            for layer in self.layers
        )
