"""Types and attributes of `rtl`: bit vectors, constants, word lists and memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from typing_extensions import TypeIs, TypeVar
from xdsl.dialects.builtin import IntAttr, IntegerType, Signedness
from xdsl.ir import Attribute, Data, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import AttrConstraint, VerificationContext, irdl_attr_definition
from xdsl.irdl.constraints import IntConstraint
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

_LARGEST_DECIMAL = 1 << 64
"""Larger constants are printed in hexadecimal; Python refuses decimal text of more than 4,300 digits."""


@cache
def bits_type(width: int) -> IntegerType:
    """The type of a value of `width` bits (memoised: it is asked for once per operation)."""
    return IntegerType(width)


def is_bits_type(attribute: Attribute) -> TypeIs[IntegerType]:
    """Whether it is an integer type."""
    return isinstance(attribute, IntegerType)


def width_of(value: SSAValue) -> int:
    """Width in bits of an `rtl` value.

    Raises TypeError if the value is not a bit vector (a memory, for example).
    """
    if not is_bits_type(value.type):
        raise TypeError(f"expected a bit vector, got a value of type {value.type}")
    return value.type.width.data


def address_width(depth: int) -> int:
    """Bits of the address of a memory of `depth` words: at least one."""
    return max(1, (depth - 1).bit_length())


@dataclass(frozen=True)
class BitVectorConstraint(AttrConstraint[IntegerType]):
    """A signless integer of at least one bit: the only type of value that wires carry."""

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not is_bits_type(attr) or attr.signedness.data is not Signedness.SIGNLESS or attr.width.data < 1:
            raise VerifyException(f"expected a signless integer of at least 1 bit, got {attr}")

    def mapping_type_vars(
        self,
        type_var_mapping: Mapping[TypeVar, AttrConstraint | IntConstraint],
    ) -> AttrConstraint[IntegerType]:
        return self


@dataclass(frozen=True)
class Bits:
    """A constant of `width` bits; `value` is its unsigned reading, 0 <= value < 2^width."""

    width: int
    value: int


@irdl_attr_definition
class BitsAttr(Data[Bits]):
    """A constant bit vector, `#rtl.bits<8, 255>`; normalised to its unsigned reading."""

    name = "rtl.bits"

    @staticmethod
    def of(value: int, width: int) -> BitsAttr:
        """`value` modulo 2^`width`; negative values give their two's complement."""
        return BitsAttr(Bits(width, value & ((1 << width) - 1)))

    @property
    def value(self) -> int:
        return self.data.value

    @property
    def width(self) -> int:
        return self.data.width

    def verify(self) -> None:
        if self.width < 1:
            raise VerifyException(f"a constant has at least 1 bit, got {self.width}")
        if not 0 <= self.value < 1 << self.width:
            raise VerifyException(f"constant {integer_text(self.value)} does not fit {self.width} bits")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Bits:
        with parser.in_angle_brackets():
            width = parser.parse_integer(allow_boolean=False, allow_negative=False)
            parser.parse_punctuation(",")
            return Bits(width, parser.parse_integer(allow_boolean=False))

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.width}, {integer_text(self.value)}>")


def integer_text(value: int) -> str:
    """Decimal, or hexadecimal where decimal would be long."""
    return str(value) if abs(value) < _LARGEST_DECIMAL else hex(value)


@dataclass(frozen=True)
class Words:
    """A sequence of unsigned words of `width` bits each."""

    width: int
    values: tuple[int, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Attributes are hashed again and again (cse); a memory may hold a million words.
        return hash((self.width, self.values))


@irdl_attr_definition
class WordsAttr(Data[Words]):
    """The contents of a table or memory, `#rtl.words<4, "0f3">`.

    The text holds word 0 first; every word takes ceil(width / 4) hexadecimal digits.
    """

    name = "rtl.words"

    @staticmethod
    def of(values: Sequence[int], width: int) -> WordsAttr:
        """Words of `width` bits. Raises VerifyException if one is negative or does not fit."""
        return WordsAttr(Words(width, tuple(int(value) for value in values)))

    @property
    def values(self) -> tuple[int, ...]:
        return self.data.values

    @property
    def width(self) -> int:
        return self.data.width

    def verify(self) -> None:
        if self.width < 1:
            raise VerifyException(f"words have at least 1 bit, got {self.width}")
        if not self.values:
            raise VerifyException("expected at least one word")
        limit = 1 << self.width
        if min(self.values) >= 0 and max(self.values) < limit:
            return
        index = next(i for i, value in enumerate(self.values) if not 0 <= value < limit)
        raise VerifyException(f"word {index} ({integer_text(self.values[index])}) does not fit {self.width} bits")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Words:
        with parser.in_angle_brackets():
            width = parser.parse_integer(allow_boolean=False, allow_negative=False)
            parser.parse_punctuation(",")
            text = parser.parse_str_literal(" in words")
        digits = max(1, -(-width // 4))
        if len(text) % digits:
            parser.raise_error(f"expected a multiple of {digits} hexadecimal digits, got {len(text)}")
        try:
            values = tuple(int(text[i : i + digits], 16) for i in range(0, len(text), digits))
        except ValueError:
            parser.raise_error("expected hexadecimal digits")
        return Words(width, values)

    def print_parameter(self, printer: Printer) -> None:
        digits = -(-self.width // 4)
        text = "".join(f"{value:0{digits}x}" for value in self.values)
        printer.print_string(f'<{self.width}, "{text}">')


@irdl_attr_definition
class MemoryType(ParametrizedAttribute, TypeAttribute):
    """A memory of `depth` words of `width` bits, `!rtl.memory<16x8>`. Not a value that wires carry."""

    name = "rtl.memory"

    depth_attr: IntAttr
    width_attr: IntAttr

    @staticmethod
    def of(depth: int, width: int) -> MemoryType:
        return MemoryType(IntAttr(depth), IntAttr(width))

    @property
    def depth(self) -> int:
        return self.depth_attr.data

    @property
    def width(self) -> int:
        return self.width_attr.data

    @property
    def address_width(self) -> int:
        return address_width(self.depth)

    def verify(self) -> None:
        if self.depth < 1 or self.width < 1:
            raise VerifyException(f"a memory has at least 1 word of 1 bit, got {self.depth}x{self.width}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            depth = parser.parse_shape_dimension(allow_dynamic=False)
            parser.parse_shape_delimiter()
            return (IntAttr(depth), IntAttr(parser.parse_shape_dimension(allow_dynamic=False)))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.depth}x{self.width}>")
