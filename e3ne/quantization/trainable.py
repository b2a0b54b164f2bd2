"""Torch layers whose forward pass is the integer arithmetic of `snn` and whose backward pass is straight-through.

No IR types. What flows is integers (held as floats, exact below 2^24 in float32) with their real scale, so a layer
computes what its hardware computes: codes times integer weights, then a threshold. The gradient of rounding is taken
to be 1, and 0 where a value is clamped (Esser et al., Learned Step Size Quantization, ICLR 2020). Scales are learned
as logarithms: they stay positive, and Adam's steps become relative ones, which is what the paper's gradient scaling
is for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from e3ne.dialects.snn.geometry import Window
from e3ne.quantization.gradients import maximum, quantise
from e3ne.quantization.levels import Levels


@dataclass(frozen=True, eq=False)
class Signal:
    """A batch of values between two layers: the real numbers `values * scale`."""

    values: torch.Tensor
    """(N, C, H, W) or (N, size): integers, or the sum of an integer and a bias that is no multiple of the scale"""
    scale: torch.Tensor
    """one number [], or one per channel, [C, 1, 1] or [C]"""


def to_numbers(x: torch.Tensor, levels: Levels, thresholds: npt.NDArray[np.float64]) -> torch.Tensor:
    """`x`, in units of one level, as the numbers of an encoding; the gradient is 1 up to the greatest, and 0 beyond.

    Where the encoding leaves numbers out, each but 0 is reached at its threshold.
    """
    if levels.is_complete:
        return quantise(x, 0, levels.greatest)
    like = x.detach()
    index = torch.bucketize(like, torch.tensor(thresholds, dtype=x.dtype), right=True)
    clamped = x.clamp(0, levels.greatest)
    return torch.tensor(levels.numbers, dtype=x.dtype)[index] + (clamped - clamped.detach())


class Layer(nn.Module, ABC):
    """One operation of a network."""

    @abstractmethod
    def run(self, signal: Signal) -> Signal:
        """The layer's values for a batch."""

    @abstractmethod
    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """What the layer is before quantisation: real numbers to real numbers, nothing rounded or clamped above."""


class Encoder(Layer):
    """The image, real numbers in 0 ... 1, as the nearest numbers of its encoding."""

    def __init__(self, levels: Levels) -> None:
        super().__init__()
        self.levels, self.greatest = levels, levels.greatest

    def run(self, signal: Signal) -> Signal:
        """Values 0 ... 1 to codes."""
        codes = to_numbers(signal.values * self.greatest, self.levels, self.levels.midpoints)
        return Signal(codes, signal.scale / self.greatest)

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """The image as it is."""
        return values


class Neuron(Layer):
    """ReLU with the numbers of an encoding; the real value of number 1, `scale`, is learned."""

    def __init__(self, levels: Levels, scale: float) -> None:
        super().__init__()
        self.levels = levels
        self.logarithm = nn.Parameter(torch.tensor(scale).log())

    @property
    def scale(self) -> torch.Tensor:
        """The real value of number 1, []."""
        return self.logarithm.exp()

    def run(self, signal: Signal) -> Signal:
        """Membranes to codes."""
        inverse_threshold = signal.scale / self.scale
        return Signal(to_numbers(signal.values * inverse_threshold, self.levels, self.levels.thresholds), self.scale)

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """ReLU."""
        return functional.relu(values)


class MaxPool(Layer):
    """Maximum over windows; padding never wins."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def run(self, signal: Signal) -> Signal:
        """Of codes or of membranes."""
        return Signal(self.run_real(signal.values), signal.scale)

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """Of anything."""
        window = self.window
        return maximum(pad(values, window.padding, -torch.inf), window)


class SumPool(Layer):
    """Average over windows, padding counted as zeros: the sum of codes, at a scale smaller by the window's size."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def run(self, signal: Signal) -> Signal:
        """Of codes."""
        return Signal(self._sum(signal.values), signal.scale / self.window.taps)

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """The average."""
        return self._sum(values) / self.window.taps

    def _sum(self, values: torch.Tensor) -> torch.Tensor:
        padded = pad(values, self.window.padding, 0.0)
        return functional.avg_pool2d(padded, self.window.kernel, self.window.stride, divisor_override=1)


class Flatten(Layer):
    """(N, C, H, W) to (N, C * H * W)."""

    def run(self, signal: Signal) -> Signal:
        """Of anything; scales per channel become scales per value."""
        scale = signal.scale
        if scale.numel() > 1:
            scale = scale.expand(signal.values.shape[1:]).flatten()
        return Signal(signal.values.flatten(1), scale.reshape(-1) if scale.dim() else scale)

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """Of anything."""
        return values.flatten(1)


class TrainableNetwork(nn.Module):
    """Layers one after another; trained as any classifier."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.registered = nn.ModuleList(layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Real scores (N, classes) of images (N, C, H, W) in 0 ... 1: the integer scores times their one scale."""
        signal = Signal(images, torch.ones((), dtype=images.dtype))
        for layer in self.layers:
            signal = layer.run(signal)
        return signal.values * signal.scale

    def run_real(self, images: torch.Tensor) -> torch.Tensor:
        """The scores of the network before quantisation."""
        values = images
        for layer in self.layers:
            values = layer.run_real(values)
        return values


def pad(values: torch.Tensor, padding: tuple[int, int, int, int], fill: float) -> torch.Tensor:
    """`values` (N, C, H, W) with rows and columns of `fill` around them; `padding` is (top, left, bottom, right)."""
    if not any(padding):
        return values
    top, left, bottom, right = padding
    return functional.pad(values, (left, right, top, bottom), value=fill)


def along_first(vector: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`vector` [O] or [1] shaped so that it broadcasts along the first dimension of `like`."""
    return vector.reshape(-1, *[1] * (like.dim() - 1))
