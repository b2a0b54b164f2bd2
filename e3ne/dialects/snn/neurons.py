"""Where values become spikes: the encoder of the input, ReLU (float form) and the radix neuron (integer form)."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttrConstr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def, traits_def
from xdsl.traits import Pure

from e3ne.dialects.parameter import ParameterBase, find_parameter, parameter_array
from e3ne.dialects.snn.base import Kind, LayerOp
from e3ne.dialects.snn.encodings import EncodingAttr, RadixAttr, RateAttr
from e3ne.dialects.snn.types import MembraneType, TrainType, frames_of, shape_of

MAX_NEURON_STEPS = 8
"""A neuron and the encoder emit at most this many digits; only sums of trains are longer."""

MAX_FRACTION_BITS = 16


@irdl_op_definition
class EncodeOp(LayerOp):
    """The image, real numbers in 0 ... 1, as trains: number = floor(x * greatest + 0.5), clamped to the numbers.

    With a `scale`, the real value of 1, number = x / scale instead, rounded to the nearest and half to even.

    For rate trains there is an image for each time step, and `greatest` stands for nothing: its numbers are the spikes.
    """

    KIND: ClassVar[Kind] = "encode"
    name = "snn.encode"

    scale = opt_prop_def(FloatAttr[Float64Type])

    traits = traits_def(Pure())
    assembly_format = "$layer $input (`scale` $scale^)? attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue, encoding: EncodingAttr, scale: float | None = None):
        super().__init__(
            operands=[input],
            result_types=[TrainType.of(shape_of(input.type), encoding)],
            properties={"layer": StringAttr(layer), "scale": None if scale is None else FloatAttr(scale, f64)},
        )

    @property
    def encoding(self) -> EncodingAttr:
        """The encoding of its trains."""
        assert isinstance(self.output.type, TrainType)
        return self.output.type.encoding

    @property
    def takes_spikes(self) -> bool:
        """Whether the input has the spikes of each time step, and is not one image."""
        return isinstance(self.encoding, RateAttr)

    def verify_(self) -> None:
        """An f32 tensor becomes trains of the same shape of at most 8 steps; only images have a scale, positive."""
        self.verify_types((TensorType, TrainType))
        self.verify_shape(shape_of(self.input.type))
        _verify_steps(self)
        _verify_scale(self)
        if self.scale is not None and self.takes_spikes:
            raise self.error("numbers of spikes have no scale")


@irdl_op_definition
class ReluOp(LayerOp):
    """max(x, 0). Float form only.

    Calibration annotates it with `scale`, the real value of one level (clip / (2^T - 1)), and `steps`, T.
    """

    KIND: ClassVar[Kind] = "neuron"
    name = "snn.relu"

    scale = opt_prop_def(FloatAttr[Float64Type])
    steps = opt_prop_def(IntegerAttr[I64])

    traits = traits_def(Pure())
    assembly_format = (
        "$layer $input (`scale` $scale^)? (`steps` $steps^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, layer: str, input: SSAValue, *, scale: float | None = None, steps: int | None = None):
        super().__init__(
            operands=[input],
            result_types=[input.type],
            properties={
                "layer": StringAttr(layer),
                "scale": None if scale is None else FloatAttr(scale, f64),
                "steps": None if steps is None else IntegerAttr(steps, i64),
            },
        )

    def verify_(self) -> None:
        """Float tensors of one shape; a positive scale; 1 to 8 steps."""
        self.verify_types((TensorType, TensorType))
        self.verify_shape(shape_of(self.input.type))
        _verify_scale(self)
        if self.steps is not None and not 1 <= self.steps.value.data <= MAX_NEURON_STEPS:
            raise self.error(f"steps are 1 to {MAX_NEURON_STEPS}, not {self.steps.value.data}")


@irdl_op_definition
class RequantizeOp(LayerOp):
    """The radix neuron: a' = clamp(floor((V * 2^fraction_bits + bias) / threshold), 0, 2^T' - 1).

    `bias` and `threshold` are integers per channel (or one for all channels); the bias holds the layer's bias and the
    rounding offset. Digit by digit, most significant first: at output step t the membrane U = V * 2^f + bias is compared
    with threshold * 2^(T' - 1 - t); if U is not less, the neuron spikes and subtracts.

    With `ties_to_even` an odd code has to be exceeded: the last step, whose digit makes a code odd, spikes only if U is
    greater than the threshold. With a bias of threshold / 2 a' is then V * 2^f / threshold rounded half to even.
    """  # noqa: E501

    KIND: ClassVar[Kind] = "neuron"
    name = "snn.requantize"

    bias = prop_def(FlatSymbolRefAttrConstr)
    threshold = prop_def(FlatSymbolRefAttrConstr)
    fraction_bits = prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    ties_to_even = opt_prop_def(UnitAttr)

    traits = traits_def(Pure())
    assembly_format = (
        "$layer $input `bias` $bias `threshold` $threshold (`fraction_bits` $fraction_bits^)? "
        "(`ties_to_even` $ties_to_even^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        output_type: Attribute,
        bias: str,
        threshold: str,
        fraction_bits: int = 0,
        *,
        ties_to_even: bool = False,
    ):
        super().__init__(
            operands=[input],
            result_types=[output_type],
            properties={
                "layer": StringAttr(layer),
                "bias": SymbolRefAttr(bias),
                "threshold": SymbolRefAttr(threshold),
                "fraction_bits": IntegerAttr(fraction_bits, i64),
                "ties_to_even": UnitAttr() if ties_to_even else None,
            },
        )

    @property
    def encoding(self) -> EncodingAttr:
        """The encoding of its trains."""
        assert isinstance(self.output.type, TrainType)
        return self.output.type.encoding

    @property
    def bias_parameter(self) -> ParameterBase:
        """Bias and rounding offset, [C] or [1], at scale 2^fraction_bits."""
        return find_parameter(self, self.bias)

    @property
    def threshold_parameter(self) -> ParameterBase:
        """Thresholds, [C] or [1], at scale 2^fraction_bits, all positive."""
        return find_parameter(self, self.threshold)

    @property
    def fraction(self) -> int:
        """fraction_bits as a number."""
        return self.fraction_bits.value.data

    def verify_(self) -> None:
        """A membrane becomes radix trains of the same shape; 0 to 16 fraction bits; fitting parameters."""
        self.verify_types((MembraneType, TrainType))
        self.verify_shape(shape_of(self.input.type))
        _verify_steps(self)
        if (frames := frames_of(self.input.type)) != 1:
            raise self.error(f"this neuron takes membranes of one frame, not of {frames}")
        if not 0 <= self.fraction <= MAX_FRACTION_BITS:
            raise self.error(f"fraction_bits are 0 to {MAX_FRACTION_BITS}, not {self.fraction}")
        if isinstance(self.output.type, TrainType) and not isinstance(self.output.type.encoding, RadixAttr):
            raise self.error(f"this neuron emits radix trains, not {self.output.type.encoding}")
        if self.parent_op() is not None:
            self._verify_parameters()

    def _verify_parameters(self) -> None:
        channels = shape_of(self.input.type)[0]
        for symbol in (self.bias, self.threshold):
            array = parameter_array(find_parameter(self, symbol))
            if array.dtype.kind != "i":
                raise self.error(f"{symbol} must be integers")
            if array.shape not in ((channels,), (1,)):
                raise self.error(f"{symbol} has shape {list(array.shape)}, but [{channels}] or [1] is needed")
        if parameter_array(self.threshold_parameter).min() < 1:
            raise self.error(f"{self.threshold} has a threshold below 1")


def _verify_scale(op: EncodeOp | ReluOp) -> None:
    if op.scale is not None and not 0 < op.scale.value.data < float("inf"):
        raise op.error(f"the scale must be positive, not {op.scale.value.data}")


def _verify_steps(op: EncodeOp | RequantizeOp) -> None:
    train = op.output.type
    if isinstance(train, TrainType) and train.encoding.frames == 1 and train.encoding.steps > MAX_NEURON_STEPS:
        raise op.error(f"trains of a neuron have at most {MAX_NEURON_STEPS} steps, not {train.encoding.steps}")
