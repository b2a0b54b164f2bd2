"""A chain of layers without quantisation as the float form of snn, like that of the PyTorch frontend."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from e3ne.dialects.parameter import identifier
from e3ne.dialects.snn import (
    AveragePoolOp,
    BatchNormOp,
    FlattenOp,
    LayerOp,
    MaxPoolOp,
    NetworkOp,
    ReluOp,
    float_tensor,
)
from e3ne.errors import E3neError
from e3ne.frontends.onnx.description import Flatten, Layer, LayerChain, Norm, Pool, Reals, Relu, Synapse
from e3ne.frontends.onnx.synapse_op import synapse_op
from e3ne.passes.parameter_table import ParameterTable


def float_form(chain: LayerChain) -> ModuleOp:
    """The network as real numbers; whether its order of layers can be executed is not checked here."""
    module = ModuleOp([])
    table = ParameterTable(module)
    network = NetworkOp.start(identifier(chain.name), float_tensor(chain.input_shape))
    value: SSAValue = network.image
    for layer in chain.layers:
        op = _operation(layer, value, table)
        network.block.add_op(op)
        value = op.output
    network.finish(value)
    module.body.block.add_op(network)
    module.verify()
    return module


def _operation(layer: Layer, value: SSAValue, table: ParameterTable) -> LayerOp:
    name = layer.name

    def define(what: str, numbers: Reals) -> str:
        return table.define(f"{name}_{what}", numbers)

    match layer.operation:
        case Synapse() as synapse:
            return _synapse(synapse, layer, value, table)
        case Norm() as norm:
            return BatchNormOp(
                name,
                value,
                gamma=define("gamma", norm.gamma),
                beta=define("beta", norm.beta),
                mean=define("mean", norm.mean),
                variance=define("variance", norm.variance),
                epsilon=norm.epsilon,
            )
        case Relu():
            return ReluOp(name, value)
        case Pool(kind="max", window=window):
            return MaxPoolOp(name, value, window)
        case Pool(window=window):
            return AveragePoolOp(name, value, window)
        case Flatten():
            return FlattenOp(name, value)
        case _:
            raise E3neError(f"{layer.title}: it has no float form")


def _synapse(synapse: Synapse, layer: Layer, value: SSAValue, table: ParameterTable) -> LayerOp:
    try:
        weights = table.define(f"{layer.name}_weight", synapse.weights.reals())
        bias = None if synapse.bias is None else table.define(f"{layer.name}_bias", synapse.bias.reals())
    except E3neError as error:
        raise E3neError(f"{layer.title}: {error}") from error
    return synapse_op(layer.name, synapse, value, float_tensor(layer.shape), weights, bias)
