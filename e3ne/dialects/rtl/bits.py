"""Operations that rearrange, extend or reduce bits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import I64, IntegerAttr
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.arithmetic import signed
from e3ne.dialects.rtl.attributes import bits_type, width_of
from e3ne.dialects.rtl.base import (
    BITS,
    CombinationalOp,
    PredicateOp,
    parse_bits_type,
    parse_operands,
    print_attributes,
)


@irdl_op_definition
class ConcatOp(CombinationalOp):
    """Operands side by side, the first one most significant: `rtl.concat %a, %b : i3, i4`."""

    name = "rtl.concat"

    inputs = var_operand_def(BITS)
    result = result_def(BITS)

    @classmethod
    def create_from(cls, parts: Sequence[SSAValue]) -> ConcatOp:
        """The parts side by side."""
        return cls.create(operands=parts, result_types=(bits_type(sum(width_of(part) for part in parts)),))

    def verify_(self) -> None:
        if not self.operands:
            raise VerifyException("expected at least one operand")
        total = sum(width_of(operand) for operand in self.operands)
        if total != self.width:
            raise VerifyException(f"the operands have {total} bits in all, but the result has type {self.result.type}")

    def evaluate(self, operands: Sequence[int]) -> int:
        result = 0
        for value, operand in zip(operands, self.operands, strict=True):
            result = result << width_of(operand) | value
        return result

    def simplify(self) -> SSAValue | int | None:
        return self.operands[0] if len(self.operands) == 1 else None

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> ConcatOp:
        unresolved = parse_operands(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, lambda: parse_bits_type(parser))
        op = cls.create_from(parser.resolve_operands(unresolved, types, parser.pos))
        op.attributes.update(attributes)
        return op


class ConvertOp(CombinationalOp, ABC):
    """One operand, a result of another width: `rtl.zext %a : i4 -> i8`."""

    input = operand_def(BITS)
    result = result_def(BITS)

    @classmethod
    def create_from(cls, value: SSAValue, width: int) -> Self:
        """The operation on `value`, with a result of `width` bits."""
        return cls.create(operands=(value,), result_types=(bits_type(width),))

    @abstractmethod
    def verify_widths(self, source: int, target: int) -> None:
        """Raises VerifyException if a value of `source` bits cannot become one of `target` bits."""

    def verify_(self) -> None:
        self.verify_widths(width_of(self.input), self.width)

    def simplify(self) -> SSAValue | int | None:
        return self.input if width_of(self.input) == self.width else None

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.input)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.input.type)
        printer.print_string(" -> ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        unresolved = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        operand = parser.resolve_operand(unresolved, parse_bits_type(parser))
        parser.parse_punctuation("->")
        return cls.create(operands=(operand,), result_types=(parse_bits_type(parser),), attributes=attributes)


@irdl_op_definition
class ReplicateOp(ConvertOp):
    """The operand repeated side by side."""

    name = "rtl.replicate"

    def verify_widths(self, source: int, target: int) -> None:
        if target % source:
            raise VerifyException(f"{target} bits are not a multiple of the operand's {source} bits")

    @property
    def times(self) -> int:
        return self.width // width_of(self.input)

    def evaluate(self, operands: Sequence[int]) -> int:
        source = width_of(self.input)
        # 1 + 2^source + 2^2source + …, `times` terms
        return operands[0] * (((1 << (source * self.times)) - 1) // ((1 << source) - 1))


@irdl_op_definition
class ZextOp(ConvertOp):
    """The operand with zeros above it."""

    name = "rtl.zext"

    def verify_widths(self, source: int, target: int) -> None:
        if target < source:
            raise VerifyException(f"cannot extend {source} bits to {target}")

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[0]


@irdl_op_definition
class SextOp(ConvertOp):
    """The operand with copies of its most significant bit above it."""

    name = "rtl.sext"

    def verify_widths(self, source: int, target: int) -> None:
        if target < source:
            raise VerifyException(f"cannot extend {source} bits to {target}")

    def evaluate(self, operands: Sequence[int]) -> int:
        return signed(operands[0], width_of(self.input))


@irdl_op_definition
class ExtractOp(CombinationalOp):
    """Bits low … low + width − 1 of the operand: `rtl.extract %a from 3 : i8 -> i2`."""

    name = "rtl.extract"

    input = operand_def(BITS)
    low_attr = prop_def(IntegerAttr[I64], prop_name="low")
    result = result_def(BITS)

    @classmethod
    def create_from(cls, value: SSAValue, low: int, width: int) -> ExtractOp:
        """`width` bits of `value`, from bit `low` on."""
        return cls.create(operands=(value,), result_types=(bits_type(width),), properties={"low": IntegerAttr(low, 64)})

    @property
    def low(self) -> int:
        """The lowest bit taken."""
        return self.low_attr.value.data

    def verify_(self) -> None:
        source = width_of(self.input)
        if self.low < 0 or self.low + self.width > source:
            raise VerifyException(
                f"bits {self.low} to {self.low + self.width - 1} are not all within the operand's {source} bits"
            )

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[0] >> self.low

    def simplify(self) -> SSAValue | int | None:
        return self.input if width_of(self.input) == self.width else None

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.input)
        printer.print_string(f" from {self.low}")
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.input.type)
        printer.print_string(" -> ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> ExtractOp:
        unresolved = parser.parse_unresolved_operand()
        parser.parse_keyword("from")
        low = parser.parse_integer(allow_boolean=False)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        operand = parser.resolve_operand(unresolved, parse_bits_type(parser))
        parser.parse_punctuation("->")
        op = cls.create_from(operand, low, parse_bits_type(parser).width.data)
        op.attributes.update(attributes)
        return op


class ReduceOp(PredicateOp, ABC):
    """One operand; one bit."""

    input = operand_def(BITS)
    result = result_def(BITS)

    def simplify(self) -> SSAValue | int | None:
        return self.input if width_of(self.input) == 1 else None


@irdl_op_definition
class ReduceAndOp(ReduceOp):
    """1 if all bits are 1."""

    name = "rtl.reduce_and"

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] == (1 << width_of(self.input)) - 1)


@irdl_op_definition
class ReduceOrOp(ReduceOp):
    """1 if any bit is 1."""

    name = "rtl.reduce_or"

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] != 0)


@irdl_op_definition
class ReduceXorOp(ReduceOp):
    """1 if an odd number of bits are 1."""

    name = "rtl.reduce_xor"

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[0].bit_count()
