"""The types of the integer form: spike trains and membranes. The float form uses builtin f32 tensors."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, IntAttr, TensorType, f32
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from e3ne.dialects.snn.encodings import EncodingAttr

FloatTensor = TensorType[Attribute]


def float_tensor(shape: Sequence[int]) -> FloatTensor:
    """The type of an activation in the float form."""
    return FloatTensor(f32, shape)


def _shape_attr(shape: Sequence[int]) -> ArrayAttr[IntAttr]:
    return ArrayAttr(IntAttr(size) for size in shape)


def _verify_shape(shape: Sequence[int]) -> None:
    if len(shape) not in (1, 3) or any(size < 1 for size in shape):
        raise VerifyException(f"a shape is [C, H, W] or [N] with positive sizes, not {list(shape)}")


def _parse_shape(parser: AttrParser) -> ArrayAttr[IntAttr]:
    sizes = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
    return _shape_attr(sizes)


def _print_shape(printer: Printer, shape: Sequence[int]) -> None:
    with printer.in_square_brackets():
        printer.print_list(shape, printer.print_int)


@irdl_attr_definition
class TrainType(ParametrizedAttribute, TypeAttribute):
    """`!snn.train<[C, H, W], #snn.radix<T>>`: one spike train per neuron of a layer, for one image."""

    name = "snn.train"

    sizes: ArrayAttr[IntAttr]
    encoding: EncodingAttr

    @staticmethod
    def of(shape: Sequence[int], encoding: EncodingAttr) -> TrainType:
        """The trains of a layer of that shape, [C, H, W] or [N]."""
        return TrainType(_shape_attr(shape), encoding)

    def get_shape(self) -> tuple[int, ...]:
        """[C, H, W], or [N] after flattening."""
        return tuple(size.data for size in self.sizes)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<[shape], encoding>`."""
        with parser.in_angle_brackets():
            shape = _parse_shape(parser)
            parser.parse_punctuation(",")
            return (shape, parser.parse_attribute())

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<[shape], encoding>`."""
        with printer.in_angle_brackets():
            _print_shape(printer, self.get_shape())
            printer.print_string(", ")
            printer.print_attribute(self.encoding)

    def verify(self) -> None:
        """The shape has 1 or 3 positive sizes."""
        _verify_shape(self.get_shape())


@irdl_attr_definition
class MembraneType(ParametrizedAttribute, TypeAttribute):
    """`!snn.membrane<[C, H, W], low, high>`: one integer per neuron, and the range that any input can bring it to.

    The range comes from interval analysis of the actual weights; it is what hardware widths are computed from. With
    `, frames T` there are T integers per neuron, one for each time step.
    """

    name = "snn.membrane"

    sizes: ArrayAttr[IntAttr]
    low_bound: IntAttr
    high_bound: IntAttr
    frame_count: IntAttr

    @staticmethod
    def of(shape: Sequence[int], low: int, high: int, frames: int = 1) -> MembraneType:
        """The membranes of a layer of that shape, [C, H, W] or [N], all within low ... high."""
        return MembraneType(_shape_attr(shape), IntAttr(low), IntAttr(high), IntAttr(frames))

    @property
    def frames(self) -> int:
        """Integers per neuron: 1, or one for each time step."""
        return self.frame_count.data

    def get_shape(self) -> tuple[int, ...]:
        """[C, H, W] or [N]."""
        return tuple(size.data for size in self.sizes)

    @property
    def low(self) -> int:
        """The least reachable value."""
        return self.low_bound.data

    @property
    def high(self) -> int:
        """The greatest reachable value."""
        return self.high_bound.data

    @property
    def width(self) -> int:
        """Bits (two's complement) that hold every value of the range."""
        return max(self.high.bit_length() if self.high > 0 else 0, (~self.low).bit_length() if self.low < 0 else 0) + 1

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<[shape], low, high>` or `<[shape], low, high, frames T>`."""
        with parser.in_angle_brackets():
            shape = _parse_shape(parser)
            parser.parse_punctuation(",")
            low = parser.parse_integer()
            parser.parse_punctuation(",")
            high, frames = parser.parse_integer(), 1
            if parser.parse_optional_punctuation(","):
                parser.parse_keyword("frames")
                frames = parser.parse_integer(allow_boolean=False)
            return (shape, IntAttr(low), IntAttr(high), IntAttr(frames))

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<[shape], low, high>`, and the frames if there are several."""
        with printer.in_angle_brackets():
            _print_shape(printer, self.get_shape())
            printer.print_string(f", {self.low}, {self.high}")
            if self.frames > 1:
                printer.print_string(f", frames {self.frames}")

    def verify(self) -> None:
        """The shape has 1 or 3 positive sizes and the range is not empty."""
        _verify_shape(self.get_shape())
        if self.low > self.high:
            raise VerifyException(f"membrane range {self.low} ... {self.high} is empty")
        if self.frames < 1:
            raise VerifyException(f"membranes have 1 frame or more, not {self.frames}")


def shape_of(value_type: Attribute) -> tuple[int, ...]:
    """The shape of a value of any of the three types; raises `VerifyException` for other types."""
    if isinstance(value_type, TrainType | MembraneType):
        return value_type.get_shape()
    if isa(value_type, FloatTensor) and value_type.element_type == f32:
        return value_type.get_shape()
    raise VerifyException(f"expected a tensor of f32, a train or a membrane, not {value_type}")


def same_kind(value_type: Attribute, shape: Sequence[int]) -> Attribute:
    """The type of a value like `value_type` but of another shape."""
    if isinstance(value_type, TrainType):
        return TrainType.of(shape, value_type.encoding)
    if isinstance(value_type, MembraneType):
        return MembraneType.of(shape, value_type.low, value_type.high, value_type.frames)
    return float_tensor(shape)


def frames_of(value_type: Attribute) -> int:
    """The numbers per neuron that a value of any of the three types holds; 1 in the float form."""
    if isinstance(value_type, TrainType):
        return value_type.encoding.frames
    return value_type.frames if isinstance(value_type, MembraneType) else 1
