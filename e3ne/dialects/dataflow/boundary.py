"""Where a graph meets the AXI4-Streams around it: source and sink."""

from __future__ import annotations

import math

from xdsl.dialects.builtin import (
    FlatSymbolRefAttrConstr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    SymbolRefAttr,
    UnitAttr,
)
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def

from e3ne.dialects.dataflow.base import (
    UnitOp,
    number,
    unit_properties,
)
from e3ne.dialects.dataflow.parameters import verify_numbers
from e3ne.dialects.dataflow.stream import Order, StreamType


@irdl_op_definition
class SourceOp(UnitOp):
    """Unpacks the beats of the AXI4-Stream input: `bus` bits hold whole pixels, the first in the lowest bits.

    A pixel is `channels` codes of `steps` bits, channel 0 lowest. With `pixels` (1 if absent) a pixel of the stream is
    that many neighbouring pixels of the image, one behind the other among the channels. With `spikes` the input is no
    image: it has the numbers of spikes of each of the stream's frames. `scale` is the real value of 1 in the codes of
    an image where it is not 1 / greatest code: no part of the hardware, but of what is put into it. With `rate_coded`
    whoever feeds the bus makes spikes of an image, evenly spread. `numbers` are those that a code may be, ascending
    from 0; all that `steps` bits can be if left out.
    """

    name = "dataflow.source"
    bus = prop_def(IntegerAttr)
    pixels = opt_prop_def(IntegerAttr)
    spikes = opt_prop_def(UnitAttr)
    scale = opt_prop_def(FloatAttr[Float64Type])
    rate_coded = opt_prop_def(UnitAttr)
    numbers = opt_prop_def(FlatSymbolRefAttrConstr)
    output = result_def(StreamType)
    assembly_format = "attr-dict `:` type($output)"

    def __init__(
        self,
        unit: str,
        layer: str,
        bus: int,
        result: StreamType,
        *,
        spikes: bool = False,
        rate_coded: bool = False,
        numbers: str | None = None,
    ) -> None:
        properties = unit_properties(
            unit,
            layer,
            bus=number(bus),
            spikes=UnitAttr() if spikes else None,
            rate_coded=UnitAttr() if rate_coded else None,
            numbers=None if numbers is None else SymbolRefAttr(numbers),
        )
        super().__init__(properties=properties, result_types=[result])

    @property
    def output_type(self) -> StreamType:
        """The type of the stream of pixels."""
        assert isinstance(self.output.type, StreamType)
        return self.output.type

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image, or of a frame."""
        given, pixels = self.output_type, 1 if self.pixels is None else self.pixels.value.data
        return given.channels // pixels, given.height, given.width * pixels

    @property
    def pixels_per_beat(self) -> int:
        """Pixels in one beat of the bus."""
        return self.bus.value.data // (self.output_type.channels * self.output_type.steps)

    @property
    def beats_per_image(self) -> int:
        """Beats of the bus in an image; the last may be partly filled."""
        return -(-self.output_type.pixels // self.pixels_per_beat)

    def verify_(self) -> None:
        """The bus is full of whole pixels, and a pixel comes whole."""
        given = self.output_type
        pixels = 1 if self.pixels is None else self.pixels.value.data
        self._check(pixels > 0 and given.channels % pixels == 0, f"{given.channels} channels are no {pixels} pixels")
        unit = math.lcm(8, given.channels * given.steps)
        legal = self.bus.value.data > 0 and self.bus.value.data % unit == 0
        self._check(legal, f"a bus of whole bytes and whole pixels is a multiple of {unit} bits wide")
        if given.has_layout:
            self._check(
                given == given.replaced(lanes=given.channels, parallel=given.steps, repeat=1, order=Order.STEPS_INNER),
                "gives a whole pixel in each beat",
            )
        self._check(self.rate_coded is None or self.spikes is not None, "what is rate_coded are spikes")
        if self.parent_op() is not None:
            verify_numbers(self, self.numbers, given.steps)


@irdl_op_definition
class SinkOp(UnitOp):
    """Gives the results as AXI4-Stream beats: each element extended to `container` bits, tlast on an image's last."""

    name = "dataflow.sink"
    input = operand_def(StreamType)
    container = prop_def(IntegerAttr)
    assembly_format = "$input attr-dict `:` type($input)"

    def __init__(self, unit: str, layer: str, source: SSAValue, container: int) -> None:
        super().__init__(operands=[source], properties=unit_properties(unit, layer, container=number(container)))

    @property
    def input_type(self) -> StreamType:
        """The type of the stream of results."""
        assert isinstance(self.input.type, StreamType)
        return self.input.type

    @property
    def bus(self) -> int:
        """Width of the output bus in bits."""
        return self.input_type.lanes * self.container.value.data

    def verify_(self) -> None:
        """An element fits into its container of whole bytes."""
        container = self.container.value.data
        self._check(container % 8 == 0, "the container is a whole number of bytes")
        self._check(self.input_type.element_bits <= container, f"elements do not fit into {container} bits")
        self._check(self.input_type.steps == 1, "takes values, not trains")
