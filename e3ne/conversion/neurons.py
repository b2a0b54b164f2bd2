"""Neurons of one frame, neurons with a membrane, and sums over time steps."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.membranes import LifReach
from e3ne.analysis.ranges import drive_range
from e3ne.conversion.construction import Construction
from e3ne.dialects import dataflow, snn
from e3ne.errors import E3neError
from e3ne.units.adders import signed_bits


def fire(graph: Construction, layer: snn.RequantizeOp) -> SSAValue:
    """Neurons of one frame, which compare with thresholds."""
    name, label, train = layer.layer_name, graph.label(layer), layer.output.type
    assert isinstance(train, snn.TrainType)
    threshold = graph.channels(layer.input, layer.threshold_parameter.array.astype(np.int64))
    bias = graph.channels(layer.input, layer.bias_parameter.array.astype(np.int64))
    op = dataflow.FireOp(
        f"{label}_fire",
        name,
        graph.streams[layer.input],
        graph.parameter(f"{label}_threshold", threshold),
        graph.parameter(f"{label}_bias", bias),
        layer.fraction,
        train.encoding.bits,
        graph.numbers(f"{label}_numbers", train.encoding),
        ties_to_even=layer.ties_to_even is not None,
    )
    return _element_by_element(graph, layer, op, "neuron")


def lif(graph: Construction, layer: snn.LifOp) -> SSAValue:
    """Neurons with a membrane that is kept from frame to frame. Raises E3neError."""
    name, label, taken = layer.layer_name, graph.label(layer), layer.input.type
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
        field: graph.parameter(f"{label}_{field}", graph.channels(layer.input, array))
        for field, array in numbers.items()
    }
    if recurrence is not None:
        if layer.input in graph.flattened:
            raise E3neError(f"layer '{name}': recurrent neurons behind a flattened map have no hardware unit")
        fields = zip(("recurrent", "recurrent_bias"), recurrence, strict=True)
        symbols |= {field: graph.parameter(f"{label}_{field}", array) for field, array in fields}
    kept = ("fires", "reset", "timing", "several", "loses_input", "decay_bits", "gain_bits")
    op = dataflow.LifOp(
        f"{label}_lif",
        name,
        graph.streams[layer.input],
        symbols,
        {field: layer.properties[field] for field in kept if field in layer.properties},
        signed_bits(found.low, found.high),
        layer.encoding.bits,
    )
    return _element_by_element(graph, layer, op, "neuron")


def sum_steps(graph: Construction, layer: snn.SumStepsOp) -> SSAValue:
    """Sums over all frames."""
    given = layer.output.type
    assert isinstance(given, snn.MembraneType)
    bits = signed_bits(given.low, given.high)
    op = dataflow.SumFramesOp(f"{graph.label(layer)}_sum", layer.layer_name, graph.streams[layer.input], bits)
    return _element_by_element(graph, layer, op, "sum")


def _element_by_element(
    graph: Construction,
    layer: snn.RequantizeOp | snn.LifOp | snn.SumStepsOp,
    op: dataflow.FireOp | dataflow.LifOp | dataflow.SumFramesOp,
    kind: str,
) -> SSAValue:
    """Appends a unit that gives its elements in the order in which it takes them."""
    if layer.input in graph.flattened:
        # Elements are in another order than the network's, so the stream does not stand for its value.
        graph.flattened[layer.output] = graph.flattened[layer.input]
        return graph.insert(op).output
    return graph.insert(op.standing_for(layer.layer_name, kind)).output
