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

MAX_NEURON_BITS = 8
"""Bits of the greatest number that a neuron and the encoder emit at most; only sums of trains are longer."""

MAX_FRACTION_BITS = 16


@irdl_op_definition
class EncodeOp(LayerOp):
    """The image, real numbers in 0 ... 1, as trains: the number nearest to x * greatest, the upper one of two.

    With a `scale`, the real value of 1, number = x / scale instead, rounded to the nearest and half to even.

    For rate trains there is an image for each time step, and `greatest` stands for nothing: its numbers are the spikes.
    With `rate_coded` there is one image, and its pixels become spikes, spread evenly: those until step t are
    floor((t + 1) * x * greatest + 0.5).
    """

    KIND: ClassVar[Kind] = "encode"
    name = "snn.encode"

    scale = opt_prop_def(FloatAttr[Float64Type])
    rate_coded = opt_prop_def(UnitAttr)

    traits = traits_def(Pure())
    assembly_format = (
        "$layer $input (`scale` $scale^)? (`rate_coded` $rate_coded^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        encoding: EncodingAttr,
        scale: float | None = None,
        *,
        rate_coded: bool = False,
    ):
        super().__init__(
            operands=[input],
            result_types=[TrainType.of(shape_of(input.type), encoding)],
            properties={
                "layer": StringAttr(layer),
                "scale": None if scale is None else FloatAttr(scale, f64),
                "rate_coded": UnitAttr() if rate_coded else None,
            },
        )

    @property
    def encoding(self) -> EncodingAttr:
        """The encoding of its trains."""
        assert isinstance(self.output.type, TrainType)
        return self.output.type.encoding

    @property
    def takes_spikes(self) -> bool:
        """Whether the input has the spikes of each time step, and is not one image."""
        return isinstance(self.encoding, RateAttr) and self.rate_coded is None

    def verify_(self) -> None:
        """An f32 tensor becomes trains of the same shape, of one frame up to 8 bits; only images have a scale."""
        self.verify_types((TensorType, TrainType))
        self.verify_shape(shape_of(self.input.type))
        if self.rate_coded is not None and not isinstance(self.encoding, RateAttr):
            raise self.error(f"rate_coded goes with rate trains, not with {self.encoding}")
        if isinstance(self.output.type, TrainType) and (problem := _bits_problem(self.encoding)):
            raise self.error(problem)
        _verify_scale(self)
        if self.scale is not None and isinstance(self.encoding, RateAttr):
            raise self.error("numbers of spikes have no scale")
        if self.scale is not None and not self.encoding.is_complete:
            raise self.error(f"a scale goes with encodings of all numbers, not with {self.encoding}")


@irdl_op_definition
class ReluOp(LayerOp):
    """max(x, 0). Float form only.

    Calibration annotates it with the `encoding` of its trains, of one frame, and `scale`, the real value of number 1
    (clip / greatest).
    """

    KIND: ClassVar[Kind] = "neuron"
    name = "snn.relu"

    scale = opt_prop_def(FloatAttr[Float64Type])
    encoding = opt_prop_def(EncodingAttr)

    traits = traits_def(Pure())
    assembly_format = (
        "$layer $input (`scale` $scale^)? (`encoding` $encoding^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self, layer: str, input: SSAValue, *, scale: float | None = None, encoding: EncodingAttr | None = None
    ):
        super().__init__(
            operands=[input],
            result_types=[input.type],
            properties={
                "layer": StringAttr(layer),
                "scale": None if scale is None else FloatAttr(scale, f64),
                "encoding": encoding,
            },
        )

    def verify_(self) -> None:
        """Float tensors of one shape; a positive scale; an encoding that neurons emit."""
        self.verify_types((TensorType, TensorType))
        self.verify_shape(shape_of(self.input.type))
        _verify_scale(self)
        if self.encoding is not None and (problem := neuron_problem(self.encoding)):
            raise self.error(problem)


@irdl_op_definition
class RequantizeOp(LayerOp):
    """The neuron of one frame: the greatest number of its encoding that is not above (V * 2^f + bias) / threshold, or 0.

    f is `fraction_bits`. `bias` and `threshold` are integers per channel (or one for all channels); the bias holds the
    layer's bias and the rounding offset. In radix encoding that is clamp(floor(...), 0, 2^T' - 1). Digit by digit: at
    output step t the membrane U = V * 2^f + bias is compared with threshold * weight[t]; if U is not less, and spikes
    are left, the neuron spikes and subtracts.

    With `ties_to_even`, in radix encoding, an odd code has to be exceeded: the last step, whose digit makes a code odd,
    spikes only if U is greater than the threshold. With a bias of threshold / 2 a' is then V * 2^f / threshold rounded
    half to even.
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
        """A membrane becomes trains of one frame of the same shape; 0 to 16 fraction bits; fitting parameters."""
        self.verify_types((MembraneType, TrainType))
        self.verify_shape(shape_of(self.input.type))
        if isinstance(self.output.type, TrainType) and (problem := neuron_problem(self.encoding)):
            raise self.error(problem)
        if self.ties_to_even is not None and not isinstance(self.encoding, RadixAttr):
            raise self.error(f"ties_to_even goes with radix trains, not with {self.encoding}")
        if (frames := frames_of(self.input.type)) != 1:
            raise self.error(f"this neuron takes membranes of one frame, not of {frames}")
        if not 0 <= self.fraction <= MAX_FRACTION_BITS:
            raise self.error(f"fraction_bits are 0 to {MAX_FRACTION_BITS}, not {self.fraction}")
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


def neuron_problem(encoding: EncodingAttr) -> str:
    """Why neurons of one frame cannot emit an encoding; empty if they can."""
    if encoding.frames != 1:
        return f"this neuron emits trains of one frame, not {encoding}"
    return _bits_problem(encoding)


def _bits_problem(encoding: EncodingAttr) -> str:
    if encoding.frames == 1 and encoding.bits > MAX_NEURON_BITS:
        return f"numbers of a neuron have at most {MAX_NEURON_BITS} bits, those of {encoding} have {encoding.bits}"
    return ""
