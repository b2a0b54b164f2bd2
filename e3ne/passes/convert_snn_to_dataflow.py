"""`convert-snn-to-dataflow`: each layer of the integer network becomes the hardware units that compute it.

Layouts and foldings stay undecided. Weights become matrices whose columns are in the order in which streams carry
their elements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from e3ne.analysis.activity import OPERATIONS
from e3ne.analysis.membranes import LifReach
from e3ne.analysis.ranges import drive_range, synapse_range
from e3ne.backends.testbench.wrapper import TESTBENCH
from e3ne.backends.verilog.names import legal_name
from e3ne.dialects import dataflow, snn
from e3ne.dialects.parameter import parameters_of
from e3ne.errors import E3neError
from e3ne.units.adders import signed_bits

Integers = NDArray[np.int64]

BUS_BITS = 64
LABEL_LENGTH = 48
OUR_NAMES = {
    *("clk", "rst", "input_source", "output_sink", TESTBENCH),
    *(f"{port}_axis_{signal}" for port in "sm" for signal in ("tdata", "tvalid", "tready", "tlast")),
}
"""What a top module cannot be called."""
CONTAINERS = (8, 16, 32, 64)
"""Bits that a result may take at the output."""
"""The input bus is as wide as whole pixels fill it, and at least one pixel."""


@dataclass(frozen=True)
class ConvertSnnToDataflowPass(ModulePass):
    """Replaces the integer network by a dataflow graph."""

    name = "convert-snn-to-dataflow"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError for a network that is not in the integer form, naming all layers in question."""
        network = snn.find_network(op)
        _refuse_float(network)
        conversion = _Conversion(_top_name(network.sym_name.data))
        for layer in network.layers():
            conversion.convert(layer)
        conversion.finish(network)
        old: list[Operation] = [network, *parameters_of(op)]
        for operation in old:
            operation.detach()
            operation.erase()
        op.body.block.add_ops([*conversion.parameters, conversion.graph])


def _top_name(network: str) -> str:
    """The name of the graph, and so of the top module: that of the network as far as Verilog and our ports allow."""
    name = legal_name(network[:LABEL_LENGTH])
    return f"{name}_top" if name in OUR_NAMES else name


def _refuse_float(network: snn.NetworkOp) -> None:
    wrong = [f"{layer.layer_name} ({layer.name})" for layer in network.layers() if not _is_convertible(layer)]
    if wrong:
        raise E3neError(f"not in the integer form (run snn-quantize first): {', '.join(wrong)}")


def _is_convertible(layer: snn.LayerOp) -> bool:
    return layer.is_integer or isinstance(layer, snn.ArgmaxOp)


@dataclass
class _Conversion:
    name: str
    parameters: list[dataflow.ParameterOp] = field(default_factory=list[dataflow.ParameterOp])
    streams: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    flattened: dict[SSAValue, tuple[int, ...]] = field(default_factory=dict[SSAValue, tuple[int, ...]])
    labels: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        block = Block()
        name = StringAttr(legal_name(self.name[:48]))
        self.graph = dataflow.GraphOp(properties={"sym_name": name}, regions=[Region(block)])
        self.builder = Builder(InsertPoint.at_end(block))

    def convert(self, layer: snn.LayerOp) -> None:
        match layer:
            case snn.EncodeOp():
                result = self._source(layer)
            case snn.Conv2dOp():
                result = self._convolution(layer)
            case snn.LinearOp():
                result = self._linear(layer)
            case snn.RequantizeOp():
                result = self._fire(layer)
            case snn.LifOp():
                result = self._lif(layer)
            case snn.SumStepsOp():
                result = self._sum_steps(layer)
            case snn.MaxPoolOp():
                result = self._max_pool(layer)
            case snn.SumPoolOp():
                result = self._sum_pool(layer)
            case snn.FlattenOp():
                result = self._flatten(layer)
            case snn.ArgmaxOp():
                result = self._argmax(layer)
            case _:
                raise E3neError(f"layer '{layer.layer_name}': '{layer.name}' has no hardware unit")
        self.streams[layer.output] = result

    def finish(self, network: snn.NetworkOp) -> None:
        (value,) = network.outputs
        self._refuse_flattened_map(value, "the output")
        stream = self.streams[value]
        assert isinstance(stream.type, dataflow.StreamType)
        if stream.type.steps != 1:
            raise E3neError("the output of the network must be membranes or a class, not spike trains")
        bits = stream.type.element_bits
        if bits > CONTAINERS[-1]:
            layer = [layer.layer_name for layer in network.layers()][-1]
            raise E3neError(f"layer '{layer}': results have {bits} bits; at most {CONTAINERS[-1]} are supported")
        container = next(size for size in CONTAINERS if size >= bits)
        self.builder.insert(dataflow.SinkOp("output_sink", "output", stream, container))

    def _label(self, layer: snn.LayerOp) -> str:
        """What the names of a layer's units begin with: its name as far as that is a Verilog identifier."""
        name = layer.layer_name
        if name not in self.labels:
            base = legal_name(name[:LABEL_LENGTH]).strip("_") or "layer"
            base = f"layer{base}" if base[0].isdigit() else base
            top, taken = self.graph.sym_name.data, set(self.labels.values())
            names = chain((base,), (f"{base}_{number}" for number in count(2)))
            # units are called label_kind: none of them may be called as the whole
            free = (label for label in names if label not in taken and not f"{top}_".startswith(f"{label}_"))
            self.labels[name] = next(free)
        return self.labels[name]

    def _parameter(self, name: str, array: Integers, width: int | None = None) -> str:
        self.parameters.append(dataflow.ParameterOp(name, array, width))
        return name

    def _numbers(self, name: str, encoding: snn.EncodingAttr) -> str | None:
        """The numbers of trains, where they are not all that so many binary digits can be."""
        if encoding.levels == 1 << encoding.bits:
            return None
        return self._parameter(name, encoding.numbers)

    def _source(self, layer: snn.EncodeOp) -> SSAValue:
        train = layer.output.type
        assert isinstance(train, snn.TrainType)
        name, label, encoding = layer.layer_name, self._label(layer), train.encoding
        channels, height, width = _map(train.get_shape())
        unit = math.lcm(8, channels * encoding.bits)
        bus = unit * max(1, BUS_BITS // unit)
        rate_coded = layer.rate_coded is not None
        spikes = layer.takes_spikes or rate_coded
        frames = encoding.frames if spikes else 1
        result = dataflow.StreamType.of(height, width, channels, steps=encoding.bits, frames=frames)
        numbers = self._numbers(f"{label}_numbers", encoding)
        source = dataflow.SourceOp(
            f"{label}_source", name, bus, result, spikes=spikes, rate_coded=rate_coded, numbers=numbers
        )
        source.scale = layer.scale
        if frames == encoding.frames:
            return self.builder.insert(source.standing_for(name, "encode")).output
        stream = self.builder.insert(source).output
        again = dataflow.ReplayOp(
            f"{label}_replay", name, stream, encoding.frames, dataflow.Order.STEPS_INNER, "block", whole=True
        )
        return self.builder.insert(again.standing_for(name, "encode")).output

    def _convolution(self, layer: snn.Conv2dOp) -> SSAValue:
        weights = dense_weights(layer.weights_parameter.array.astype(np.int64), layer.group_count)
        stream, window = self.streams[layer.input], layer.window
        _, height, width = layer.map_shape()
        if window.kernel == (height, width) and not any(window.padding):
            # The kernel covers the map: a dense layer over all pixels needs no window.
            given = self.builder.insert(
                dataflow.FlattenOp(f"{self._label(layer)}_flatten", layer.layer_name, stream)
            ).output
            matrix = weights.transpose(0, 2, 3, 1)
        else:
            given = self.builder.insert(
                dataflow.WindowOp(
                    f"{self._label(layer)}_window",
                    layer.layer_name,
                    stream,
                    window.kernel,
                    window.stride,
                    window.padding,
                    window.dilation,
                )
            ).output
            matrix = weights
        return self._matvec(layer, given, matrix.reshape(matrix.shape[0], -1))

    def _linear(self, layer: snn.LinearOp) -> SSAValue:
        matrix = layer.weights_parameter.array.astype(np.int64)
        shape = self.flattened.get(layer.input)
        if shape is not None:
            matrix = matrix[:, _stream_order(shape)]
        return self._matvec(layer, self.streams[layer.input], matrix)

    def _matvec(self, layer: snn.SynapseOp, given: SSAValue, matrix: Integers) -> SSAValue:
        name, label, membrane = layer.layer_name, self._label(layer), layer.output.type
        assert isinstance(membrane, snn.MembraneType)
        parameter, taken = layer.bias_parameter, layer.input.type
        assert isinstance(taken, snn.TrainType)
        encoding = taken.encoding
        bias = None if parameter is None else parameter.array.astype(np.int64)
        if encoding.least:
            # Streams carry numbers, and values are least + gap * number.
            bias = matrix.sum(axis=1) * encoding.least + (0 if bias is None else bias)
        matrix = matrix * encoding.gap
        weight_bits = layer.weights_parameter.bits + (encoding.gap - 1).bit_length()
        weights = self._parameter(f"{label}_weights", matrix, weight_bits)
        # Digits may show more than the greatest number of a train, and units know nothing but digits.
        low, high = synapse_range(matrix, (1 << encoding.bits) - 1, bias)
        op = dataflow.MatvecOp(
            f"{label}_matvec",
            name,
            given,
            weights,
            matrix.shape[0],
            signed_bits(min(membrane.low, int(low.min())), max(membrane.high, int(high.max()))),
            None if bias is None else self._parameter(f"{label}_bias", bias),
        )
        _keep_operations(layer, op)
        return self.builder.insert(op.standing_for(name, "synapse")).output

    def _fire(self, layer: snn.RequantizeOp) -> SSAValue:
        name, label, train = layer.layer_name, self._label(layer), layer.output.type
        assert isinstance(train, snn.TrainType)
        threshold = self._channels(layer, layer.threshold_parameter.array.astype(np.int64))
        bias = self._channels(layer, layer.bias_parameter.array.astype(np.int64))
        op = dataflow.FireOp(
            f"{label}_fire",
            name,
            self.streams[layer.input],
            self._parameter(f"{label}_threshold", threshold),
            self._parameter(f"{label}_bias", bias),
            layer.fraction,
            train.encoding.bits,
            self._numbers(f"{label}_numbers", train.encoding),
            ties_to_even=layer.ties_to_even is not None,
        )
        return self._neuron(layer, op)

    def _neuron(self, layer: snn.RequantizeOp | snn.LifOp, op: dataflow.FireOp | dataflow.LifOp) -> SSAValue:
        if layer.input in self.flattened:
            # Elements are in another order than the network's, so the stream does not stand for its value.
            self.flattened[layer.output] = self.flattened[layer.input]
            return self.builder.insert(op).output
        return self.builder.insert(op.standing_for(layer.layer_name, "neuron")).output

    def _lif(self, layer: snn.LifOp) -> SSAValue:
        name, label, taken = layer.layer_name, self._label(layer), layer.input.type
        assert isinstance(taken, snn.MembraneType)
        numbers, recurrence = layer.numbers(), layer.recurrence()
        reach = LifReach(
            numbers,
            layer.reset.data,
            layer.timing.data,
            layer.several is not None,
            layer.decay_bits.value.data,
            layer.gain_bits.value.data,
        )
        low, high = drive_range(taken.low, taken.high, recurrence, layer.encoding.greatest)
        found = reach.range(low, high, taken.frames)
        symbols = {
            field: self._parameter(f"{label}_{field}", self._channels(layer, array)) for field, array in numbers.items()
        }
        if recurrence is not None:
            if layer.input in self.flattened:
                raise E3neError(f"layer '{name}': recurrent neurons behind a flattened map have no hardware unit")
            fields = zip(("recurrent", "recurrent_bias"), recurrence, strict=True)
            symbols |= {field: self._parameter(f"{label}_{field}", array) for field, array in fields}
        kept = ("fires", "reset", "timing", "several", "loses_input", "decay_bits", "gain_bits")
        op = dataflow.LifOp(
            f"{label}_lif",
            name,
            self.streams[layer.input],
            symbols,
            {field: layer.properties[field] for field in kept if field in layer.properties},
            signed_bits(found.low, found.high),
            layer.encoding.bits,
        )
        return self._neuron(layer, op)

    def _sum_steps(self, layer: snn.SumStepsOp) -> SSAValue:
        given = layer.output.type
        assert isinstance(given, snn.MembraneType)
        bits = signed_bits(given.low, given.high)
        op = dataflow.SumFramesOp(f"{self._label(layer)}_sum", layer.layer_name, self.streams[layer.input], bits)
        return self.builder.insert(op.standing_for(layer.layer_name, "sum")).output

    def _channels(self, layer: snn.RequantizeOp | snn.LifOp, array: Integers) -> Integers:
        """One number for each channel of the stream (or one for all), in the stream's order."""
        shape = self.flattened.get(layer.input)
        return array[_stream_order(shape)] if shape is not None and array.size > 1 else array

    def _pool_window(self, layer: snn.PoolOp) -> dataflow.WindowOp:
        window = layer.window
        name, label = layer.layer_name, self._label(layer)
        return dataflow.WindowOp(
            f"{label}_window",
            name,
            self.streams[layer.input],
            window.kernel,
            window.stride,
            window.padding,
            window.dilation,
        )

    def _max_pool(self, layer: snn.MaxPoolOp) -> SSAValue:
        name, label = layer.layer_name, self._label(layer)
        if isinstance(layer.input.type, snn.MembraneType) and any(layer.window.padding):
            raise E3neError(f"layer '{name}': a max pool of membranes cannot be padded (0 is not their least value)")
        side_by_side = layer.window.stride == layer.window.kernel and layer.window.dilation == (1, 1)
        if isinstance(layer.input.type, snn.MembraneType) and side_by_side:
            running = dataflow.MaxPoolOp(f"{label}_pool", name, self.streams[layer.input], layer.window.kernel)
            return self.builder.insert(running.standing_for(name, "pool")).output
        window = self.builder.insert(self._pool_window(layer))
        op = dataflow.PoolOp(f"{label}_pool", name, window.output, window.size)
        return self.builder.insert(op.standing_for(name, "pool")).output

    def _sum_pool(self, layer: snn.SumPoolOp) -> SSAValue:
        """A convolution of each channel with ones, and a neuron that fires the sum itself as a longer train."""
        name, label = layer.layer_name, self._label(layer)
        taken, given = layer.input.type, layer.output.type
        assert isinstance(taken, snn.TrainType)
        assert isinstance(given, snn.TrainType)
        window = self.builder.insert(self._pool_window(layer))
        channels = _map(taken.get_shape())[0]
        ones = np.kron(np.eye(channels, dtype=np.int64), np.ones((1, window.size), dtype=np.int64))
        # Digits may show more than the greatest number.
        bits = signed_bits(0, window.size * ((1 << taken.encoding.bits) - 1))
        total = dataflow.MatvecOp(
            f"{label}_matvec", name, window.output, self._parameter(f"{label}_weights", ones), channels, bits
        )
        _keep_operations(layer, total)
        fire = dataflow.FireOp(
            f"{label}_fire",
            name,
            self.builder.insert(total).output,
            self._parameter(f"{label}_threshold", np.ones(1, dtype=np.int64)),
            self._parameter(f"{label}_bias", np.zeros(1, dtype=np.int64)),
            0,
            given.encoding.bits,
        )
        return self.builder.insert(fire.standing_for(name, "pool")).output

    def _flatten(self, layer: snn.FlattenOp) -> SSAValue:
        shape = snn.shape_of(layer.input.type)
        stream = self.streams[layer.input]
        assert isinstance(stream.type, dataflow.StreamType)
        if layer.input in self.flattened:
            self.flattened[layer.output] = self.flattened[layer.input]
        if stream.type.height * stream.type.width == 1:
            return stream
        self.flattened[layer.output] = shape
        return self.builder.insert(dataflow.FlattenOp(f"{self._label(layer)}_view", layer.layer_name, stream)).output

    def _argmax(self, layer: snn.ArgmaxOp) -> SSAValue:
        self._refuse_flattened_map(layer.input, f"layer '{layer.layer_name}'")
        op = dataflow.ArgmaxOp(f"{self._label(layer)}_argmax", layer.layer_name, self.streams[layer.input])
        return self.builder.insert(op.standing_for(layer.layer_name, "output")).output

    def _refuse_flattened_map(self, value: SSAValue, what: str) -> None:
        if value in self.flattened:
            raise E3neError(
                f"{what}: a map larger than one pixel is flattened after the last synapses; end the "
                "network with a linear layer, or without flattening"
            )


def _keep_operations(layer: snn.LayerOp, op: dataflow.MatvecOp) -> None:
    """What was counted of the layer is of the unit too."""
    counted = layer.attributes.get(OPERATIONS)
    if counted is not None:
        op.properties[OPERATIONS] = counted


def dense_weights(weights: Integers, groups: int) -> Integers:
    """Grouped weights (O, C/groups, kh, kw) as dense ones (O, C, kh, kw), zero between groups."""
    if groups == 1:
        return weights
    outputs, inputs, *kernel = weights.shape
    dense = np.zeros((outputs, inputs * groups, *kernel), dtype=np.int64)
    for group in range(groups):
        rows = slice(group * outputs // groups, (group + 1) * outputs // groups)
        dense[rows, group * inputs : (group + 1) * inputs] = weights[rows]
    return dense


def _map(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, height, width); a vector is a map of one pixel."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def _stream_order(shape: tuple[int, ...]) -> Integers:
    """For each element of a flattened map in stream order (row, column, channel) its index channel by channel."""
    channels, height, width = _map(shape)
    return np.arange(channels * height * width).reshape(channels, height, width).transpose(1, 2, 0).reshape(-1)
