"""Random integer networks, layer by layer: what the hardware tests are made of."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.ir import Attribute, SSAValue

from e3ne.analysis.membranes import LifReach
from e3ne.analysis.ranges import synapse_range
from e3ne.dialects import snn

Integers = NDArray[np.int64]
Padding = tuple[int, int, int, int]
Spread = Literal["any", "zero", "least", "greatest"]
Level = Literal["usual", "low", "high"]


class NetworkBuilder:
    """A network whose weights, biases and thresholds are drawn from one seed; each method appends a layer.

    Layers are named `<name>_<kind><number>`, so that the modules of several networks have different names.
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, int, int],
        steps: int,
        seed: int = 0,
        encoding: snn.EncodingAttr | None = None,
        *,
        scale: float | None = None,
        rate_coded: bool = False,
    ) -> None:
        """Images in radix encoding with `steps` digits, unless there is another encoding."""
        self.name, self.steps = name, steps
        self.rng = np.random.default_rng(seed)
        self.parameters: list[snn.ParameterOp] = []
        self.network = snn.NetworkOp.start(name, TensorType[Attribute](f32, shape))
        self.count = 0
        self.value: SSAValue = self.network.image
        encoding = encoding or snn.RadixAttr.of(steps)
        self._append(snn.EncodeOp(self._layer("input"), self.value, encoding, scale, rate_coded=rate_coded))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the last layer's result."""
        return snn.shape_of(self.value.type)

    def conv(
        self,
        outputs: int,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] = (1, 1),
        padding: Padding = (0, 0, 0, 0),
        dilation: tuple[int, int] = (1, 1),
        groups: int = 1,
        weight_bits: int = 3,
        bias: bool = False,
        spread: Spread = "any",
    ) -> NetworkBuilder:
        """A convolution with random weights of `weight_bits` bits."""
        layer = self._layer("conv")
        channels, height, width = self.shape
        weights = self._weights((outputs, channels // groups, *kernel), weight_bits, spread)
        rows, columns = snn.Window(kernel, stride, padding, dilation).positions(height, width)
        offset = self._offset(outputs) if bias else None
        op = snn.Conv2dOp(
            layer,
            self.value,
            self._membrane((outputs, rows, columns), weights, offset),
            self._parameter(f"{layer}_w", weights, weight_bits),
            bias=None if offset is None else self._parameter(f"{layer}_o", offset),
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )
        return self._append(op)

    def linear(
        self, outputs: int, *, weight_bits: int = 3, bias: bool = False, spread: Spread = "any"
    ) -> NetworkBuilder:
        """A dense layer with random weights; a map is flattened first."""
        if len(self.shape) == 3:
            self.flatten()
        layer = self._layer("linear")
        weights = self._weights((outputs, self.shape[0]), weight_bits, spread)
        offset = self._offset(outputs) if bias else None
        op = snn.LinearOp(
            layer,
            self.value,
            self._membrane((outputs,), weights, offset),
            self._parameter(f"{layer}_w", weights, weight_bits),
            bias=None if offset is None else self._parameter(f"{layer}_o", offset),
        )
        return self._append(op)

    def fire(
        self,
        steps: int = 0,
        *,
        fraction_bits: int = 2,
        per_layer: bool = False,
        even: bool = False,
        encoding: snn.EncodingAttr | None = None,
        level: Level = "usual",
    ) -> NetworkBuilder:
        """Neurons whose thresholds spread the membranes over all codes, some beyond both ends.

        Thresholds of `level` "low" are 1 to 3, those of "high" beyond what membranes reach.
        """
        layer, membrane = self._layer("fire"), self.value.type
        assert isinstance(membrane, snn.MembraneType)
        encoding = encoding or snn.RadixAttr.of(steps or self.steps)
        steps = encoding.bits
        channels = 1 if per_layer else self.shape[0]
        reach = max(2, (max(abs(membrane.low), abs(membrane.high)) << fraction_bits) >> steps)
        low, high = {"usual": (max(1, reach // 8), reach), "low": (1, 3), "high": (2 * reach << steps,) * 2}[level]
        threshold = self.rng.integers(low, high + 1, channels)
        # An empty window gives any code, or none.
        bias = threshold * self.rng.integers(-(1 << steps) // 4, 1 << steps, channels)
        op = snn.RequantizeOp(
            layer,
            self.value,
            snn.TrainType.of(self.shape, encoding),
            self._parameter(f"{layer}_b", bias),
            self._parameter(f"{layer}_t", threshold),
            fraction_bits,
            ties_to_even=even,
        )
        return self._append(op)

    def lif(
        self,
        *,
        fires: str = "gt",
        reset: str = "subtract",
        timing: str = "same_step",
        decay: float = 0.875,
        decay_bits: int = 4,
        gain_bits: int = 3,
        synapse_decay: float | None = None,
        several: bool = False,
        loses_input: bool = False,
        least: bool = False,
        per_channel: bool = False,
        resting: bool = True,
        recurrent_bits: int = 0,
        level: Level = "usual",
    ) -> NetworkBuilder:
        """Integrate-and-fire neurons that fire now and then; with `several` spikes a step.

        Thresholds of `level` "low" are -1 to 3, or positive where they must be, those of "high" are hardly reached.
        """
        layer, membrane = self._layer("lif"), self.value.type
        assert isinstance(membrane, snn.MembraneType)
        channels = self.shape[0] if per_channel else 1
        recurrence = None
        if recurrent_bits:
            recurrence = self._weights((self.shape[0], self.shape[0]), recurrent_bits), self._offset(self.shape[0])
        reach = max(4, max(abs(membrane.low), abs(membrane.high)) << gain_bits)
        least_low = 1 if several or timing != "same_step" else -1
        ranges = {"usual": (max(1, reach // 8), reach // 2), "low": (least_low, 3), "high": (reach, 8 * reach)}
        low, high = ranges[level]
        threshold = self.rng.integers(low, high + 1, channels)
        drawn = {
            "threshold": threshold,
            "decay": self._decay(decay, decay_bits, channels),
            "initial": np.zeros(1, np.int64) if resting else self.rng.integers(-reach // 8, reach // 8 + 1, channels),
            "reset_value": np.zeros(1, np.int64) if resting else -(threshold // 4),
        }
        if synapse_decay is not None:
            drawn["synapse_decay"] = self._decay(synapse_decay, decay_bits, channels)
        if least:
            drawn["least"] = -(threshold // 2)
        most = 1
        if several:
            reach = LifReach(drawn, reset, timing, several, decay_bits, gain_bits)
            most = reach.range(membrane.low, membrane.high, membrane.frames).most
        if recurrence is not None:
            drawn["recurrent"], drawn["recurrent_bias"] = recurrence
        symbols = {field: self._parameter(f"{layer}_{field}", array) for field, array in drawn.items()}
        op = snn.LifOp(
            layer,
            self.value,
            snn.TrainType.of(self.shape, snn.RateAttr.of(membrane.frames, most)),
            symbols,
            fires=fires,
            reset=reset,
            timing=timing,
            several=several,
            loses_input=loses_input,
            decay_bits=decay_bits,
            gain_bits=gain_bits,
        )
        return self._append(op)

    def _decay(self, decay: float, bits: int, channels: int) -> Integers:
        drawn = np.round(decay * (1 << bits)) - (self.rng.integers(0, 3, channels) if channels > 1 else 0)
        return np.clip(drawn, 0, 1 << bits).astype(np.int64).reshape(-1)

    def sum_steps(self) -> NetworkBuilder:
        """Spike counts, or sums of membranes."""
        return self._append(snn.SumStepsOp(self._layer("total"), self.value))

    def max_pool(
        self,
        kernel: tuple[int, int],
        stride: tuple[int, int] | None = None,
        padding: Padding = (0, 0, 0, 0),
        dilation: tuple[int, int] = (1, 1),
    ) -> NetworkBuilder:
        """A max pool; its windows stand side by side unless a stride is given."""
        window = snn.Window(kernel, stride or kernel, padding, dilation)
        return self._append(snn.MaxPoolOp(self._layer("pool"), self.value, window))

    def sum_pool(
        self, kernel: tuple[int, int], stride: tuple[int, int] | None = None, padding: Padding = (0, 0, 0, 0)
    ) -> NetworkBuilder:
        """What an average pool becomes."""
        window = snn.Window(kernel, stride or kernel, padding)
        return self._append(snn.SumPoolOp(self._layer("sum"), self.value, window))

    def flatten(self) -> NetworkBuilder:
        """A map as a vector."""
        return self._append(snn.FlattenOp(self._layer("flatten"), self.value))

    def argmax(self) -> NetworkBuilder:
        """The class instead of the scores."""
        return self._append(snn.ArgmaxOp(self._layer("argmax"), self.value))

    def build(self) -> ModuleOp:
        """The verified module."""
        self.network.finish(self.value)
        module = ModuleOp([*self.parameters, self.network])
        module.verify()
        return module

    def _layer(self, kind: str) -> str:
        self.count += 1
        return f"{self.name}_{kind}{self.count}"

    def _append(self, op: snn.LayerOp) -> NetworkBuilder:
        self.network.block.add_op(op)
        self.value = op.output
        return self

    def _parameter(self, name: str, array: Integers, width: int | None = None) -> str:
        self.parameters.append(snn.ParameterOp(name, array, width))
        return name

    @property
    def _encoding(self) -> snn.EncodingAttr | None:
        """Of the last layer's result, if that is trains."""
        train = self.value.type
        return train.encoding if isinstance(train, snn.TrainType) else None

    def _weights(self, shape: tuple[int, ...], bits: int, spread: Spread = "any") -> Integers:
        """Weights over the whole range of the width, a quarter of them zero as in a trained layer, or all the same.

        Those of an output lean to the positive where trains have frames: neurons without a bias would hardly ever fire.
        """
        highest = (1 << (bits - 1)) - 1
        if spread != "any":
            return np.full(shape, {"zero": 0, "least": -highest - 1, "greatest": highest}[spread], np.int64)
        weights = self.rng.integers(-highest - 1, highest + 1, shape)
        weights = np.where(self.rng.random(shape) < 0.25, 0, weights)
        if self._encoding is None or isinstance(self._encoding, snn.WeightedAttr):
            return weights
        negative = weights.reshape(shape[0], -1).sum(axis=1) < 0
        return np.where(negative.reshape(-1, *[1] * (len(shape) - 1)), np.minimum(-weights, highest), weights)

    def _offset(self, outputs: int) -> Integers:
        over_time = self._encoding is not None and not isinstance(self._encoding, snn.WeightedAttr)
        # It is added in each step: larger ones would let neurons fire always or never.
        most = 8 if over_time else 50
        return self.rng.integers(-most, most + 1, outputs)

    def _membrane(self, shape: tuple[int, ...], weights: Integers, offset: Integers | None) -> snn.MembraneType:
        train = self.value.type
        assert isinstance(train, snn.TrainType)
        low, high = synapse_range(weights, train.encoding.highest, offset, train.encoding.least)
        return snn.MembraneType.of(shape, int(low.min()), int(high.max()), train.encoding.frames)
