"""The maxima of windows: of windows that were gathered before, and of windows while their values pass by."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, prop_def

from e3ne.dialects.dataflow.base import (
    UNIT_FORMAT,
    IntsAttr,
    TransformOp,
    as_tuple,
    number,
    numbers,
    unit_properties,
)
from e3ne.dialects.dataflow.movement import WindowOp
from e3ne.dialects.dataflow.stream import Order, StreamType


@irdl_op_definition
class PoolOp(TransformOp):
    """The maximum of each `size` neighbouring elements (a window's): of trains, or of signed values."""

    name = "dataflow.pool"
    size = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, size: int) -> None:
        super().__init__(
            operands=[source], properties=unit_properties(unit, layer, size=number(size)), result_types=[source.type]
        )
        self.settle()

    def verify_choices(self) -> None:
        """A window has elements."""
        self._check_at_least(1, size=self.size)

    def infer(self, given: StreamType) -> StreamType:
        """One element for each window."""
        size = self.size.value.data
        self._check(given.channels % size == 0 and given.lanes % size == 0, "takes whole windows")
        self._check(given.parallel == 1, "takes one time step a beat")
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        return given.replaced(channels=given.channels // size, lanes=given.lanes // size)


@irdl_op_definition
class MaxPoolOp(TransformOp):
    """The maximum of each window of signed values, which stand side by side: the stride is the kernel, no padding.

    Rows and columns that do not fill a window are dropped. The maxima so far are kept while pixels pass by in raster
    order, so that no window is gathered. `pixels` neighbouring elements of a pixel are values of one window too: those
    of pixels that are side by side among the channels.
    """

    name = "dataflow.max_pool"
    kernel = prop_def(IntsAttr)
    pixels = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, kernel: Sequence[int], pixels: int = 1) -> None:
        properties = unit_properties(unit, layer, kernel=numbers(kernel), pixels=number(pixels))
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def verify_choices(self) -> None:
        """A kernel has rows and columns, a pixel is at least one."""
        kernel = as_tuple(self.kernel)
        self._check(len(kernel) == 2 and min(kernel) >= 1, f"kernel is 2 numbers of 1 or more, not {list(kernel)}")
        self._check_at_least(1, pixels=self.pixels)

    def infer(self, given: StreamType) -> StreamType:
        """One value for each whole window and each of its channels."""
        (rows, columns), pixels = as_tuple(self.kernel), self.pixels.value.data
        self._check(given.signed and given.steps == 1, "takes signed values")
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once")
        self._check(given.channels % pixels == 0 and given.lanes % pixels == 0, f"takes {pixels} pixels side by side")
        self._check(rows <= given.height and columns <= given.width, "the kernel is larger than the map")
        return given.replaced(
            height=given.height // rows,
            width=given.width // columns,
            channels=given.channels // pixels,
            lanes=given.lanes // pixels,
        )


def is_side_by_side(window: WindowOp) -> bool:
    """Whether each pixel belongs to one window at most, and windows have pixels of the map only."""
    undilated = as_tuple(window.dilation) == (1, 1)
    return as_tuple(window.stride) == as_tuple(window.kernel) and undilated and not any(as_tuple(window.padding))
