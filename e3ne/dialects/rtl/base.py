"""What the combinational operations of `rtl` have in common: folding, and two ways of being written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import IntegerType
from xdsl.interfaces import HasCanonicalizationPatternsInterface, HasFolderInterface
from xdsl.ir import Attribute, Operation, OpResult, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def, traits_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.pattern_rewriter import RewritePattern
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import BitsAttr, BitVectorConstraint, bits_type, integer_text, is_bits_type, width_of

BITS = BitVectorConstraint()


def constant_value(value: SSAValue) -> int | None:
    """Unsigned value of a constant, None of anything else."""
    owner = value.owner
    return owner.value.value if isinstance(owner, ConstantOp) else None


def print_attributes(op: Operation, printer: Printer) -> None:
    """The discardable attributes, if there are any."""
    printer.print_op_attributes(op.attributes)


def parse_bits_type(parser: Parser) -> IntegerType:
    """A bit vector's type."""
    parsed = parser.parse_type()
    if not is_bits_type(parsed):
        parser.raise_error(f"expected an integer type, got {parsed}")
    return parsed


def parse_operands(parser: Parser) -> list[UnresolvedOperand]:
    """`%a, %b, …`"""
    return parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)


class CombinationalOp(IRDLOperation, HasFolderInterface, HasCanonicalizationPatternsInterface, ABC):
    """An operation without state or effect, of bit vectors, with one result."""

    traits = traits_def(Pure())

    @property
    def output(self) -> OpResult:
        """The only result."""
        return self.results[0]

    @property
    def width(self) -> int:
        """Width of the result in bits."""
        return width_of(self.results[0])

    @abstractmethod
    def evaluate(self, operands: Sequence[int]) -> int:
        """The result for unsigned operand values; the caller reduces it modulo 2^width."""

    def simplify(self) -> SSAValue | int | None:
        """An existing value, or a constant, that the result always equals; None if none is known."""
        return None

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        if any(operand.owner is self for operand in self.operands):
            return None  # a combinational loop: replacing the result by itself would never end
        values = [constant_value(operand) for operand in self.operands]
        known = [value for value in values if value is not None]
        simplified = self.evaluate(known) if len(known) == len(values) else self.simplify()
        if simplified is None:
            return None
        return (BitsAttr.of(simplified, self.width) if isinstance(simplified, int) else simplified,)

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from e3ne.dialects.rtl.canonicalization import patterns_of

        return patterns_of(cls)


class UniformOp(CombinationalOp, ABC):
    """Operands and result all have one type: `rtl.add %a, %b : i8`."""

    @classmethod
    def create_from(cls, operands: Sequence[SSAValue], width: int) -> Self:
        """The operation on `operands`, with a result of `width` bits."""
        return cls.create(operands=operands, result_types=(bits_type(width),))

    def verify_(self) -> None:
        for index, operand in enumerate(self.operands):
            if operand.type != self.results[0].type:
                raise VerifyException(
                    f"operand {index} has type {operand.type}, expected {self.results[0].type} like the result"
                )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.results[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        unresolved = parse_operands(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        result_type = parse_bits_type(parser)
        operands = [parser.resolve_operand(operand, result_type) for operand in unresolved]
        return cls.create(operands=operands, result_types=(result_type,), attributes=attributes)


class PredicateOp(CombinationalOp, ABC):
    """All operands have one type and the result is one bit: `rtl.ult %a, %b : i8`."""

    @classmethod
    def create_from(cls, operands: Sequence[SSAValue]) -> Self:
        """The operation on `operands`."""
        return cls.create(operands=operands, result_types=(bits_type(1),))

    def verify_(self) -> None:
        for index, operand in enumerate(self.operands):
            if operand.type != self.operands[0].type:
                raise VerifyException(
                    f"operand {index} has type {operand.type}, expected {self.operands[0].type} like operand 0"
                )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.operands[0].type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        unresolved = parse_operands(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        operand_type = parse_bits_type(parser)
        operands = [parser.resolve_operand(operand, operand_type) for operand in unresolved]
        return cls.create(operands=operands, result_types=(bits_type(1),), attributes=attributes)


@irdl_op_definition
class ConstantOp(IRDLOperation, HasFolderInterface):
    """A constant bit vector: `rtl.constant 5 : i8`."""

    name = "rtl.constant"

    value = prop_def(BitsAttr)
    result = result_def(BITS)

    traits = traits_def(Pure(), ConstantLike())

    def __init__(self, value: BitsAttr) -> None:
        super().__init__(properties={"value": value}, result_types=(bits_type(value.width),))

    def fold(self) -> Sequence[SSAValue | Attribute]:
        return (self.value,)

    def verify_(self) -> None:
        if self.value.width != width_of(self.result):
            raise VerifyException(f"a constant of {self.value.width} bits cannot have type {self.result.type}")

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {integer_text(self.value.value)}")
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        value = parser.parse_integer(allow_boolean=False)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        width = parse_bits_type(parser).width.data
        if width < 1 or not -(1 << width) // 2 <= value < 1 << width:
            parser.raise_error(f"constant {integer_text(value)} does not fit i{width}")
        op = cls(BitsAttr.of(value, width))
        op.attributes.update(attributes)
        return op


class StatefulOp(IRDLOperation, HasCanonicalizationPatternsInterface, ABC):
    """An operation with canonicalisation patterns that is not combinational."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from e3ne.dialects.rtl.canonicalization import patterns_of

        return patterns_of(cls)
