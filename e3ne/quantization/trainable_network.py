"""A calibrated network in the float form of `snn` as a trainable torch network, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from xdsl.dialects.builtin import FloatAttr, f64

from e3ne.dialects.parameter import Array, ParameterBase, dense_attr
from e3ne.dialects.snn.base import LayerOp
from e3ne.dialects.snn.batch_norm import BatchNormOp
from e3ne.dialects.snn.network import FlattenOp, NetworkOp
from e3ne.dialects.snn.neurons import ReluOp
from e3ne.dialects.snn.pools import AveragePoolOp, MaxPoolOp
from e3ne.dialects.snn.synapses import Conv2dOp, SynapseOp
from e3ne.errors import E3neError
from e3ne.frontends.structure import structure_problems
from e3ne.quantization.levels import Levels
from e3ne.quantization.trainable import Encoder, Flatten, Layer, MaxPool, Neuron, SumPool, TrainableNetwork
from e3ne.quantization.trainable_synapse import (
    Connection,
    Convolution,
    FullConnection,
    LearnedScale,
    Scale,
    ShiftScale,
    Synapse,
)

DIVERGED = "fine-tuning diverged; choose a smaller learning rate"

POWER_OF_TWO_TOLERANCE = 1e-4
"""How far log2 of a threshold may be from an integer to count as one; float32 scales are good for about 1e-7."""


@dataclass(frozen=True, eq=False)
class Correspondence:
    """A trainable network and the operation that each of its layers stands for, in order (encoder left out)."""

    model: TrainableNetwork
    pairs: tuple[tuple[LayerOp, Layer], ...]

    def write_back(self) -> None:
        """Puts what was learned into the module: weights, biases, weight scales, and the scales of the neurons.

        The weights are written as the multiples of their scale that hardware will use, so that quantisation rounds
        nothing any more. Raises `E3neError`, with nothing written, where what was learned is not finite.
        """
        learned = list(self._learned())
        for _, array, is_scale in learned:
            if not np.isfinite(array).all() or (is_scale and array.min() <= 0):
                raise E3neError(DIVERGED)
        for target, array, _ in learned:
            if isinstance(target, ReluOp):
                target.scale = FloatAttr(float(array), f64)
            else:
                target.value = dense_attr(array)

    @torch.no_grad()
    def _learned(self) -> Iterator[tuple[ParameterBase | ReluOp, Array, bool]]:
        """(where it belongs, numbers, whether they are a scale)."""
        scale = np.float64(1) / self.encoder.greatest
        for op, layer in self.pairs:
            match op, layer:
                case SynapseOp(), Synapse():
                    yield from _learned_synapse(op, layer, torch.tensor(scale))
                case ReluOp(), Neuron():
                    scale = np.float64(layer.scale.item())
                    yield op, np.asarray(scale), True
                case _, SumPool():
                    scale = scale / layer.window.taps
                case _:
                    pass

    @property
    def encoder(self) -> Encoder:
        """The first layer."""
        first = self.model.layers[0]
        assert isinstance(first, Encoder)
        return first


def make_trainable(network: NetworkOp) -> Correspondence:
    """The torch network that computes what `network`, in the float form, will compute when it is quantised.

    How scales may move follows from the annotations: one for a layer whose weight scales are all equal, one per
    channel otherwise, and fixed powers of two as thresholds where calibration made them so.
    Raises `E3neError` naming every layer that is not calibrated, or that quantisation would refuse.
    """
    problems = list(_problems(network))
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise E3neError(f"network '{network.sym_name.data}' cannot be fine-tuned:\n{lines}")
    assert network.input_encoding is not None
    encoder = Encoder(Levels(network.input_encoding.numbers))
    neurons = {op: _neuron(op) for op in network.layers() if isinstance(op, ReluOp)}
    pairs: list[tuple[LayerOp, Layer]] = []
    scale = 1 / encoder.greatest
    for op in network.layers():
        match op:
            case SynapseOp():
                behind = _neuron_behind(op)
                layer: Layer = _synapse(op, None if behind is None else neurons[behind], scale)
            case ReluOp():
                layer = neurons[op]
                scale = _scale_of(op)
            case MaxPoolOp():
                layer = MaxPool(op.window)
            case AveragePoolOp():
                layer = SumPool(op.window)
                scale /= op.window.taps
            case _:
                layer = Flatten()
        pairs.append((op, layer))
    return Correspondence(TrainableNetwork([encoder, *(layer for _, layer in pairs)]), tuple(pairs))


def _problems(network: NetworkOp) -> Iterator[str]:
    layers = tuple(network.layers())
    if any(op.is_integer for op in layers):
        yield "it is quantised already: its weights are integers"
        return
    yield from structure_problems(network)
    if network.input_encoding is None:
        yield "it has no input_encoding; calibrate it first"
    owners: dict[ParameterBase, str] = {}
    for op in layers:
        name = f"layer '{op.layer_name}'"
        if isinstance(op, BatchNormOp):
            yield f"{name}: fold batch normalisation first"
        elif isinstance(op, ReluOp) and (op.scale is None or op.encoding is None):
            yield f"{name}: it has no scale or no encoding; calibrate it first"
        elif isinstance(op, SynapseOp):
            if op.weight_scale is None or op.weight_bits is None:
                yield f"{name}: it has no weight_scale or no weight_bits; calibrate it first"
            for parameter in _parameters(op):
                other = owners.setdefault(parameter, op.layer_name)
                if other != op.layer_name:
                    yield f"{name}: it shares @{parameter.sym_name.data} with layer '{other}', which is not supported"


def _parameters(op: SynapseOp) -> Iterator[ParameterBase]:
    for parameter in (op.weights_parameter, op.bias_parameter, op.weight_scale_parameter):
        if parameter is not None:
            yield parameter


def _scale_of(op: ReluOp) -> float:
    assert op.scale is not None
    return op.scale.value.data


def _neuron(op: ReluOp) -> Neuron:
    assert op.encoding is not None
    return Neuron(Levels(op.encoding.numbers), _scale_of(op))


def _neuron_behind(op: LayerOp) -> ReluOp | None:
    """The neuron that a synapse drives; maximum pools may stand between."""
    for use in op.output.uses:
        match use.operation:
            case ReluOp() as relu:
                return relu
            case MaxPoolOp() | FlattenOp() as between:
                return _neuron_behind(between)
            case _:
                return None
    return None


def _synapse(op: SynapseOp, neuron: Neuron | None, input_scale: float) -> Synapse:
    weight_scale, bits, bias = op.weight_scale_parameter, op.weight_bits, op.bias_parameter
    assert weight_scale is not None
    assert bits is not None
    connection: Connection = FullConnection()
    if isinstance(op, Conv2dOp):
        connection = Convolution(op.window, op.group_count)
    return Synapse(
        connection,
        _tensor(op.weights_parameter.array),
        None if bias is None else _tensor(bias.array),
        bits.value.data,
        _scale(np.asarray(weight_scale.array, np.float64), neuron, input_scale),
        integer_bias=neuron is None,
    )


def _scale(weight_scale: Array, neuron: Neuron | None, input_scale: float) -> Scale:
    """The scale of the weights, free to move as far as calibration left it free."""
    scales = np.asarray(weight_scale, np.float64)
    if neuron is not None:
        exponents = np.log2(neuron.scale.item() / (scales * input_scale))
        if np.abs(exponents - np.rint(exponents)).max() < POWER_OF_TWO_TOLERANCE:
            return ShiftScale(neuron, _tensor(np.rint(exponents)))
    return LearnedScale(_tensor(scales[:1] if (scales == scales[0]).all() else scales))


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.array(array, np.float32))  # pyright: ignore[reportUnknownMemberType]


def _learned_synapse(
    op: SynapseOp, layer: Synapse, input_scale: torch.Tensor
) -> Iterator[tuple[ParameterBase, Array, bool]]:
    weights, weight_scale = op.weights_parameter, op.weight_scale_parameter
    assert weight_scale is not None
    channels = weights.array.shape[0]
    scale = layer.scale.weight(input_scale).expand(channels).numpy().astype(np.float32)
    integers = layer.integer_weights(input_scale).numpy()
    shape = (channels, *[1] * (integers.ndim - 1))
    yield weights, np.asarray(integers * scale.reshape(shape), np.float32), False
    yield weight_scale, scale, True
    if layer.bias is not None and (bias := op.bias_parameter) is not None:
        yield bias, layer.bias.numpy(), False
