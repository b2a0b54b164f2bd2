"""Batch normalisation, which is folded into the synapses before it."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    FlatSymbolRefAttrConstr,
    Float64Type,
    FloatAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    f64,
)
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, prop_def, traits_def
from xdsl.traits import Pure

from e3ne.dialects.parameter import find_parameter, parameter_array
from e3ne.dialects.snn.base import Kind, LayerOp
from e3ne.dialects.snn.types import shape_of


@irdl_op_definition
class BatchNormOp(LayerOp):
    """Per channel: gamma * (x - mean) / sqrt(variance + epsilon) + beta. Float form only."""

    KIND: ClassVar[Kind] = "norm"
    name = "snn.batch_norm"

    gamma = prop_def(FlatSymbolRefAttrConstr)
    beta = prop_def(FlatSymbolRefAttrConstr)
    mean = prop_def(FlatSymbolRefAttrConstr)
    variance = prop_def(FlatSymbolRefAttrConstr)
    epsilon = prop_def(FloatAttr[Float64Type])

    traits = traits_def(Pure())

    assembly_format = (
        "$layer $input `gamma` $gamma `beta` $beta `mean` $mean `variance` $variance `epsilon` $epsilon "
        "attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, layer: str, input: SSAValue, *, gamma: str, beta: str, mean: str, variance: str, epsilon: float):
        super().__init__(
            operands=[input],
            result_types=[input.type],
            properties={
                "layer": StringAttr(layer),
                "gamma": SymbolRefAttr(gamma),
                "beta": SymbolRefAttr(beta),
                "mean": SymbolRefAttr(mean),
                "variance": SymbolRefAttr(variance),
                "epsilon": FloatAttr(epsilon, f64),
            },
        )

    def verify_(self) -> None:
        """Float tensors of one shape, epsilon >= 0, one f32 per channel in each parameter."""
        self.verify_types((TensorType, TensorType))
        self.verify_shape(shape_of(self.input.type))
        if self.epsilon.value.data < 0:
            raise self.error("epsilon is negative")
        if self.parent_op() is None:
            return
        channels = shape_of(self.input.type)[0]
        for symbol in (self.gamma, self.beta, self.mean, self.variance):
            array = parameter_array(find_parameter(self, symbol))
            if array.shape != (channels,) or array.dtype.kind != "f":
                raise self.error(f"{symbol} must be {channels} real numbers")
