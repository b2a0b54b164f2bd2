"""`convert-snn-to-dataflow`: each layer of the integer network becomes the hardware units that compute it.

Layouts and foldings stay undecided. Weights become matrices whose columns are in the order in which streams carry
their elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from e3ne.conversion.construction import Construction
from e3ne.conversion.ends import argmax, flatten, source
from e3ne.conversion.neurons import fire, lif, sum_steps
from e3ne.conversion.pools import max_pool, sum_pool
from e3ne.conversion.synapses import convolution, linear
from e3ne.dialects import dataflow, snn
from e3ne.dialects.parameter import parameters_of
from e3ne.errors import E3neError

CONTAINERS = (8, 16, 32, 64)
"""Bits that a result may take at the output."""

CONVERSIONS: Mapping[type[snn.LayerOp], Callable[[Construction, Any], SSAValue]] = {
    snn.EncodeOp: source,
    snn.Conv2dOp: convolution,
    snn.LinearOp: linear,
    snn.RequantizeOp: fire,
    snn.LifOp: lif,
    snn.SumStepsOp: sum_steps,
    snn.MaxPoolOp: max_pool,
    snn.SumPoolOp: sum_pool,
    snn.FlattenOp: flatten,
    snn.ArgmaxOp: argmax,
}
"""What appends the units of a layer to a graph, and returns the stream of its result."""


@dataclass(frozen=True)
class ConvertSnnToDataflowPass(ModulePass):
    """Replaces the integer network by a dataflow graph."""

    name = "convert-snn-to-dataflow"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError for a network that is not in the integer form, naming all layers in question."""
        network = snn.find_network(op)
        _refuse_float(network)
        graph = Construction(network.sym_name.data)
        for layer in network.layers():
            convert = CONVERSIONS.get(type(layer))
            if convert is None:
                raise E3neError(f"layer '{layer.layer_name}': '{layer.name}' has no hardware unit")
            graph.streams[layer.output] = convert(graph, layer)
        _append_sink(graph, network)
        old: list[Operation] = [network, *parameters_of(op)]
        for operation in old:
            operation.detach()
            operation.erase()
        op.body.block.add_ops([*graph.parameters, graph.graph])


def _refuse_float(network: snn.NetworkOp) -> None:
    wrong = [f"{layer.layer_name} ({layer.name})" for layer in network.layers() if not _is_convertible(layer)]
    if wrong:
        raise E3neError(f"not in the integer form (run snn-quantize first): {', '.join(wrong)}")


def _is_convertible(layer: snn.LayerOp) -> bool:
    return layer.is_integer or isinstance(layer, snn.ArgmaxOp)


def _append_sink(graph: Construction, network: snn.NetworkOp) -> None:
    (value,) = network.outputs
    graph.refuse_flattened_map(value, "the output")
    stream = graph.streams[value]
    assert isinstance(stream.type, dataflow.StreamType)
    if stream.type.steps != 1:
        raise E3neError("the output of the network must be membranes or a class, not spike trains")
    bits = stream.type.element_bits
    if bits > CONTAINERS[-1]:
        layer = [layer.layer_name for layer in network.layers()][-1]
        raise E3neError(f"layer '{layer}': results have {bits} bits; at most {CONTAINERS[-1]} are supported")
    container = next(size for size in CONTAINERS if size >= bits)
    graph.insert(dataflow.SinkOp("output_sink", "output", stream, container))
