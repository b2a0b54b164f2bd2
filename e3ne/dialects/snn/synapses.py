"""Synapses: convolution and linear layers in both forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def, traits_def
from xdsl.traits import Pure

from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.parameter import ParameterBase, find_parameter, parameter_array
from e3ne.dialects.snn.base import NO_PADDING, UNIT, Kind, LayerOp, checked_window, pair, quadruple
from e3ne.dialects.snn.directives import Ints, IntsAttr, ints
from e3ne.dialects.snn.geometry import Window
from e3ne.dialects.snn.types import MembraneType, TrainType, frames_of, shape_of


def reference(name: str | None) -> SymbolRefAttr | None:
    """A reference to a top-level symbol."""
    return None if name is None else SymbolRefAttr(name)


class SynapseOp(LayerOp, ABC):
    """Weights between two layers: float tensor -> float tensor, or train -> membrane.

    In the integer form V = sum of weight * number of the input's train, for each of its frames (+ `bias`, which is set
    where no radix neuron follows: there the bias is part of the neuron).
    """

    KIND: ClassVar[Kind] = "synapse"

    weights = prop_def(FlatSymbolRefAttrConstr)
    bias = opt_prop_def(FlatSymbolRefAttrConstr)
    weight_scale = opt_prop_def(FlatSymbolRefAttrConstr)
    """annotation of the float form: f32 per output channel, real weight = scale * integer weight"""
    weight_bits = opt_prop_def(IntegerAttr[I64])
    """annotation of the float form: the width W of the integer weights"""

    traits = traits_def(Pure())

    def again(self, input: SSAValue, output_type: Attribute, weights: str, bias: str | None) -> Self:
        """The same layer over another input with other parameters; its annotations are left out."""
        replaced = ("weights", "bias", "weight_scale", "weight_bits")
        properties = {name: kept for name, kept in self.properties.items() if name not in replaced}
        properties |= {"weights": SymbolRefAttr(weights)} | ({} if bias is None else {"bias": SymbolRefAttr(bias)})
        return type(self).create(operands=[input], result_types=[output_type], properties=properties)

    @property
    def weights_parameter(self) -> ParameterBase:
        """The weights, output channel first."""
        return find_parameter(self, self.weights)

    @property
    def bias_parameter(self) -> ParameterBase | None:
        """The bias, one element per output channel."""
        return None if self.bias is None else find_parameter(self, self.bias)

    @property
    def weight_scale_parameter(self) -> ParameterBase | None:
        """The scales of the weights, one element per output channel."""
        return None if self.weight_scale is None else find_parameter(self, self.weight_scale)

    @abstractmethod
    def weights_shape(self) -> tuple[int, ...]:
        """The shape that the weights must have, given input and result; raises `VerifyException` if none fits."""

    def verify_parameters(self) -> None:
        """Shapes, element types, and (integer form) that the membrane's range holds all that can be reached.

        Symbols can be looked up only within a module: an operation that is still without one passes.
        """
        if self.parent_op() is None:
            return
        channels = shape_of(self.output.type)[0]
        kind = "i" if self.is_integer else "f"
        for name, symbol, shape in (
            ("weights", self.weights, self.weights_shape()),
            ("bias", self.bias, (channels,)),
            ("weight_scale", self.weight_scale, (channels,)),
        ):
            if symbol is None:
                continue
            array = parameter_array(find_parameter(self, symbol))
            if array.shape != shape:
                raise self.error(f"{name} {symbol} has shape {list(array.shape)}, but {list(shape)} is needed")
            if array.dtype.kind != ("f" if name == "weight_scale" else kind):
                raise self.error(f"{name} {symbol} has elements of {array.dtype}, which is not the layer's form")
        self._verify_range()

    def _verify_range(self) -> None:
        if not isinstance(self.output.type, MembraneType) or not isinstance(self.input.type, TrainType):
            return
        low, high = self.membrane_range()
        declared = self.output.type
        if low < declared.low or high > declared.high:
            raise self.error(
                f"the membrane can reach {low} ... {high}, which is not within {declared.low} ... {declared.high}"
            )

    def membrane_range(self) -> tuple[int, int]:
        """The least and the greatest reachable membrane over all channels (integer form only)."""
        if not isinstance(self.input.type, TrainType):
            raise self.error("only the integer form has membranes")
        bias = self.bias_parameter
        low, high = synapse_range(
            self.weights_parameter.array,
            self.input.type.encoding.highest,
            None if bias is None else bias.array,
            self.input.type.encoding.least,
        )
        return int(low.min()), int(high.max())

    def _verify_form(self) -> None:
        self.verify_types((TensorType, TensorType), (TrainType, MembraneType))
        if self.is_integer and (frames := frames_of(self.input.type)) != frames_of(self.output.type):
            raise self.error(f"trains of {frames} frames give membranes of as many, not {self.output.type}")
        if self.is_integer and (self.weight_scale is not None or self.weight_bits is not None):
            raise self.error("weight_scale and weight_bits are annotations of the float form")
        if self.weight_bits is not None and not 2 <= self.weight_bits.value.data <= 16:
            raise self.error(f"weight_bits is 2 ... 16, not {self.weight_bits.value.data}")


@irdl_op_definition
class Conv2dOp(SynapseOp):
    """Convolution (cross-correlation, as in PyTorch): input [C, H, W], weights [O, C/groups, kh, kw], result [O, H', W'].

    `padding` is [top, left, bottom, right], of value 0.
    """  # noqa: E501

    name = "snn.conv2d"

    stride = prop_def(IntsAttr, default_value=UNIT)
    padding = prop_def(IntsAttr, default_value=NO_PADDING)
    dilation = prop_def(IntsAttr, default_value=UNIT)
    groups = prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))

    custom_directives = (Ints,)
    assembly_format = (
        "$layer $input `weights` $weights (`bias` $bias^)? (`weight_scale` $weight_scale^)? "
        "(`weight_bits` $weight_bits^)? (`stride` custom<Ints>($stride)^)? (`padding` custom<Ints>($padding)^)? "
        "(`dilation` custom<Ints>($dilation)^)? (`groups` $groups^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        output_type: Attribute,
        weights: str,
        *,
        bias: str | None = None,
        weight_scale: str | None = None,
        weight_bits: int | None = None,
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        dilation: tuple[int, int] = (1, 1),
        groups: int = 1,
    ):
        super().__init__(
            operands=[input],
            result_types=[output_type],
            properties={
                "layer": StringAttr(layer),
                "weights": reference(weights),
                "bias": reference(bias),
                "weight_scale": reference(weight_scale),
                "weight_bits": None if weight_bits is None else IntegerAttr(weight_bits, i64),
                "stride": ints(stride),
                "padding": ints(padding),
                "dilation": ints(dilation),
                "groups": IntegerAttr(groups, i64),
            },
        )

    @property
    def group_count(self) -> int:
        """The number of groups."""
        return self.groups.value.data

    @property
    def window(self) -> Window:
        """Kernel (from the weights), stride, padding and dilation."""
        shape = self.weights_parameter.type.get_shape()
        if len(shape) != 4:
            raise self.error(f"weights {self.weights} have {len(shape)} dimensions, not 4")
        return Window(
            (shape[2], shape[3]),
            pair(self, "stride", self.stride),
            quadruple(self, "padding", self.padding),
            pair(self, "dilation", self.dilation),
        )

    def weights_shape(self) -> tuple[int, ...]:
        """[O, C/groups, kh, kw]; also checks the result's shape, which follows from the kernel."""
        channels, height, width = self.map_shape()
        outputs = shape_of(self.output.type)[0]
        window = checked_window(self, self.window)
        self.verify_shape((outputs, *window.positions(height, width)))
        return (outputs, channels // self.group_count, *window.kernel)

    def verify_(self) -> None:
        """Types, groups, attributes, parameters."""
        self._verify_form()
        channels, _, _ = self.map_shape()
        result = shape_of(self.output.type)
        if len(result) != 3:
            raise self.error(f"the result is [C, H, W], not {list(result)}")
        if self.group_count < 1 or channels % self.group_count or result[0] % self.group_count:
            raise self.error(f"{channels} -> {result[0]} channels cannot be split into {self.group_count} groups")
        pair(self, "stride", self.stride)
        pair(self, "dilation", self.dilation)
        if any(quadruple(self, "padding", self.padding)) and isinstance(self.input.type, TrainType):
            encoding = self.input.type.encoding
            if not encoding.has_zero:
                raise self.error(f"padding is digit 0, which {encoding} does not have")
        self.verify_parameters()


@irdl_op_definition
class LinearOp(SynapseOp):
    """Fully connected: input [N], weights [O, N], result [O]."""

    name = "snn.linear"

    assembly_format = (
        "$layer $input `weights` $weights (`bias` $bias^)? (`weight_scale` $weight_scale^)? "
        "(`weight_bits` $weight_bits^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        output_type: Attribute,
        weights: str,
        *,
        bias: str | None = None,
        weight_scale: str | None = None,
        weight_bits: int | None = None,
    ):
        super().__init__(
            operands=[input],
            result_types=[output_type],
            properties={
                "layer": StringAttr(layer),
                "weights": reference(weights),
                "bias": reference(bias),
                "weight_scale": reference(weight_scale),
                "weight_bits": None if weight_bits is None else IntegerAttr(weight_bits, i64),
            },
        )

    def weights_shape(self) -> tuple[int, ...]:
        """[O, N]."""
        return (*shape_of(self.output.type), *shape_of(self.input.type))

    def verify_(self) -> None:
        """Types, the number of dimensions, parameters."""
        self._verify_form()
        for value in (self.input, self.output):
            if len(shape := shape_of(value.type)) != 1:
                raise self.error(f"a linear layer works on [N], not on {list(shape)}; flatten first")
        self.verify_parameters()
