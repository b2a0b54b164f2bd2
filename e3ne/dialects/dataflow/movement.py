"""The units that only arrange and store beats: window, replay, FIFO, width converter, flatten."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, StringAttr, UnitAttr
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def

from e3ne.dialects.dataflow.base import (
    UNIT_FORMAT,
    IntsAttr,
    TransformOp,
    as_tuple,
    number,
    numbers,
    unit_properties,
)
from e3ne.dialects.dataflow.stream import Order, StreamType

WINDOW_MEMORIES = ("registers", "distributed", "block")
REPLAY_MEMORIES = ("distributed", "block")
MULTIPLEXERS = ("input", "output")


@irdl_op_definition
class WindowOp(TransformOp):
    """Gathers the kernel window around each output pixel; padding is digit 0.

    The elements of a window are ordered as a convolution's weights: channel, row, column. `lanes` and
    `parallel_steps` state the input layout that the unit wants (0: as it comes). A beat given has `parallel_out` steps
    (0: as many as a beat taken); the beats of a window are given one after another.
    """

    name = "dataflow.window"
    kernel = prop_def(IntsAttr)
    stride = prop_def(IntsAttr)
    padding = prop_def(IntsAttr)
    dilation = prop_def(IntsAttr)
    lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    parallel_out = prop_def(IntegerAttr)
    memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self,
        unit: str,
        layer: str,
        source: SSAValue,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int] = (1, 1),
    ) -> None:
        properties = unit_properties(
            unit,
            layer,
            kernel=numbers(kernel),
            stride=numbers(stride),
            padding=numbers(padding),
            dilation=numbers(dilation),
            lanes=number(0),
            parallel_steps=number(0),
            parallel_out=number(0),
            memory=StringAttr("distributed"),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns that the dilated kernel spans."""
        (kh, kw), (dy, dx) = as_tuple(self.kernel), as_tuple(self.dilation)
        return (kh - 1) * dy + 1, (kw - 1) * dx + 1

    @property
    def size(self) -> int:
        """Elements of the window of one channel."""
        kh, kw = as_tuple(self.kernel)
        return kh * kw

    def infer(self, given: StreamType) -> StreamType:
        """As many pixels as the kernel has places, each with the whole window."""
        top, left, bottom, right = as_tuple(self.padding)
        (sy, sx), (ry, rx) = as_tuple(self.stride), self.reach
        height = (given.height + top + bottom - ry) // sy + 1
        width = (given.width + left + right - rx) // sx + 1
        self._check(height > 0 and width > 0, "the kernel is larger than the padded map")
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        lanes, parallel = self.lanes.value.data, self.parallel_steps.value.data
        if given.has_layout:
            self._check(lanes in (0, given.lanes), f"is to take {lanes} lanes, not {given.lanes}")
            self._check(parallel in (0, given.parallel), f"is to take {parallel} steps, not {given.parallel}")
        out = (self.parallel_out.value.data if given.has_layout else 0) or given.parallel
        self._check(given.parallel % out == 0, f"cannot give {given.parallel} steps in beats of {out}")
        return given.replaced(
            height=height,
            width=width,
            channels=given.channels * self.size,
            lanes=given.lanes * self.size,
            parallel=out,
        )

    def verify_choices(self) -> None:
        """The geometry is that of a window, the memory a known kind."""
        for name, values, size, least in (
            ("kernel", self.kernel, 2, 1),
            ("stride", self.stride, 2, 1),
            ("dilation", self.dilation, 2, 1),
            ("padding", self.padding, 4, 0),
        ):
            given = as_tuple(values)
            legal = len(given) == size and min(given) >= least
            self._check(legal, f"{name} is {size} numbers of {least} or more, not {list(given)}")
        self._check_at_least(0, lanes=self.lanes, parallel_steps=self.parallel_steps, parallel_out=self.parallel_out)
        parallel, out = self.parallel_steps.value.data, self.parallel_out.value.data
        self._check(not parallel or not out or parallel % out == 0, f"cannot give {parallel} steps in beats of {out}")
        self._check_choice("memory", self.memory, WINDOW_MEMORIES)


@irdl_op_definition
class ReplayOp(TransformOp):
    """Stores the beats of a pixel and gives them `repeat` times, in the order asked for.

    With `whole` it stores those of an image of one frame, and gives them as `repeat` frames.
    """

    name = "dataflow.replay"
    whole = opt_prop_def(UnitAttr)
    repeat = prop_def(IntegerAttr)
    order = prop_def(StringAttr)
    memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self, unit: str, layer: str, source: SSAValue, repeat: int, order: Order, memory: str, whole: bool = False
    ) -> None:
        properties = unit_properties(
            unit,
            layer,
            repeat=number(repeat),
            order=StringAttr(order.value),
            memory=StringAttr(memory),
            whole=UnitAttr() if whole else None,
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    @property
    def beats(self) -> int:
        """Beats that are stored, and then given again: of a pixel, or of an image."""
        return self.input_type.beats_per_pixel if self.whole is None else self.input_type.beats_per_image

    def verify_choices(self) -> None:
        """At least once; order and memory are known kinds."""
        self._check_at_least(1, repeat=self.repeat)
        self._check_choice("order", self.order, list(Order))
        self._check_choice("memory", self.memory, REPLAY_MEMORIES)

    def infer(self, given: StreamType) -> StreamType:
        """The same beats, repeated and in another order."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        if self.whole is None:
            return given.replaced(repeat=self.repeat.value.data, order=Order(self.order.data))
        self._check(given.frames == 1, f"takes images of one frame, not of {given.frames}")
        self._check(Order(self.order.data) is Order.STEPS_INNER, "gives frames in the order in which they come")
        return given.replaced(frames=self.repeat.value.data)


@irdl_op_definition
class FifoOp(TransformOp):
    """A first-in first-out buffer of `depth` beats.

    With two of them or more, `multiplexer` says where what came last meets what came before: in front of where it is
    kept ("input", which it is if left out), or behind a register ("output", for beats that come late in their cycle).
    """

    name = "dataflow.fifo"
    depth = prop_def(IntegerAttr)
    multiplexer = opt_prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, depth: int, multiplexer: str | None = None) -> None:
        properties = unit_properties(unit, layer, depth=number(depth))
        if multiplexer is not None:
            properties["multiplexer"] = StringAttr(multiplexer)
        super().__init__(operands=[source], properties=properties, result_types=[source.type])

    @property
    def chooses_last(self) -> bool:
        """Whether what comes goes to a register at once, and a multiplexer is behind it."""
        return self.depth.value.data >= 2 and self.multiplexer is not None and self.multiplexer.data == "output"

    def verify_choices(self) -> None:
        """At least one beat."""
        self._check_at_least(1, depth=self.depth)
        if self.multiplexer is not None:
            self._check_choice("multiplexer", self.multiplexer, MULTIPLEXERS)

    def infer(self, given: StreamType) -> StreamType:
        """The same stream."""
        return given


@irdl_op_definition
class ResizeOp(TransformOp):
    """Changes how many lanes and time steps a beat has; the larger number is a multiple of the smaller."""

    name = "dataflow.resize"
    lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, lanes: int, parallel_steps: int) -> None:
        properties = unit_properties(unit, layer, lanes=number(lanes), parallel_steps=number(parallel_steps))
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def verify_choices(self) -> None:
        """At least one lane and one step."""
        self._check_at_least(1, lanes=self.lanes, parallel_steps=self.parallel_steps)

    def infer(self, given: StreamType) -> StreamType:
        """The same content in beats of another width."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        lanes, parallel = self.lanes.value.data, self.parallel_steps.value.data
        for what, old, new in (("lanes", given.lanes, lanes), ("steps", given.parallel, parallel)):
            legal = not given.has_layout or max(old, new) % min(old, new) == 0
            self._check(legal, f"cannot turn {old} {what} into {new}: neither divides the other")
        return given.replaced(lanes=lanes, parallel=parallel)


@irdl_op_definition
class FlattenOp(TransformOp):
    """Sees a map as one vector in the order row, column, channel; no hardware."""

    name = "dataflow.flatten"
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue) -> None:
        super().__init__(operands=[source], properties=unit_properties(unit, layer), result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """One pixel with all elements of the map."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        return given.replaced(height=1, width=1, channels=given.height * given.width * given.channels)
