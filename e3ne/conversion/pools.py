"""Pools."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from e3ne.conversion.construction import Construction, map_of
from e3ne.conversion.synapses import keep_operations
from e3ne.dialects import dataflow, snn
from e3ne.errors import E3neError
from e3ne.units.adders import signed_bits


def max_pool(graph: Construction, layer: snn.MaxPoolOp) -> SSAValue:
    """The greatest of a window: of side by side ones of membranes as they come. Raises E3neError."""
    name, label = layer.layer_name, graph.label(layer)
    if isinstance(layer.input.type, snn.MembraneType) and any(layer.window.padding):
        raise E3neError(f"layer '{name}': a max pool of membranes cannot be padded (0 is not their least value)")
    side_by_side = layer.window.stride == layer.window.kernel and layer.window.dilation == (1, 1)
    if isinstance(layer.input.type, snn.MembraneType) and side_by_side:
        running = dataflow.MaxPoolOp(f"{label}_pool", name, graph.streams[layer.input], layer.window.kernel)
        return graph.insert(running.standing_for(name, "pool")).output
    window = graph.insert(_pool_window(graph, layer))
    op = dataflow.PoolOp(f"{label}_pool", name, window.output, window.size)
    return graph.insert(op.standing_for(name, "pool")).output


def sum_pool(graph: Construction, layer: snn.SumPoolOp) -> SSAValue:
    """A convolution of each channel with ones, and a neuron that fires the sum itself as a longer train."""
    name, label = layer.layer_name, graph.label(layer)
    taken, given = layer.input.type, layer.output.type
    assert isinstance(taken, snn.TrainType)
    assert isinstance(given, snn.TrainType)
    window = graph.insert(_pool_window(graph, layer))
    channels = map_of(taken.get_shape())[0]
    ones = np.kron(np.eye(channels, dtype=np.int64), np.ones((1, window.size), dtype=np.int64))
    # Digits may show more than the greatest number.
    bits = signed_bits(0, window.size * ((1 << taken.encoding.bits) - 1))
    total = dataflow.MatvecOp(
        f"{label}_matvec", name, window.output, graph.parameter(f"{label}_weights", ones), channels, bits
    )
    keep_operations(layer, total)
    fire = dataflow.FireOp(
        f"{label}_fire",
        name,
        graph.insert(total).output,
        graph.parameter(f"{label}_threshold", np.ones(1, dtype=np.int64)),
        graph.parameter(f"{label}_bias", np.zeros(1, dtype=np.int64)),
        0,
        given.encoding.bits,
    )
    return graph.insert(fire.standing_for(name, "pool")).output


def _pool_window(graph: Construction, layer: snn.PoolOp) -> dataflow.WindowOp:
    window = layer.window
    name, label = layer.layer_name, graph.label(layer)
    return dataflow.WindowOp(
        f"{label}_window",
        name,
        graph.streams[layer.input],
        window.kernel,
        window.stride,
        window.padding,
        window.dilation,
    )
