"""`snn-quantize`: from the annotated float form to the integer form. From here on there are only integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.parameter import identifier, unused
from e3ne.dialects.snn import (
    AveragePoolOp,
    BatchNormOp,
    EncodeOp,
    FlattenOp,
    LayerOp,
    MaxPoolOp,
    MembraneType,
    NetworkOp,
    ReluOp,
    RequantizeOp,
    SumPoolOp,
    SynapseOp,
    TrainType,
    find_network,
    shape_of,
)
from e3ne.dialects.snn.encodings import MAX_RADIX_STEPS
from e3ne.dialects.snn.pools import sum_steps
from e3ne.errors import E3neError
from e3ne.frontends.structure import structure_problems
from e3ne.passes.effects import Effect
from e3ne.passes.parameter_table import ParameterTable
from e3ne.quantization.levels import Levels
from e3ne.quantization.thresholds import integer_neuron
from e3ne.quantization.weights import MAX_WEIGHT_BITS, quantize_weights

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SnnQuantizePass(ModulePass):
    """Weights become integers of `weight_bits`; ReLUs become neurons of one frame with integer bias and threshold.

    Needs the annotations of `snn-calibrate` (or of training). Average pools become sums, their 1/n goes into the next
    threshold; the bias of the last layer is added to its membrane, at the membrane's scale.
    """

    name = "snn-quantize"
    effect: ClassVar[Effect] = Effect.QUANTIZES

    max_fraction_bits: int = 16
    """the most bits f by which membranes are shifted left before they are compared with thresholds"""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises one `E3neError` for everything that keeps the network from being quantised."""
        network = find_network(op)
        problems = [*_problems(network), *structure_problems(network)]
        if problems:
            raise E3neError("; ".join(problems))
        builder = _Builder(network, self.max_fraction_bits)
        quantized = builder.build()
        network.detach()
        network.erase()
        table = ParameterTable(op)
        table.erase_unused()
        for symbol, (array, width) in builder.parameters.items():
            # the symbols are free now: the float parameters of the same names are gone
            table.define(symbol, array, width)
        op.body.block.add_op(quantized)


@dataclass(frozen=True, eq=False)
class _Membrane:
    """What is known of the membranes in hand, per output channel."""

    synapse: SynapseOp
    unit: Reals
    """the real value of 1 in the membrane"""
    low: Integers
    high: Integers
    offset: Integers
    """the membrane where all real inputs are 0"""

    @property
    def bias(self) -> Reals:
        """What has to be added, in units of the membrane: the real bias, without the offset."""
        parameter = self.synapse.bias_parameter
        real = np.zeros_like(self.unit) if parameter is None else np.asarray(parameter.array, np.float64)
        return real / self.unit - self.offset


@dataclass
class _Builder:
    """Builds the integer network beside the float one."""

    network: NetworkOp
    max_fraction_bits: int
    unit: float = 0.0
    """the real value of number 1 of the train in hand; number 0 stands for 0.0"""
    membrane: _Membrane | None = None
    parameters: dict[str, tuple[npt.NDArray[np.signedinteger], int | None]] = field(
        default_factory=dict[str, tuple[npt.NDArray[np.signedinteger], int | None]]
    )
    """value and width by symbol"""

    def build(self) -> NetworkOp:
        """The integer network, of the same name, not yet in the module."""
        result = NetworkOp.start(self.network.sym_name.data, self.network.image.type)
        encoding = self.network.input_encoding
        assert encoding is not None
        self.unit = 1.0 / encoding.greatest
        encode = EncodeOp("input", result.image, encoding)
        result.block.add_op(encode)
        value: SSAValue = encode.output
        last = next(op for op in reversed(list(self.network.layers())) if isinstance(op, SynapseOp))
        for op in self.network.layers():
            try:
                new = self._convert(op, value, op is last)
            except E3neError as error:
                raise E3neError(f"layer '{op.layer_name}': {error}") from error
            result.block.add_op(new)
            value = new.output
        result.finish(value)
        return result

    def _convert(self, op: LayerOp, value: SSAValue, last: bool) -> LayerOp:
        match op:
            case SynapseOp():
                return self._synapse(op, value, last)
            case ReluOp():
                return self._neuron(op, value)
            case MaxPoolOp():
                return MaxPoolOp(op.layer_name, value, op.window)
            case AveragePoolOp():
                self.unit /= op.window.taps
                if (steps := sum_steps(value.type, op.window)) > MAX_RADIX_STEPS:
                    raise E3neError(f"its sums need {steps} time steps; at most {MAX_RADIX_STEPS} are possible")
                return SumPoolOp(op.layer_name, value, op.window)
            case FlattenOp():
                return FlattenOp(op.layer_name, value)
            case _:
                raise E3neError(f"'{op.name}' cannot be quantised")

    def _synapse(self, op: SynapseOp, value: SSAValue, last: bool) -> SynapseOp:
        scale_parameter, bits = op.weight_scale_parameter, op.weight_bits
        assert scale_parameter is not None
        assert bits is not None
        assert isinstance(value.type, TrainType)
        scales = np.asarray(scale_parameter.array, np.float32)
        weights = quantize_weights(np.asarray(op.weights_parameter.array, np.float32), scales, bits.value.data)
        encoding = value.type.encoding
        # Values are least + gap * number, but real values are numbers times `unit`: the rest goes into the bias.
        offset = encoding.least * weights.astype(np.int64).reshape(weights.shape[0], -1).sum(axis=1)
        unit = scales.astype(np.float64) * self.unit / encoding.gap
        low, high = synapse_range(weights, encoding.highest, None, encoding.least)
        membrane = _Membrane(op, unit, low, high, offset)
        bias = self._last_bias(membrane) if last else None
        low, high = synapse_range(weights, encoding.highest, bias, encoding.least)
        self.membrane = None if last else membrane
        self._check_range(low, high)
        symbol = self._define(f"{op.layer_name}_weight", weights, bits.value.data)
        bias_symbol = None if bias is None else self._define(f"{op.layer_name}_bias", bias)
        result = MembraneType.of(shape_of(op.output.type), int(low.min()), int(high.max()))
        return op.again(value, result, symbol, bias_symbol)

    def _last_bias(self, membrane: _Membrane) -> Integers | None:
        """The bias of the last layer in units of its membrane, to be added to it."""
        if np.ptp(membrane.unit):
            raise E3neError(
                "the last layer needs one weight scale for all outputs: scores of different scale cannot be compared"
            )
        if membrane.synapse.bias is None and not membrane.offset.any():
            return None
        bias = np.rint(membrane.bias)
        if np.abs(bias).max() >= 1 << 31:
            raise E3neError("its bias does not fit into 32 bits; its weights are too small for its bias")
        return bias.astype(np.int64)

    def _define(self, wanted: str, array: npt.NDArray[np.signedinteger], width: int | None = None) -> str:
        symbol = unused(identifier(wanted), {*self.parameters, self.network.sym_name.data})
        self.parameters[symbol] = (array, width)
        return symbol

    @staticmethod
    def _check_range(low: Integers, high: Integers) -> None:
        if max(int(-low.min()), int(high.max())) >= 1 << 31:
            raise E3neError("its membranes need more than 32 bits")

    def _neuron(self, op: ReluOp, value: SSAValue) -> RequantizeOp:
        assert self.membrane is not None
        assert op.scale is not None
        assert op.encoding is not None
        scale, encoding, membrane = op.scale.value.data, op.encoding, self.membrane
        levels = Levels(encoding.numbers)
        neuron = integer_neuron(
            scale / membrane.unit, membrane.bias, membrane.low, membrane.high, levels, self.max_fraction_bits
        )
        self.unit, self.membrane = scale, None
        return RequantizeOp(
            op.layer_name,
            value,
            TrainType.of(shape_of(value.type), encoding),
            self._define(f"{op.layer_name}_bias", _per_layer(neuron.bias)),
            self._define(f"{op.layer_name}_threshold", _per_layer(neuron.threshold)),
            neuron.fraction_bits,
        )


def _per_layer(values: Integers) -> Integers:
    """One value for all channels where they agree."""
    return values[:1] if np.ptp(values) == 0 else values


def _problems(network: NetworkOp) -> list[str]:
    found: list[str] = []
    hint = "run snn-calibrate first"
    if network.input_encoding is None:
        found.append(f"the network has no input_encoding ({hint})")
    for op in network.layers():
        where = f"layer '{op.layer_name}'"
        if op.is_integer:
            found.append(f"{where} is quantised already")
        elif isinstance(op, BatchNormOp):
            found.append(f"{where}: batch normalisation must be folded first (snn-fold-batch-norm)")
        elif isinstance(op, ReluOp) and (op.scale is None or op.encoding is None):
            found.append(f"{where} has no scale or no encoding ({hint})")
        elif isinstance(op, SynapseOp):
            found.extend(f"{where} {problem}" for problem in _synapse_problems(op, hint))
    return found


def _synapse_problems(op: SynapseOp, hint: str) -> list[str]:
    if op.weight_scale_parameter is None or op.weight_bits is None:
        return [f"has no weight_scale or no weight_bits ({hint})"]
    found: list[str] = []
    if op.weight_bits.value.data > MAX_WEIGHT_BITS:
        found.append(f"has weight_bits {op.weight_bits.value.data}; supported: 2 to {MAX_WEIGHT_BITS}")
    if np.asarray(op.weight_scale_parameter.array, np.float32).min() <= 0:
        found.append("has a weight scale that is not positive")
    return found
