"""`snn-calibrate`: chooses the scales of weights and activations on data. Writes annotations, changes no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, ModuleOp, f64, i64
from xdsl.passes import ModulePass

from e3ne.dataset import read
from e3ne.dialects.snn import (
    AveragePoolOp,
    Conv2dOp,
    FlattenOp,
    LayerOp,
    MaxPoolOp,
    NetworkOp,
    ReluOp,
    SynapseOp,
    WeightedAttr,
    find_network,
    shape_of,
)
from e3ne.errors import E3neError
from e3ne.frontends.structure import float_problems
from e3ne.options import DEFAULT_PERIOD
from e3ne.passes.layer_encodings import INPUT, EncodingChoice, by_layer
from e3ne.passes.parameter_table import ParameterTable
from e3ne.quantization.activations import METHODS, Method, activation_scale, quantize_activations
from e3ne.quantization.levels import Levels
from e3ne.quantization.weights import (
    GRANULARITIES,
    MAX_WEIGHT_BITS,
    Granularity,
    power_of_two_scales,
    quantize_weights,
    weight_scales,
)
from e3ne.semantics import snn_arithmetic as arithmetic

Reals = npt.NDArray[np.floating]

_CHUNK_VALUES = 1 << 23


@dataclass(frozen=True)
class SnnCalibratePass(ModulePass):
    """Calibrates layer by layer, each fed with what the quantised layers before it give.

    Annotates weight scales and bits of every synapse, scale and encoding of every ReLU, and the encoding of the image.
    The last layer gets one scale for all its outputs.
    """

    name = "snn-calibrate"

    data: str
    """images: .npy, or .npz with `x`"""
    encoding: str = "radix"
    """of neurons and image: radix, phase, ttfs, ttfs-linear, bipolar, or another registered one"""
    steps: int = 4
    """time steps T: of radix, ttfs and bipolar 1 to 8, of others as many as give numbers of 8 bits"""
    period: int = DEFAULT_PERIOD
    """steps of a period, where the weights of steps repeat (phase)"""
    encoding_by_layer: str = ""
    """layers whose neurons have an encoding of their own, and the image: conv1=bipolar,input=radix"""
    steps_by_layer: str = ""
    """layers whose neurons have time steps of their own: conv1=3,input=8"""
    weight_bits: int = 4
    """bits W of a weight, 2 to 8"""
    granularity: str = "per_channel"
    """which weights share a scale: per_channel, per_layer, or power_of_two"""
    method: str = "mse"
    """where activations are clipped: mse (least squared error), max, or percentile"""
    weight_bits_by_layer: str = ""
    """layers with bits of their own: conv1=4,fc2=2"""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises `E3neError` for wrong options, unreadable data and networks that are not in the folded float form."""
        calibrate(
            op,
            read(Path(self.data)).images,
            EncodingChoice(
                self.encoding,
                self.steps,
                self.period,
                by_layer(self.encoding_by_layer, "encoding-by-layer", "ENCODING", str),
                by_layer(self.steps_by_layer, "steps-by-layer", "STEPS", int),
            ),
            weight_bits=self.weight_bits,
            granularity=self.granularity,
            method=self.method,
            weight_bits_by_layer=by_layer(self.weight_bits_by_layer, "weight-bits-by-layer", "BITS", int),
        )


def calibrate(
    module: ModuleOp,
    images: npt.NDArray[np.floating],
    choice: EncodingChoice | None = None,
    *,
    weight_bits: int = 4,
    granularity: str = "per_channel",
    method: str = "mse",
    weight_bits_by_layer: Mapping[str, int] | None = None,
) -> None:
    """Annotates a float network (batch normalisation folded) in place.

    Layers are taken in order, each fed with what the layers before it give when they are quantised: `weight_scale` and
    `weight_bits` of every synapse, `scale` and `encoding` of every ReLU, `input_encoding` of the network. The last
    layer gets one scale for all its outputs. Images are (N, C, H, W), real numbers in 0 ... 1. `weight_bits_by_layer`
    holds the bits of layers that do not have `weight_bits`. Raises `E3neError`.
    """
    network = find_network(module)
    own = dict(weight_bits_by_layer or {})
    problems = _problems(network, images, weight_bits, granularity, method) + _bits_problems(network, own)
    encodings: dict[str, WeightedAttr] = {}
    try:
        encodings = (choice or EncodingChoice()).resolve(network)
    except E3neError as error:
        problems.append(str(error))
    if granularity == "power_of_two":
        problems.extend(
            f"granularity is power_of_two, but {encoding} of '{layer}' leaves out numbers, so that no threshold is one"
            for layer, encoding in encodings.items()
            if not encoding.is_complete
        )
    if problems:
        raise E3neError("; ".join(problems))
    first = encodings[INPUT]
    network.properties["input_encoding"] = first
    codes = arithmetic.encode_images(images, first.numbers)
    state = _State(
        ParameterTable(module),
        encodings,
        {op.layer_name: own.get(op.layer_name, weight_bits) for op in network.layers() if isinstance(op, SynapseOp)},
        cast(Granularity, granularity),
        cast(Method, method),
        (codes / np.float32(first.greatest)).astype(np.float32),
        1.0 / first.greatest,
    )
    for op in network.layers():
        state.step(op)
    state.finish()


@dataclass
class _State:
    """The network up to some point: its quantised values on all images, and what has been decided."""

    table: ParameterTable
    encodings: Mapping[str, WeightedAttr]
    """of each neuron"""
    bits: Mapping[str, int]
    """of the weights of each layer"""
    granularity: Granularity
    method: Method
    values: Reals
    """what the next layer is fed with"""
    unit: float
    """the real value of one level of the train in hand"""
    synapse: SynapseOp | None = None
    fed: Reals | None = None
    """what `synapse` was fed with"""
    pools: list[MaxPoolOp] = field(default_factory=list[MaxPoolOp])
    """between the synapse and its neuron"""

    def step(self, op: LayerOp) -> None:
        """Decides on one layer and goes past it."""
        match op:
            case SynapseOp():
                per_channel = self.granularity != "per_layer"
                scales = weight_scales(_weights(op), self.bits[op.layer_name], per_channel=per_channel)
                self.synapse, self.fed, self.pools = op, self.values, []
                self._annotate(op, scales)
            case ReluOp():
                self._fire(op)
            case MaxPoolOp():
                if self.synapse is not None:
                    self.pools.append(op)
                self.values = _in_chunks(op, self.values)
            case _:
                self.values = _in_chunks(op, self.values)
                self.unit /= op.window.taps if isinstance(op, AveragePoolOp) else 1

    def _fire(self, op: ReluOp) -> None:
        encoding = self.encodings[op.layer_name]
        levels = Levels(encoding.numbers)
        scale = activation_scale(self.values, levels, self.method)
        if self.granularity == "power_of_two" and self.synapse is not None:
            bits = self.bits[self.synapse.layer_name]
            scales = power_of_two_scales(_weights(self.synapse), bits, scale / self.unit)
            self._annotate(self.synapse, scales)
        op.properties["scale"] = FloatAttr(scale, f64)
        op.properties["encoding"] = encoding
        self.values = quantize_activations(np.maximum(self.values, 0), scale, levels)
        self.unit, self.synapse, self.fed = scale, None, None

    def finish(self) -> None:
        """The last layer: logits of different scale cannot be compared."""
        if self.synapse is not None:
            bits = self.bits[self.synapse.layer_name]
            self._annotate(self.synapse, weight_scales(_weights(self.synapse), bits, per_channel=False))

    def _annotate(self, op: SynapseOp, scales: npt.NDArray[np.float32]) -> None:
        """Writes the scales of a layer and computes its values (through the pools after it) with the weights they give."""  # noqa: E501
        self.table.assign(op, "weight_scale", f"{op.layer_name}_weight_scale", scales)
        bits = self.bits[op.layer_name]
        op.properties["weight_bits"] = IntegerAttr(bits, i64)
        weights = _weights(op)
        column = scales.reshape(-1, *([1] * (weights.ndim - 1)))
        assert self.fed is not None
        self.values = _in_chunks(op, self.fed, (quantize_weights(weights, scales, bits) * column).astype(np.float32))
        for pool in self.pools:
            self.values = _in_chunks(pool, self.values)


def _weights(op: SynapseOp) -> Reals:
    return np.asarray(op.weights_parameter.array, np.float32)


def _in_chunks(op: LayerOp, values: Reals, weights: Reals | None = None) -> Reals:
    size = max(1, _CHUNK_VALUES // _unfolded(op))
    parts = [_run(op, values[start : start + size], weights) for start in range(0, len(values), size)]
    return np.concatenate(parts)


def _run(op: LayerOp, values: Reals, weights: Reals | None) -> Reals:
    match op:
        case SynapseOp():
            assert weights is not None
            if isinstance(op, Conv2dOp):
                result = arithmetic.convolve(values, weights, op.window, op.group_count)
            else:
                result = np.matmul(values, weights.T)
            bias = op.bias_parameter
            if bias is None:
                return result
            return result + np.asarray(bias.array, result.dtype).reshape((1, -1) + (1,) * (result.ndim - 2))
        case MaxPoolOp():
            return np.asarray(arithmetic.max_pool(values, op.window), np.float32)
        case AveragePoolOp():
            return arithmetic.average_pool(values, op.window)
        case FlattenOp():
            return values.reshape(len(values), *shape_of(op.output.type))
        case _:
            raise E3neError(f"layer '{op.layer_name}': '{op.name}' cannot be calibrated; run snn-fold-batch-norm first")


def _unfolded(op: LayerOp) -> int:
    taps = op.window.taps if isinstance(op, Conv2dOp) else 1
    return shape_of(op.input.type)[0] * taps * int(np.prod(shape_of(op.output.type)[1:]))


def _bits_problems(network: NetworkOp, bits: Mapping[str, int]) -> list[str]:
    layers = [op.layer_name for op in network.layers() if isinstance(op, SynapseOp)]
    unknown = [
        f"weight-bits-by-layer: there is no layer '{layer}' with weights; there are: {', '.join(layers)}"
        for layer in bits
        if layer not in layers
    ]
    return unknown + [
        f"weight-bits-by-layer: {layer} has {count}; supported: 2 to {MAX_WEIGHT_BITS}"
        for layer, count in bits.items()
        if not 2 <= count <= MAX_WEIGHT_BITS
    ]


def _problems(network: NetworkOp, images: Reals, weight_bits: int, granularity: str, method: str) -> list[str]:
    found: list[str] = []
    if not 2 <= weight_bits <= MAX_WEIGHT_BITS:
        found.append(f"weight-bits is {weight_bits}; supported: 2 to {MAX_WEIGHT_BITS}")
    if granularity not in GRANULARITIES:
        found.append(f"granularity is '{granularity}'; supported: {', '.join(GRANULARITIES)}")
    if method not in METHODS:
        found.append(f"method is '{method}'; supported: {', '.join(METHODS)}")
    if images.shape[1:] != (shape := shape_of(network.image.type)):
        found.append(f"the images have shape {images.shape[1:]}, but the network takes {shape}")
    elif len(images) == 0:
        found.append("there are no images to calibrate on")
    return [*found, *float_problems(network)]
