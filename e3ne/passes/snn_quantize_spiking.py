"""`snn-quantize-spiking`: a network of integrate-and-fire neurons from the float form to integers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from e3ne.analysis.membranes import LifReach
from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.parameter import identifier
from e3ne.dialects.snn import (
    AveragePoolOp,
    DirectAttr,
    EncodeOp,
    EncodingAttr,
    FlattenOp,
    LayerOp,
    LifOp,
    MaxPoolOp,
    MembraneType,
    NetworkOp,
    RateAttr,
    SumPoolOp,
    SumStepsOp,
    SynapseOp,
    TrainType,
    find_network,
    shape_of,
)
from e3ne.dialects.snn.lif import MAX_DECAY_BITS, MAX_GAIN_BITS
from e3ne.errors import E3neError
from e3ne.frontends.structure import spiking_problems
from e3ne.passes.effects import Effect
from e3ne.passes.parameter_table import ParameterTable
from e3ne.quantization.dyadic import binary_places
from e3ne.quantization.weights import quantize_weights, weight_limits, weight_scales

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_THRESHOLD_BITS = 30
INPUTS = ("spikes", "direct", "rate")


@dataclass(frozen=True)
class SnnQuantizeSpikingPass(ModulePass):
    """Weights become integers of `weight_bits`; membranes count in fractions of the weights' unit.

    Where the weights of a layer, and its bias, are whole multiples of a power of two that fit, they are kept exactly;
    else scales are chosen for each output channel. Thresholds, reset values and decays follow in the membrane's unit:
    exactly where that needs no more than `fraction_bits` (decays `decay_bits`), rounded to the nearest else.
    """

    name = "snn-quantize-spiking"
    effect: ClassVar[Effect] = Effect.QUANTIZES_SPIKES

    time_steps: int
    """time steps T of an input"""
    weight_bits: int = 8
    """bits of a weight, two's complement"""
    input: str = "spikes"
    """spikes: numbers of spikes in each time step; direct: an image, the same in each; rate: an image, as spikes"""
    most: int = 1
    """the greatest number of spikes of an input in a step, where it has spikes"""
    input_bits: int = 8
    """bits of a pixel, where the input is an image"""
    fraction_bits: int = 16
    """the most bits by which a membrane is finer than the weights"""
    decay_bits: int = 16
    """the most bits of a decay"""

    def __post_init__(self) -> None:
        """Raises E3neError for options that are out of range, all of them."""
        problems = [
            f"{name} is {low} to {high}, not {value}"
            for name, value, low, high in (
                ("time-steps", self.time_steps, 1, 4096),
                ("weight-bits", self.weight_bits, 2, 16),
                ("most", self.most, 1, 65535),
                ("input-bits", self.input_bits, 1, 16),
                ("fraction-bits", self.fraction_bits, 0, MAX_GAIN_BITS),
                ("decay-bits", self.decay_bits, 1, MAX_DECAY_BITS),
            )
            if not low <= value <= high
        ]
        if self.input not in INPUTS:
            problems.append(f"input is one of {', '.join(INPUTS)}, not {self.input}")
        if problems:
            raise E3neError(f"{self.name}: {'; '.join(problems)}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises one E3neError for everything that keeps the network from being quantised."""
        network = find_network(op)
        problems = spiking_problems(network)
        if problems:
            raise E3neError("\n".join(problems))
        builder = _Builder(network, self)
        quantized = builder.build()
        network.detach()
        network.erase()
        table = ParameterTable(op)
        table.erase_unused()
        for symbol, (array, width) in builder.parameters.items():
            table.define(symbol, array, width)
        op.body.block.add_op(quantized)


def _drives_neurons(op: LayerOp) -> bool:
    """Whether neurons come behind: results of different scale cannot be compared."""
    return any(
        isinstance(use.operation, LifOp) or (isinstance(use.operation, LayerOp) and _drives_neurons(use.operation))
        for use in op.output.uses
    )


@dataclass
class _Builder:
    network: NetworkOp
    options: SnnQuantizeSpikingPass
    unit: Reals = field(default_factory=lambda: np.ones(1))
    """the real value of 1 in the train or membrane in hand, (1,) or (channels,)"""
    parameters: dict[str, tuple[npt.NDArray[np.signedinteger], int | None]] = field(
        default_factory=dict[str, tuple[npt.NDArray[np.signedinteger], int | None]]
    )

    def build(self) -> NetworkOp:
        """The integer network, of the same name, not yet in the module."""
        options = self.options
        result = NetworkOp.start(self.network.sym_name.data, self.network.image.type)
        encoding: EncodingAttr = RateAttr.of(options.time_steps, options.most)
        if options.input == "direct":
            encoding = DirectAttr.of(options.input_bits, options.time_steps)
            self.unit = np.full(1, 1 / encoding.greatest)
        encode = EncodeOp("image", result.image, encoding, rate_coded=options.input == "rate")
        result.block.add_op(encode)
        value: SSAValue = encode.output
        for op in self.network.layers():
            if isinstance(op, LifOp) and op.several is not None and op.recurrence() is not None:
                raise E3neError(f"layer '{op.layer_name}': several spikes a step do not go with recurrent connections")
            made = self._layer(op, value)
            result.block.add_op(made)
            value = made.output
        result.finish(value)
        return result

    def _layer(self, op: LayerOp, value: SSAValue) -> LayerOp:
        match op:
            case SynapseOp():
                return self._synapse(op, value)
            case LifOp():
                return self._neuron(op, value)
            case MaxPoolOp():
                return MaxPoolOp(op.layer_name, value, op.window)
            case AveragePoolOp():
                self.unit = self.unit / op.window.taps
                return SumPoolOp(op.layer_name, value, op.window)
            case FlattenOp():
                return FlattenOp(op.layer_name, value)
            case SumStepsOp():
                return SumStepsOp(op.layer_name, value)
            case _:
                raise AssertionError(f"{op.name} passed the check of the structure")

    def _synapse(self, op: SynapseOp, value: SSAValue) -> LayerOp:
        assert isinstance(value.type, TrainType)
        weights = np.asarray(op.weights_parameter.array, np.float64)
        bias = None if op.bias_parameter is None else np.asarray(op.bias_parameter.array, np.float64)
        flat, offsets = weights.reshape(weights.shape[0], -1), [] if bias is None else [bias / self.unit]
        if (recurrence := self._recurrence_behind(op)) is not None:
            # Its drives add up with those of the layer: one scale for both.
            flat = np.concatenate([flat, recurrence[0] / self.unit[0]], axis=1)
            offsets.append(recurrence[1] / self.unit)
        scale = self._scale(flat, offsets, per_channel=_drives_neurons(op))
        # Trains have one unit for all channels.
        unit = scale * float(self.unit[0])
        integers = quantize_weights(weights, scale.astype(np.float32), self.options.weight_bits)
        offset = None if bias is None else np.rint(bias / unit).astype(np.int64)
        low, high = synapse_range(integers, value.type.encoding.greatest, offset)
        result = MembraneType.of(shape_of(op.output.type), int(low.min()), int(high.max()), value.type.encoding.frames)
        symbol = self._parameter(f"{op.layer_name}_weight", integers, self.options.weight_bits)
        bias_symbol = None if offset is None else self._parameter(f"{op.layer_name}_bias", offset)
        self.unit = unit
        return op.again(value, result, symbol, bias_symbol)

    def _recurrence_behind(self, op: SynapseOp) -> tuple[Reals, Reals] | None:
        """The recurrent weights and biases of the neurons that a layer drives."""
        following = itertools.dropwhile(lambda each: each is not op, self.network.layers())
        neurons = next((each for each in following if isinstance(each, LifOp)), None)
        return None if neurons is None else neurons.recurrence()

    def _scale(self, weights: Reals, biases: Sequence[Reals], *, per_channel: bool) -> Reals:
        """The real value of 1 in the weights (channels, …), (channels,)."""
        bits, channels = self.options.weight_bits, weights.shape[0]
        low, high = weight_limits(bits)
        least = binary_places(weights)
        for places in (max([least, *map(binary_places, biases)]), least):
            scaled = weights * float(1 << places)
            if low <= float(scaled.min()) and float(scaled.max()) <= high:
                return np.ones(channels) / float(1 << places)
        return weight_scales(weights, bits, per_channel=per_channel).astype(np.float64)

    def _neuron(self, op: LifOp, value: SSAValue) -> LayerOp:
        assert isinstance(value.type, MembraneType)
        numbers = op.numbers()
        if float(numbers["gain"].min()) <= 0:
            raise E3neError(f"layer '{op.layer_name}': a gain of {numbers['gain'].min()}; gains are positive")
        recurrent = self._recurrent(op)
        unit = self.unit * numbers["gain"]
        gain_bits = self._gain_bits(op.layer_name, numbers, unit)
        scaled = {
            name: np.rint(numbers[name] / unit * 2.0**gain_bits).astype(np.int64)
            for name in ("threshold", "initial", "reset_value", "least")
            if name in numbers
        }
        decays = {name: numbers[name] for name in ("decay", "synapse_decay") if name in numbers}
        exact = [binary_places(array) for array in decays.values()]
        decay_bits = min(self.options.decay_bits, max(exact))
        scaled |= {name: np.rint(array * 2.0**decay_bits).astype(np.int64) for name, array in decays.items()}
        frames, several = value.type.frames, op.several is not None
        most = 1
        if several:
            reach = LifReach(scaled, op.reset.data, op.timing.data, several, decay_bits, gain_bits)
            most = reach.range(value.type.low, value.type.high, frames).most
        self.unit = np.ones(1)
        return LifOp(
            op.layer_name,
            value,
            TrainType.of(value.type.get_shape(), RateAttr.of(frames, most)),
            {name: self._parameter(f"{op.layer_name}_{name}", array) for name, array in scaled.items()} | recurrent,
            fires=op.fires.data,
            reset=op.reset.data,
            timing=op.timing.data,
            several=several,
            loses_input=op.loses_input is not None,
            decay_bits=decay_bits,
            gain_bits=gain_bits,
        )

    def _recurrent(self, op: LifOp) -> dict[str, str]:
        """The symbols of its recurrent weights and biases, in units of its drive."""
        found = op.recurrence()
        if found is None:
            return {}
        weights, bias = found
        unit, bits = np.broadcast_to(self.unit, bias.shape), self.options.weight_bits
        integers = quantize_weights(weights, unit.astype(np.float32), bits)
        symbols = {"recurrent": self._parameter(f"{op.layer_name}_recurrent", integers, bits)}
        if op.recurrent_bias is not None:
            offset = np.rint(bias / unit).astype(np.int64)
            symbols["recurrent_bias"] = self._parameter(f"{op.layer_name}_recurrent_bias", offset)
        return symbols

    def _gain_bits(self, layer: str, numbers: dict[str, Reals], unit: Reals) -> int:
        """Bits by which the membrane is finer than its drive: as few as are exact, all of them where it decays."""
        most = self.options.fraction_bits
        largest = float(np.max(np.abs(numbers["threshold"] / unit)))
        most = min(most, int(MOST_THRESHOLD_BITS - np.ceil(np.log2(max(largest, 1)))))
        if most < 0:
            raise E3neError(f"layer '{layer}': a threshold is {largest:.3g} units of its drive, beyond 32 bits")
        keeps = all(np.isin(numbers[name], (0.0, 1.0)).all() for name in ("decay", "synapse_decay") if name in numbers)
        fields = [numbers[name] / unit for name in ("threshold", "initial", "reset_value", "least") if name in numbers]
        needed = max(binary_places(array) for array in fields)
        return min(most, needed) if keeps else most

    def _parameter(self, name: str, array: npt.NDArray[np.signedinteger], width: int | None = None) -> str:
        symbol = identifier(name)
        self.parameters[symbol] = (array, width)
        return symbol
