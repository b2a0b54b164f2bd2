"""Synapses for training: real weights that are used as integers times a learned scale. No IR types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from e3ne.dialects.snn.geometry import Window
from e3ne.quantization.gradients import quantise, round_half_up
from e3ne.quantization.trainable import Layer, Neuron, Signal, along_first, pad


class Scale(nn.Module, ABC):
    """The scale of a layer's weights, which together with that of its input is the scale of its membranes."""

    @abstractmethod
    def weight(self, input_scale: torch.Tensor) -> torch.Tensor:
        """The real value of an integer weight of 1, per output channel [O] or for all [1]."""

    @abstractmethod
    def membrane(self, input_scale: torch.Tensor) -> torch.Tensor:
        """The real value of a membrane of 1, per output channel [O] or for all [1]."""


class LearnedScale(Scale):
    """Free scales: one per output channel [O], or one for all [1]."""

    def __init__(self, initial: torch.Tensor) -> None:
        super().__init__()
        self.logarithm = nn.Parameter(initial.log())

    def weight(self, input_scale: torch.Tensor) -> torch.Tensor:
        """As learned."""
        return self.logarithm.exp()

    def membrane(self, input_scale: torch.Tensor) -> torch.Tensor:
        """Weights' scale times input's scale."""
        return self.weight(input_scale) * input_scale


class ShiftScale(Scale):
    """Scales with which the thresholds of the neuron behind the layer are fixed powers of two.

    `exponents` [O] are log2 of the thresholds. What is learned is the neuron's scale, which sets the weights' scale.
    """

    exponents: torch.Tensor

    def __init__(self, neuron: Neuron, exponents: torch.Tensor) -> None:
        super().__init__()
        self.neuron = neuron
        self.register_buffer("exponents", exponents)

    def weight(self, input_scale: torch.Tensor) -> torch.Tensor:
        """What gives the membrane its scale."""
        return self.membrane(input_scale) / input_scale

    def membrane(self, input_scale: torch.Tensor) -> torch.Tensor:
        """One level of the neuron divided by the threshold: exact, so that rounding ties are the hardware's."""
        return self.neuron.scale * torch.exp2(-self.exponents)


class Connection(ABC):
    """Which input meets which weight."""

    @abstractmethod
    def __call__(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """The sums of weight * value for each output."""


@dataclass(frozen=True)
class Convolution(Connection):
    """Cross-correlation of (N, C, H, W) with (O, C/groups, kh, kw)."""

    window: Window
    groups: int

    def __call__(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(N, O, H', W')."""
        padded = pad(values, self.window.padding, 0.0)
        window = self.window
        if self.groups == 1 and padded.shape[1:] == weights.shape[1:]:
            # one position: a matrix product, which is several times as fast
            return functional.linear(padded.flatten(1), weights.flatten(1))[..., None, None]
        return functional.conv2d(padded, weights, stride=window.stride, dilation=window.dilation, groups=self.groups)


@dataclass(frozen=True)
class FullConnection(Connection):
    """Matrix product of (N, inputs) with (O, inputs)."""

    def __call__(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(N, O)."""
        return functional.linear(values, weights)


class Synapse(Layer):
    """Integer weights of `bits` bits, learned as real numbers, and a real bias [O].

    The bias of a layer with a neuron goes into the neuron at a scale much finer than the membrane's, and is taken as
    it is. That of the output layer (`integer_bias`) is added to the membrane, and rounded as that.
    """

    def __init__(
        self,
        connection: Connection,
        weights: torch.Tensor,
        bias: torch.Tensor | None,
        bits: int,
        scale: Scale,
        *,
        integer_bias: bool,
    ) -> None:
        super().__init__()
        self.connection = connection
        self.weights = nn.Parameter(weights)
        self.bias = None if bias is None else nn.Parameter(bias)
        self.low, self.high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        self.scale = scale
        self.integer_bias = integer_bias

    def integer_weights(self, input_scale: torch.Tensor) -> torch.Tensor:
        """The weights as hardware has them."""
        return quantise(self.weights / along_first(self.scale.weight(input_scale), self.weights), self.low, self.high)

    def run(self, signal: Signal) -> Signal:
        """Codes to membranes, the bias included."""
        membranes = self.connection(signal.values, self.integer_weights(signal.scale))
        scale = self.scale.membrane(signal.scale)
        if self.bias is not None:
            bias = self.bias / scale
            if self.integer_bias:
                bias = round_half_up(bias)
            membranes = membranes + along_first(bias, membranes[0])
        return Signal(membranes, along_first(scale, membranes[0]))

    def run_real(self, values: torch.Tensor) -> torch.Tensor:
        """With the real weights."""
        sums = self.connection(values, self.weights)
        return sums if self.bias is None else sums + along_first(self.bias, sums[0])
