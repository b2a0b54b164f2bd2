"""The operations of the dataflow dialect: one for each hardware unit, and the graph that holds them.

An operation says what the unit is and which choices were made for it. `infer` gives the type of its result from the
type of its input, so that a pass that changes a layout knows what follows, and the verifier has one rule for all.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.rewriter import Rewriter
from xdsl.traits import IsolatedFromAbove, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow.stream import Order, StreamType

UNIT_FORMAT = "$input attr-dict `:` type($input) `->` type($output)"
IMPLEMENTATIONS = ("table", "adder")
MEMORIES = ("registers", "distributed", "block")


def number(value: int) -> IntegerAttr:
    """An i64 attribute."""
    return IntegerAttr(value, i64)


def numbers(values: Sequence[int]) -> DenseArrayBase:
    """An array attribute of i64."""
    return DenseArrayBase.from_list(i64, list(values))


def as_tuple(attribute: DenseArrayBase) -> tuple[int, ...]:
    """The integers of an array attribute."""
    return tuple(int(value) for value in attribute.get_values())


def retype(value: SSAValue, stream: StreamType) -> None:
    """Changes the type of a stream in place."""
    if value.type != stream:
        Rewriter.replace_value_with_new_type(value, stream)


class UnitOp(IRDLOperation, ABC):
    """An operation that is a hardware unit: it has a name, unique in the graph, and the layer it belongs to.

    `value`, where present, is the value of the integer network that the output stream carries, as `layer/kind`:
    what the comparison of the levels holds it against.
    """

    unit = prop_def(StringAttr)
    layer = prop_def(StringAttr)
    value = opt_prop_def(StringAttr)
    irdl_options = (ParsePropInAttrDict(),)

    @property
    def unit_name(self) -> str:
        """The unit's name, which its stream and its module bear too."""
        return self.unit.data

    def standing_for(self, layer: str, kind: str) -> Self:
        """Notes that the output carries this value of the integer network; returns the operation."""
        self.value = StringAttr(f"{layer}/{kind}")
        return self

    def _check(self, condition: bool, message: str) -> None:
        if not condition:
            raise VerifyException(f"unit {self.unit_name}: {message}")


class TransformOp(UnitOp):
    """A unit with one input stream and one output stream."""

    input = operand_def(StreamType)
    output = result_def(StreamType)

    @abstractmethod
    def infer(self, given: StreamType) -> StreamType:
        """The output's type for this input; raises VerifyException when the unit cannot take it."""

    @property
    def input_type(self) -> StreamType:
        """The type of the input stream."""
        assert isinstance(self.input.type, StreamType)
        return self.input.type

    @property
    def output_type(self) -> StreamType:
        """The type of the output stream."""
        assert isinstance(self.output.type, StreamType)
        return self.output.type

    def settle(self) -> None:
        """Gives the output the type that follows from the input's."""
        retype(self.output, self.infer(self.input_type))

    def verify_(self) -> None:
        """The output's type is what the unit makes of its input."""
        expected = self.infer(self.input_type)
        self._check(expected == self.output_type, f"gives {expected}, not {self.output_type}")


def _properties(unit: str, layer: str, **more: Attribute | None) -> dict[str, Attribute | None]:
    return {"unit": StringAttr(unit), "layer": StringAttr(layer), **more}


@irdl_op_definition
class GraphOp(IRDLOperation):
    """A network of units: the whole accelerator, which becomes the top module of this name."""

    name = "dataflow.graph"
    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), NoTerminator())
    assembly_format = "$sym_name attr-dict-with-keyword $body"

    def verify_(self) -> None:
        """Unit names are unique, and the graph has one source and one sink."""
        names = [op.unit_name for op in self.body.block.ops if isinstance(op, UnitOp)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise VerifyException(f"graph {self.sym_name.data}: several units are named {', '.join(twice)}")
        for kind in (SourceOp, SinkOp):
            if sum(isinstance(op, kind) for op in self.body.block.ops) != 1:
                raise VerifyException(f"graph {self.sym_name.data}: exactly one {kind.name} is needed")


@irdl_op_definition
class SourceOp(UnitOp):
    """Unpacks the beats of the AXI4-Stream input: `bus` bits hold whole pixels, the first in the lowest bits.

    A pixel is `channels` codes of `steps` bits, channel 0 lowest.
    """

    name = "dataflow.source"
    bus = prop_def(IntegerAttr)
    output = result_def(StreamType)
    assembly_format = "attr-dict `:` type($output)"

    def __init__(self, unit: str, layer: str, bus: int, result: StreamType) -> None:
        super().__init__(properties=_properties(unit, layer, bus=number(bus)), result_types=[result])

    @property
    def output_type(self) -> StreamType:
        """The type of the stream of pixels."""
        assert isinstance(self.output.type, StreamType)
        return self.output.type

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
        unit = math.lcm(8, given.channels * given.steps)
        legal = self.bus.value.data > 0 and self.bus.value.data % unit == 0
        self._check(legal, f"a bus of whole bytes and whole pixels is a multiple of {unit} bits wide")
        if given.has_layout:
            self._check(
                given == given.replaced(lanes=given.channels, parallel=given.steps, repeat=1, order=Order.STEPS_INNER),
                "gives a whole pixel in each beat",
            )


@irdl_op_definition
class WindowOp(TransformOp):
    """Gathers the kernel window around each output pixel; padding is digit 0.

    The elements of a window are ordered as a convolution's weights: channel, row, column. `lanes` and
    `parallel_steps` state the input layout that the unit wants (0: as it comes).
    """

    name = "dataflow.window"
    kernel = prop_def(DenseArrayBase)
    stride = prop_def(DenseArrayBase)
    padding = prop_def(DenseArrayBase)
    dilation = prop_def(DenseArrayBase)
    lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
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
        properties = _properties(
            unit,
            layer,
            kernel=numbers(kernel),
            stride=numbers(stride),
            padding=numbers(padding),
            dilation=numbers(dilation),
            lanes=number(0),
            parallel_steps=number(0),
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
        return given.replaced(
            height=height, width=width, channels=given.channels * self.size, lanes=given.lanes * self.size
        )

    def verify_(self) -> None:
        """Besides the type: the memory is a known kind."""
        super().verify_()
        self._check(self.memory.data in MEMORIES, f"memory is one of {', '.join(MEMORIES)}")


@irdl_op_definition
class MatvecOp(TransformOp):
    """The synapses of a layer: multiplies its weight matrix (outputs × inputs) with spike trains.

    `output_lanes`, `input_lanes` and `parallel_steps` are the folding (0: undecided), `order` the reduction order,
    `latency` the pipeline's depth in cycles (0: not yet computed), `weight_memory` where an `adder` keeps its weights.
    """

    name = "dataflow.matvec"
    weights = prop_def(SymbolRefAttr)
    bias = opt_prop_def(SymbolRefAttr)
    outputs = prop_def(IntegerAttr)
    value_bits = prop_def(IntegerAttr)
    output_lanes = prop_def(IntegerAttr)
    input_lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    order = prop_def(StringAttr)
    implementation = prop_def(StringAttr)
    weight_memory = prop_def(StringAttr)
    latency = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self,
        unit: str,
        layer: str,
        source: SSAValue,
        weights: str,
        outputs: int,
        value_bits: int,
        bias: str | None = None,
    ) -> None:
        properties = _properties(
            unit,
            layer,
            weights=SymbolRefAttr(weights),
            bias=None if bias is None else SymbolRefAttr(bias),
            outputs=number(outputs),
            value_bits=number(value_bits),
            output_lanes=number(0),
            input_lanes=number(0),
            parallel_steps=number(0),
            order=StringAttr(Order.STEPS_INNER.value),
            implementation=StringAttr("table"),
            weight_memory=StringAttr("block"),
            latency=number(0),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    @property
    def is_folded(self) -> bool:
        """Whether the folding is decided."""
        return 0 not in (self.output_lanes.value.data, self.input_lanes.value.data, self.parallel_steps.value.data)

    @property
    def groups(self) -> int:
        """Groups of outputs that are computed one after another."""
        return self.outputs.value.data // self.output_lanes.value.data

    @property
    def reduction(self) -> Order:
        """The order in which the beats of a pixel are reduced."""
        return Order(self.order.data)

    def infer(self, given: StreamType) -> StreamType:
        """One signed value for each output, in beats of `output_lanes`."""
        result = StreamType.of(
            given.height, given.width, self.outputs.value.data, steps=1, bits=-self.value_bits.value.data
        )
        if not given.has_layout:
            return result
        self._check(self.is_folded, "the folding is undecided")
        folding = (given.lanes, given.parallel)
        wanted = (self.input_lanes.value.data, self.parallel_steps.value.data)
        self._check(folding == wanted, f"takes {wanted[0]} lanes × {wanted[1]} steps, not {folding[0]} × {folding[1]}")
        self._check(given.repeat == self.groups, f"takes each pixel {self.groups} times, not {given.repeat}")
        if given.chunks > 1 and given.step_beats > 1:
            self._check(given.order is self.reduction, f"takes beats in the order {self.reduction}")
        return result.replaced(lanes=self.output_lanes.value.data)

    def verify_(self) -> None:
        """Besides the type: legal names, and a folding that divides the matrix."""
        super().verify_()
        self._check(self.implementation.data in IMPLEMENTATIONS, f"implementation is one of {IMPLEMENTATIONS}")
        self._check(self.weight_memory.data in ("distributed", "block"), "weight_memory is distributed or block")
        self._check(self.order.data in list(Order), f"order is one of {', '.join(Order)}")
        for what, lanes, total in (
            ("output_lanes", self.output_lanes, self.outputs.value.data),
            ("input_lanes", self.input_lanes, self.input_type.channels),
            ("parallel_steps", self.parallel_steps, self.input_type.steps),
        ):
            legal = lanes.value.data == 0 or total % lanes.value.data == 0
            self._check(legal, f"{what} {lanes.value.data} does not divide {total}")


@irdl_op_definition
class FireOp(TransformOp):
    """The radix neuron: value V → code clamp(⌊(V·2^f + b)/θ⌋), emitted most significant digit first."""

    name = "dataflow.fire"
    threshold = prop_def(SymbolRefAttr)
    bias = prop_def(SymbolRefAttr)
    fraction_bits = prop_def(IntegerAttr)
    steps = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(
        self, unit: str, layer: str, source: SSAValue, threshold: str, bias: str, fraction_bits: int, steps: int
    ) -> None:
        properties = _properties(
            unit,
            layer,
            threshold=SymbolRefAttr(threshold),
            bias=SymbolRefAttr(bias),
            fraction_bits=number(fraction_bits),
            steps=number(steps),
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """The same vector as trains of `steps` digits."""
        self._check(given.signed and given.steps == 1 and given.repeat == 1, "takes signed values, once")
        return given.replaced(steps=self.steps.value.data, bits=1)


@irdl_op_definition
class PoolOp(TransformOp):
    """The maximum of each `size` neighbouring elements (a window's): of trains, or of signed values."""

    name = "dataflow.pool"
    size = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, size: int) -> None:
        super().__init__(
            operands=[source], properties=_properties(unit, layer, size=number(size)), result_types=[source.type]
        )
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """One element for each window."""
        size = self.size.value.data
        self._check(given.channels % size == 0 and given.lanes % size == 0, "takes whole windows")
        self._check(given.parallel == 1, "takes one time step a beat")
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        return given.replaced(channels=given.channels // size, lanes=given.lanes // size)


@irdl_op_definition
class ReplayOp(TransformOp):
    """Stores the beats of a pixel and gives them `repeat` times, in the order asked for."""

    name = "dataflow.replay"
    repeat = prop_def(IntegerAttr)
    order = prop_def(StringAttr)
    memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, repeat: int, order: Order, memory: str) -> None:
        properties = _properties(
            unit, layer, repeat=number(repeat), order=StringAttr(order.value), memory=StringAttr(memory)
        )
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """The same beats, repeated and in another order."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        return given.replaced(repeat=self.repeat.value.data, order=Order(self.order.data))


@irdl_op_definition
class FifoOp(TransformOp):
    """A first-in first-out buffer of `depth` beats."""

    name = "dataflow.fifo"
    depth = prop_def(IntegerAttr)
    memory = prop_def(StringAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, depth: int, memory: str = "distributed") -> None:
        properties = _properties(unit, layer, depth=number(depth), memory=StringAttr(memory))
        super().__init__(operands=[source], properties=properties, result_types=[source.type])

    def infer(self, given: StreamType) -> StreamType:
        """The same stream."""
        self._check(self.depth.value.data > 0, "holds at least one beat")
        return given


@irdl_op_definition
class ResizeOp(TransformOp):
    """Changes how many lanes and time steps a beat has; the larger number is a multiple of the smaller."""

    name = "dataflow.resize"
    lanes = prop_def(IntegerAttr)
    parallel_steps = prop_def(IntegerAttr)
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue, lanes: int, parallel_steps: int) -> None:
        properties = _properties(unit, layer, lanes=number(lanes), parallel_steps=number(parallel_steps))
        super().__init__(operands=[source], properties=properties, result_types=[source.type])
        self.settle()

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
        super().__init__(operands=[source], properties=_properties(unit, layer), result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """One pixel with all elements of the map."""
        self._check(given.repeat == 1 and given.order is Order.STEPS_INNER, "takes pixels once, time steps inside")
        return given.replaced(height=1, width=1, channels=given.pixels * given.channels)


@irdl_op_definition
class ArgmaxOp(TransformOp):
    """The index of the largest value; the lowest index wins a tie."""

    name = "dataflow.argmax"
    assembly_format = UNIT_FORMAT

    def __init__(self, unit: str, layer: str, source: SSAValue) -> None:
        super().__init__(operands=[source], properties=_properties(unit, layer), result_types=[source.type])
        self.settle()

    def infer(self, given: StreamType) -> StreamType:
        """One unsigned index for each pixel."""
        self._check(given.signed and given.repeat == 1, "takes signed values, once")
        bits = max(1, (given.channels - 1).bit_length())
        return StreamType.of(given.height, given.width, 1, steps=1, bits=bits, lanes=1 if given.has_layout else 0)


@irdl_op_definition
class SinkOp(UnitOp):
    """Gives the results as AXI4-Stream beats: each element extended to `container` bits, tlast on an image's last."""

    name = "dataflow.sink"
    input = operand_def(StreamType)
    container = prop_def(IntegerAttr)
    assembly_format = "$input attr-dict `:` type($input)"

    def __init__(self, unit: str, layer: str, source: SSAValue, container: int) -> None:
        super().__init__(operands=[source], properties=_properties(unit, layer, container=number(container)))

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


def units_of(graph: GraphOp) -> list[UnitOp]:
    """The units of a graph in order."""
    return [op for op in graph.body.block.ops if isinstance(op, UnitOp)]


def producer(value: SSAValue) -> UnitOp:
    """The unit that gives a stream."""
    owner = value.owner
    assert isinstance(owner, Operation) and isinstance(owner, UnitOp)
    return owner
