"""A quantised network as the integer form of snn, exactly: every code is the one that real arithmetic gives.

The numbers of the file are taken as they are, in single precision, and what follows from them is computed with rational
numbers: where a membrane's code changes is never a matter of rounding. A runtime that adds up in single precision may
differ where a real number lies within its rounding error of such a place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.parameter import identifier
from e3ne.dialects.snn import (
    EncodeOp,
    FlattenOp,
    LayerOp,
    MaxPoolOp,
    MembraneType,
    NetworkOp,
    RadixAttr,
    RequantizeOp,
    SumPoolOp,
    SynapseOp,
    TrainType,
    float_tensor,
    shape_of,
)
from e3ne.dialects.snn.encodings import MAX_RADIX_STEPS
from e3ne.dialects.snn.pools import sum_steps
from e3ne.errors import E3neError
from e3ne.frontends.onnx.blocks import Block, quantized_network
from e3ne.frontends.onnx.description import Integers, Layer, LayerChain, Pool, Quantizer
from e3ne.frontends.onnx.exact import level_of
from e3ne.frontends.onnx.membranes import Membranes, scores_of
from e3ne.frontends.onnx.synapse_op import synapse_op
from e3ne.passes.parameter_table import ParameterTable
from e3ne.quantization.thresholds import Neuron, exact_neuron


def integer_form(chain: LayerChain) -> ModuleOp:
    """The network as integers; raises one `E3neError` for the order of layers, then for the first layer that fails."""
    found = quantized_network(chain)
    module = ModuleOp([])
    network = NetworkOp.start(identifier(chain.name), float_tensor(chain.input_shape))
    builder = _Builder(network, ParameterTable(module))
    builder.encode(found.image, found.quantizer)
    for part in found.parts:
        layer = part if isinstance(part, Layer) else part.layer
        try:
            if isinstance(part, Layer):
                builder.pool_or_flatten(part)
            else:
                builder.block(part)
        except E3neError as error:
            raise E3neError(f"ONNX network '{chain.name}', {layer.title}: {error}") from error
    network.finish(builder.value)
    module.body.block.add_op(network)
    module.verify()
    return module


@dataclass
class _Builder:
    network: NetworkOp
    table: ParameterTable
    unit: Fraction = field(default_factory=Fraction)
    """the real value of 1 in the codes in hand"""

    def __post_init__(self) -> None:
        self.value: SSAValue = self.network.image

    def _append(self, op: LayerOp) -> None:
        self.network.block.add_op(op)
        self.value = op.output

    def encode(self, layer: Layer, quantizer: Quantizer) -> None:
        """The image's codes."""
        scale = float(quantizer.scale)
        self._append(EncodeOp(layer.name, self.value, RadixAttr.of(quantizer.steps), scale))
        self.unit = Fraction(scale)

    def pool_or_flatten(self, layer: Layer) -> None:
        """Pools and flatten of codes; an average is a sum whose factor goes into the unit."""
        if not isinstance(pool := layer.operation, Pool):
            self._append(FlattenOp(layer.name, self.value))
        elif pool.kind == "max":
            self._append(MaxPoolOp(layer.name, self.value, pool.window))
        else:
            if (steps := sum_steps(self.value.type, pool.window)) > MAX_RADIX_STEPS:
                raise E3neError(f"its sums need {steps} time steps; at most {MAX_RADIX_STEPS} are possible")
            self._append(SumPoolOp(layer.name, self.value, pool.window))
            self.unit /= pool.window.taps

    def block(self, block: Block) -> None:
        """Weights and, but for the last block, neurons."""
        taken = self.value.type
        assert isinstance(taken, TrainType)
        membranes = Membranes.of(block, self.unit)
        if block.quantize is None or block.quantizer is None:
            scores = scores_of(membranes)
            self._append(self._synapse(block, scores.weights, scores.width, scores.bias))
            return
        low, high = synapse_range(membranes.weights, taken.encoding.greatest)
        self._append(self._synapse(block, membranes.weights, membranes.width, None))
        for pool in block.pools:
            assert isinstance(pool.operation, Pool)
            self._append(MaxPoolOp(pool.name, self.value, pool.operation.window))
        self._fire(block.relu or block.quantize, block.quantizer, _neuron(membranes, block.quantizer, low, high))
        self.unit = Fraction(float(block.quantizer.scale))

    def _fire(self, layer: Layer, quantizer: Quantizer, neuron: Neuron) -> None:
        self._append(
            RequantizeOp(
                layer.name,
                self.value,
                TrainType.of(shape_of(self.value.type), RadixAttr.of(quantizer.steps)),
                self.table.define(f"{layer.name}_bias", _per_layer(neuron.bias)),
                self.table.define(f"{layer.name}_threshold", _per_layer(neuron.threshold)),
                neuron.fraction_bits,
                ties_to_even=neuron.ties_to_even,
            )
        )

    def _synapse(self, block: Block, weights: Integers, width: int, bias: Integers | None) -> SynapseOp:
        name, taken = block.layer.name, self.value.type
        assert isinstance(taken, TrainType)
        low, high = synapse_range(weights, taken.encoding.greatest, bias)
        if max(int(-low.min()), int(high.max())) >= 1 << 31:
            raise E3neError("its membranes need more than 32 bits")
        result = MembraneType.of(block.layer.shape, int(low.min()), int(high.max()))
        symbol = self.table.define(f"{name}_weight", weights, width)
        offset = None if bias is None else self.table.define(f"{name}_bias", bias)
        return synapse_op(name, block.synapse, self.value, result, symbol, offset)


def _neuron(membranes: Membranes, quantizer: Quantizer, low: Integers, high: Integers) -> Neuron:
    """The neuron that gives exactly the quantiser's codes of all reachable membranes."""
    scale, count = Fraction(float(quantizer.scale)), 1 << quantizer.steps
    levels = [level_of(code, quantizer.rounding) for code in range(1, count)]
    goals = np.empty((len(membranes.ramps), count - 1), np.int64)
    theta, bias = np.ones(len(goals)), np.zeros(len(goals))
    for channel, ramp in enumerate(membranes.ramps):
        least, most = int(low[channel]), int(high[channel])
        if ramp.slope == 0:
            goals[channel] = [
                most + 1 if ramp.shift < level * scale or (strict and ramp.shift == level * scale) else least
                for level, strict in levels
            ]
            bias[channel] = float(ramp.shift / scale)
            continue
        goals[channel] = [ramp.first(level * scale, least, most, strict=strict) for level, strict in levels]
        theta[channel] = float(scale) / ramp.scale
        # beside the rounding to the nearest that the solver assumes
        bias[channel] = float(ramp.zero) + theta[channel] * (0.5 - float(levels[0][0]))
    return exact_neuron(theta, bias, goals, low, high, count)


def _per_layer(values: Integers) -> Integers:
    """One value for all channels where they agree."""
    return values[:1] if np.ptp(values) == 0 else values
