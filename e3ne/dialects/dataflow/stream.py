"""The type of a stream: what passes between two units, in which order and how wide.

A stream carries, for each image, `pixels` (raster order) of a vector of `channels` elements, over `steps` time steps.
With several `frames` an image is a sequence of maps, one behind the other, each with all of its pixels: what comes in
each time step of a network whose neurons keep their membranes from one to the next. That is all the type says before
the layout is decided (`layout` absent). With a layout, a *beat* carries `lanes` vector elements of `parallel` time
steps, each `bits` wide, and the order of beats within a pixel is fixed:

    for repeat: for chunk of lanes: for time step       order `steps_inner`
    for repeat: for time step: for chunk of lanes       order `steps_outer`

Within a beat, element `p·lanes + l` (the lowest bits first) is lane l of the p-th of the parallel steps.
"""

from __future__ import annotations

from functools import lru_cache

from xdsl.dialects.builtin import IntAttr
from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum


class Order(StrEnum):
    """Which of time steps and lane chunks is the inner loop of a pixel's beats."""

    STEPS_INNER = "steps_inner"
    STEPS_OUTER = "steps_outer"


@irdl_attr_definition
class StreamType(ParametrizedAttribute, TypeAttribute):
    """`!dataflow.stream<28x28x6, steps 4, bits 1, lanes 6, parallel 1, repeat 1, steps_inner>`, layout optional.

    `bits` is the width of an element: 1 for digits; negative for signed values (−12 means 12 bits, two's complement).
    `lanes` 0 means that the layout is undecided. Several frames are written in front: `<20 frames of 28x28x6, ...>`.
    """

    name = "dataflow.stream"

    height_: IntAttr
    width_: IntAttr
    channels_: IntAttr
    steps_: IntAttr
    bits_: IntAttr
    lanes_: IntAttr
    parallel_: IntAttr
    repeat_: IntAttr
    outer_: IntAttr
    frames_: IntAttr

    @staticmethod
    def of(
        height: int,
        width: int,
        channels: int,
        *,
        steps: int,
        bits: int = 1,
        lanes: int = 0,
        parallel: int = 1,
        repeat: int = 1,
        order: Order = Order.STEPS_INNER,
        frames: int = 1,
    ) -> StreamType:
        """The stream type with these properties; without `lanes` the layout is undecided."""
        outer = int(order is Order.STEPS_OUTER)
        return _stream(height, width, channels, steps, bits, lanes, parallel, repeat, outer, frames)

    def __hash__(self) -> int:
        """Of what differs most often: the choice of layouts looks streams up by the million."""
        return hash((self.channels_.data, self.steps_.data, self.lanes_.data, self.parallel_.data, self.repeat_.data))

    def replaced(
        self,
        *,
        height: int | None = None,
        width: int | None = None,
        channels: int | None = None,
        steps: int | None = None,
        bits: int | None = None,
        lanes: int | None = None,
        parallel: int | None = None,
        repeat: int | None = None,
        order: Order | None = None,
        frames: int | None = None,
    ) -> StreamType:
        """This type with some properties changed."""
        return StreamType.of(
            self.height if height is None else height,
            self.width if width is None else width,
            self.channels if channels is None else channels,
            steps=self.steps if steps is None else steps,
            bits=self.bits if bits is None else bits,
            lanes=self.lanes if lanes is None else lanes,
            parallel=self.parallel if parallel is None else parallel,
            repeat=self.repeat if repeat is None else repeat,
            order=self.order if order is None else order,
            frames=self.frames if frames is None else frames,
        )

    def without_layout(self) -> StreamType:
        """The same content with the layout undecided."""
        return self.replaced(lanes=0, parallel=1, repeat=1, order=Order.STEPS_INNER)

    @property
    def frames(self) -> int:
        """Maps of an image, one behind the other."""
        return self.frames_.data

    @property
    def height(self) -> int:
        """Rows of pixels of a frame."""
        return self.height_.data

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.width_.data

    @property
    def channels(self) -> int:
        """Vector elements of a pixel."""
        return self.channels_.data

    @property
    def steps(self) -> int:
        """Time steps of an element; 1 for values."""
        return self.steps_.data

    @property
    def bits(self) -> int:
        """Width of an element in bits, negative when signed."""
        return self.bits_.data

    @property
    def lanes(self) -> int:
        """Vector elements in a beat; 0 while the layout is undecided."""
        return self.lanes_.data

    @property
    def parallel(self) -> int:
        """Time steps in a beat."""
        return self.parallel_.data

    @property
    def repeat(self) -> int:
        """How often the beats of a pixel come, once for each group of outputs of the consumer."""
        return self.repeat_.data

    @property
    def order(self) -> Order:
        """The order of beats within a pixel."""
        return Order.STEPS_OUTER if self.outer_.data else Order.STEPS_INNER

    @property
    def has_layout(self) -> bool:
        """Whether lanes, parallel steps, repetition and order are decided."""
        return self.lanes > 0

    @property
    def signed(self) -> bool:
        """Whether elements are two's complement values."""
        return self.bits < 0

    @property
    def element_bits(self) -> int:
        """Width of an element in bits."""
        return abs(self.bits)

    @property
    def elements_per_beat(self) -> int:
        """Elements in a beat."""
        return self.lanes * self.parallel

    @property
    def beat_bits(self) -> int:
        """Width of the data wires."""
        return self.elements_per_beat * self.element_bits

    @property
    def pixels(self) -> int:
        """Pixels of an image, those of all frames."""
        return self.frames * self.height * self.width

    @property
    def chunks(self) -> int:
        """Beats that one time step of a pixel takes."""
        return self.channels // self.lanes

    @property
    def step_beats(self) -> int:
        """Beats that the time steps of one chunk take."""
        return self.steps // self.parallel

    @property
    def beats_per_pixel(self) -> int:
        """Beats of a pixel without repetition."""
        return self.chunks * self.step_beats

    @property
    def beats_per_image(self) -> int:
        """Beats of an image."""
        return self.pixels * self.repeat * self.beats_per_pixel

    def verify(self) -> None:
        """Checks that sizes are positive and that lanes and parallel steps divide what they are taken from."""
        sizes = (self.frames, self.height, self.width, self.channels, self.steps, self.parallel, self.repeat)
        if min(sizes) < 1 or self.bits == 0 or self.lanes < 0:
            raise VerifyException("stream sizes must be positive")
        if self.has_layout and self.channels % self.lanes:
            raise VerifyException(f"{self.lanes} lanes do not divide {self.channels} channels")
        if self.steps % self.parallel:
            raise VerifyException(f"{self.parallel} parallel steps do not divide {self.steps} steps")
        if not self.has_layout and (self.parallel, self.repeat, self.order) != (1, 1, Order.STEPS_INNER):
            raise VerifyException("a stream without lanes has no other layout either")
        if self.element_bits > 1 and self.steps != 1:
            raise VerifyException("only digits of one bit have time steps")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[IntAttr]:
        """Parses what `print_parameters` prints."""
        with parser.in_angle_brackets():
            frames, numbers = _parse_frames_and_shape(parser)
            for keyword in ("steps", "bits"):
                parser.parse_punctuation(",")
                parser.parse_keyword(keyword)
                numbers.append(parser.parse_integer())
            layout = [0, 1, 1, 0]
            if parser.parse_optional_punctuation(","):
                for position, keyword in enumerate(("lanes", "parallel", "repeat")):
                    parser.parse_keyword(keyword)
                    layout[position] = parser.parse_integer()
                    parser.parse_punctuation(",")
                layout[3] = int(parser.parse_str_enum(Order) is Order.STEPS_OUTER)
            return [IntAttr(number) for number in (*numbers, *layout, frames)]

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<[F frames of ]HxWxC, steps T, bits B[, lanes n, parallel P, repeat R, order]>`."""
        with printer.in_angle_brackets():
            if self.frames > 1:
                printer.print_string(f"{self.frames} frames of ")
            printer.print_string(f"{self.height}x{self.width}x{self.channels}, steps {self.steps}, bits {self.bits}")
            if self.has_layout:
                printer.print_string(f", lanes {self.lanes}, parallel {self.parallel}, repeat {self.repeat}")
                printer.print_string(f", {self.order.value}")


@lru_cache(maxsize=1 << 16)
def _stream(*numbers: int) -> StreamType:
    """One object for equal types, so that most comparisons end at once."""
    return StreamType(*(IntAttr(number) for number in numbers))


def _parse_frames_and_shape(parser: AttrParser) -> tuple[int, list[int]]:
    """Parses `HxWxC` or `F frames of HxWxC`.

    The lexer gives `28x28` as one integer and an identifier, which the parser knows to split.
    """
    frames, first = 1, parser.parse_shape_dimension(allow_dynamic=False)
    if parser.parse_optional_keyword("frames"):
        parser.parse_keyword("of")
        frames, first = first, parser.parse_shape_dimension(allow_dynamic=False)
    shape = [first]
    for _ in range(2):
        parser.parse_shape_delimiter()
        shape.append(parser.parse_shape_dimension(allow_dynamic=False))
    return frames, shape
