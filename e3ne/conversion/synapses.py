"""Synapses: convolutions and linear layers as matrices, whose columns are in the order of the stream."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.activity import OPERATIONS
from e3ne.analysis.ranges import synapse_range
from e3ne.conversion.construction import Construction, Integers, stream_order
from e3ne.dialects import dataflow, snn
from e3ne.units.adders import signed_bits


def convolution(graph: Construction, layer: snn.Conv2dOp) -> SSAValue:
    """A window and a matrix; a kernel that covers the map is a dense layer over all pixels, without a window."""
    weights = dense_weights(layer.weights_parameter.array.astype(np.int64), layer.group_count)
    stream, window = graph.streams[layer.input], layer.window
    _, height, width = layer.map_shape()
    if window.kernel == (height, width) and not any(window.padding):
        given = graph.insert(dataflow.FlattenOp(f"{graph.label(layer)}_flatten", layer.layer_name, stream)).output
        matrix = weights.transpose(0, 2, 3, 1)
    else:
        given = graph.insert(
            dataflow.WindowOp(
                f"{graph.label(layer)}_window",
                layer.layer_name,
                stream,
                window.kernel,
                window.stride,
                window.padding,
                window.dilation,
            )
        ).output
        matrix = weights
    return _matvec(graph, layer, given, matrix.reshape(matrix.shape[0], -1))


def linear(graph: Construction, layer: snn.LinearOp) -> SSAValue:
    """A matrix; behind a flattened map its columns are brought into the order of the stream."""
    matrix = layer.weights_parameter.array.astype(np.int64)
    shape = graph.flattened.get(layer.input)
    if shape is not None:
        matrix = matrix[:, stream_order(shape)]
    return _matvec(graph, layer, graph.streams[layer.input], matrix)


def _matvec(graph: Construction, layer: snn.SynapseOp, given: SSAValue, matrix: Integers) -> SSAValue:
    name, label, membrane = layer.layer_name, graph.label(layer), layer.output.type
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
    weights = graph.parameter(f"{label}_weights", matrix, weight_bits)
    # Digits may show more than the greatest number of a train, and units know nothing but digits.
    low, high = synapse_range(matrix, (1 << encoding.bits) - 1, bias)
    op = dataflow.MatvecOp(
        f"{label}_matvec",
        name,
        given,
        weights,
        matrix.shape[0],
        signed_bits(min(membrane.low, int(low.min())), max(membrane.high, int(high.max()))),
        None if bias is None else graph.parameter(f"{label}_bias", bias),
    )
    keep_operations(layer, op)
    return graph.insert(op.standing_for(name, "synapse")).output


def keep_operations(layer: snn.LayerOp, op: dataflow.MatvecOp) -> None:
    """What was counted of the layer holds for the unit, too."""
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
