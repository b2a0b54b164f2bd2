"""Pools: maximum in every form, average in the float form, sum in the integer form."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import StringAttr, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, prop_def, traits_def
from xdsl.traits import Pure

from e3ne.dialects.snn.base import NO_PADDING, UNIT, Kind, LayerOp, checked_window, pair, quadruple
from e3ne.dialects.snn.directives import Ints, IntsAttr, ints
from e3ne.dialects.snn.encodings import MAX_RADIX_STEPS, EncodingAttr, RadixAttr, RateAttr, WeightedAttr
from e3ne.dialects.snn.geometry import Window
from e3ne.dialects.snn.types import MembraneType, TrainType, float_tensor, same_kind, shape_of


class PoolOp(LayerOp, ABC):
    """A window over each channel: [C, H, W] -> [C, H', W']; padding is [top, left, bottom, right]."""

    KIND: ClassVar[Kind] = "pool"

    kernel = prop_def(IntsAttr)
    stride = prop_def(IntsAttr)
    padding = prop_def(IntsAttr, default_value=NO_PADDING)

    traits = traits_def(Pure())
    custom_directives = (Ints,)

    @property
    def window(self) -> Window:
        """Kernel, stride and padding."""
        return Window(
            pair(self, "kernel", self.kernel),
            pair(self, "stride", self.stride),
            quadruple(self, "padding", self.padding),
        )

    def pooled_shape(self) -> tuple[int, int, int]:
        """[C, H', W'], from the input; raises `VerifyException` when the window does not fit."""
        channels, height, width = self.map_shape()
        return (channels, *checked_window(self, self.window).positions(height, width))


def pooled(shape: tuple[int, ...], window: Window) -> tuple[int, ...]:
    """The shape of a pool's result."""
    return (shape[0], *window.positions(shape[1], shape[2]))


@irdl_op_definition
class MaxPoolOp(PoolOp):
    """Maximum over windows: float tensor, train (of the values) or membrane; padding never wins.

    On a membrane it stands before the neuron: the neuron is monotone, so both orders give the same spikes.
    """

    name = "snn.max_pool"

    dilation = prop_def(IntsAttr, default_value=UNIT)

    assembly_format = (
        "$layer $input `kernel` custom<Ints>($kernel) `stride` custom<Ints>($stride) "
        "(`padding` custom<Ints>($padding)^)? (`dilation` custom<Ints>($dilation)^)? "
        "attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, layer: str, input: SSAValue, window: Window):
        super().__init__(
            operands=[input],
            result_types=[same_kind(input.type, pooled(shape_of(input.type), window))],
            properties={
                "layer": StringAttr(layer),
                "kernel": ints(window.kernel),
                "stride": ints(window.stride),
                "padding": ints(window.padding),
                "dilation": ints(window.dilation),
            },
        )

    @property
    def window(self) -> Window:
        """Kernel, stride, padding and dilation."""
        base = super().window
        return Window(base.kernel, base.stride, base.padding, pair(self, "dilation", self.dilation))

    def verify_(self) -> None:
        """The result is like the input; no window lies in the padding alone."""
        self.verify_types((TensorType, TensorType), (TrainType, TrainType), (MembraneType, MembraneType))
        shape = self.pooled_shape()
        self.verify_shape(shape)
        _, height, width = self.map_shape()
        if self.window.padding_only(height, width):
            raise self.error("a window lies in the padding alone and has no maximum")
        if same_kind(self.input.type, shape) != self.output.type:
            raise self.error(f"the result must be {same_kind(self.input.type, shape)}, not {self.output.type}")


@irdl_op_definition
class AveragePoolOp(PoolOp):
    """Mean over windows, padding counted as zeros. Float form only."""

    name = "snn.average_pool"

    assembly_format = (
        "$layer $input `kernel` custom<Ints>($kernel) `stride` custom<Ints>($stride) "
        "(`padding` custom<Ints>($padding)^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, layer: str, input: SSAValue, window: Window):
        super().__init__(
            operands=[input],
            result_types=[float_tensor(pooled(shape_of(input.type), window))],
            properties=_pool_properties(layer, window),
        )

    def verify_(self) -> None:
        """Float tensors of fitting shapes."""
        self.verify_types((TensorType, TensorType))
        self.verify_shape(self.pooled_shape())


@irdl_op_definition
class SumPoolOp(PoolOp):
    """The exact sum of a window's numbers.

    Trains of one frame become radix trains that are as long as the greatest sum has bits; other trains become rate
    trains with as many spikes in a step, rate<T, n> -> rate<T, taps * n>. Where values are not numbers
    (bipolar), the sum is that of the numbers.
    """

    name = "snn.sum_pool"

    assembly_format = (
        "$layer $input `kernel` custom<Ints>($kernel) `stride` custom<Ints>($stride) "
        "(`padding` custom<Ints>($padding)^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, layer: str, input: SSAValue, window: Window):
        assert isinstance(input.type, TrainType)
        encoding = sum_encoding(input.type.encoding, window)
        super().__init__(
            operands=[input],
            result_types=[TrainType.of(pooled(shape_of(input.type), window), encoding)],
            properties=_pool_properties(layer, window),
        )

    def verify_(self) -> None:
        """Trains of fitting shapes and lengths; padding needs a zero."""
        self.verify_types((TrainType, TrainType))
        self.verify_shape(self.pooled_shape())
        assert isinstance(self.input.type, TrainType)
        encoding = self.input.type.encoding
        if not encoding.has_zero and any(self.window.padding):
            raise self.error(f"padding is digit 0, which {encoding} does not have")
        if isinstance(encoding, WeightedAttr) and (needed := sum_steps(self.input.type, self.window)) > MAX_RADIX_STEPS:
            raise self.error(f"the sums need {needed} time steps; at most {MAX_RADIX_STEPS} are possible")
        needed = sum_encoding(encoding, self.window)
        if self.output.type != TrainType.of(self.pooled_shape(), needed):
            what = f"{needed.steps} time steps" if needed.frames == 1 else f"up to {needed.greatest} spikes a step"
            raise self.error(f"the sums need exactly {what}")


def sum_encoding(encoding: EncodingAttr, window: Window) -> EncodingAttr:
    """The encoding of the sums of windows."""
    greatest = window.taps * encoding.greatest
    if isinstance(encoding, WeightedAttr):
        return RadixAttr.of(greatest.bit_length())
    return RateAttr.of(encoding.steps, greatest)


def sum_steps(input_type: Attribute, window: Window) -> int:
    """The time steps of the radix train of the sum of a window of trains of one frame."""
    assert isinstance(input_type, TrainType)
    return (window.taps * input_type.encoding.greatest).bit_length()


def _pool_properties(layer: str, window: Window) -> dict[str, Attribute]:
    return {
        "layer": StringAttr(layer),
        "kernel": ints(window.kernel),
        "stride": ints(window.stride),
        "padding": ints(window.padding),
    }
