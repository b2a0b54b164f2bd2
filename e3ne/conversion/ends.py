"""The ends of a network: images and spikes that come in, maps that become vectors, classes."""

from __future__ import annotations

import math

from xdsl.ir import SSAValue

from e3ne.conversion.construction import Construction, map_of
from e3ne.dialects import dataflow, snn

BUS_BITS = 64
"""The input bus is as wide as whole pixels fill it, and at least one pixel."""


def source(graph: Construction, layer: snn.EncodeOp) -> SSAValue:
    """Beats of the bus become pixels of codes, or spikes; what an image is over several frames is repeated."""
    train = layer.output.type
    assert isinstance(train, snn.TrainType)
    name, label, encoding = layer.layer_name, graph.label(layer), train.encoding
    channels, height, width = map_of(train.get_shape())
    unit = math.lcm(8, channels * encoding.bits)
    bus = unit * max(1, BUS_BITS // unit)
    rate_coded = layer.rate_coded is not None
    spikes = layer.takes_spikes or rate_coded
    frames = encoding.frames if spikes else 1
    result = dataflow.StreamType.of(height, width, channels, steps=encoding.bits, frames=frames)
    numbers = graph.numbers(f"{label}_numbers", encoding)
    source = dataflow.SourceOp(
        f"{label}_source", name, bus, result, spikes=spikes, rate_coded=rate_coded, numbers=numbers
    )
    source.scale = layer.scale
    if frames == encoding.frames:
        return graph.insert(source.standing_for(name, "encode")).output
    stream = graph.insert(source).output
    again = dataflow.ReplayOp(
        f"{label}_replay", name, stream, encoding.frames, dataflow.Order.STEPS_INNER, "block", whole=True
    )
    return graph.insert(again.standing_for(name, "encode")).output


def flatten(graph: Construction, layer: snn.FlattenOp) -> SSAValue:
    """No hardware: a map is read as a vector, in the order of the stream."""
    shape = snn.shape_of(layer.input.type)
    stream = graph.streams[layer.input]
    assert isinstance(stream.type, dataflow.StreamType)
    if layer.input in graph.flattened:
        graph.flattened[layer.output] = graph.flattened[layer.input]
    if stream.type.height * stream.type.width == 1:
        return stream
    graph.flattened[layer.output] = shape
    return graph.insert(dataflow.FlattenOp(f"{graph.label(layer)}_view", layer.layer_name, stream)).output


def argmax(graph: Construction, layer: snn.ArgmaxOp) -> SSAValue:
    """The class."""
    graph.refuse_flattened_map(layer.input, f"layer '{layer.layer_name}'")
    op = dataflow.ArgmaxOp(f"{graph.label(layer)}_argmax", layer.layer_name, graph.streams[layer.input])
    return graph.insert(op.standing_for(layer.layer_name, "output")).output
