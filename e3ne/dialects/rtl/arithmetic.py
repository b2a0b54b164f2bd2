"""Arithmetic, bitwise logic, comparison and selection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import ClassVar

from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, result_def, traits_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import bits_type, width_of
from e3ne.dialects.rtl.base import (
    BITS,
    CombinationalOp,
    PredicateOp,
    UniformOp,
    constant_value,
    parse_bits_type,
    print_attributes,
)


def signed(value: int, width: int) -> int:
    """The two's complement reading of an unsigned value of `width` bits."""
    return value - (1 << width) if value >> (width - 1) else value


class ArithmeticOp(UniformOp, ABC):
    """Two operands; the result wraps modulo 2^width."""

    lhs = operand_def(BITS)
    rhs = operand_def(BITS)
    result = result_def(BITS)


@irdl_op_definition
class AddOp(ArithmeticOp):
    """Sum modulo 2^width."""

    name = "rtl.add"
    traits = traits_def(Commutative())

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[0] + operands[1]

    def simplify(self) -> SSAValue | int | None:
        if constant_value(self.rhs) == 0:
            return self.lhs
        return self.rhs if constant_value(self.lhs) == 0 else None


@irdl_op_definition
class SubOp(ArithmeticOp):
    """Difference modulo 2^width."""

    name = "rtl.sub"

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[0] - operands[1]

    def simplify(self) -> SSAValue | int | None:
        if self.lhs == self.rhs:
            return 0
        return self.lhs if constant_value(self.rhs) == 0 else None


class BitwiseOp(UniformOp, ABC):
    """Any number of operands, at least one; bit by bit."""

    inputs = var_operand_def(BITS)
    result = result_def(BITS)

    traits = traits_def(Commutative())

    @abstractmethod
    def combine(self, a: int, b: int) -> int:
        """The operation on two unsigned values."""

    def verify_(self) -> None:
        if not self.operands:
            raise VerifyException("expected at least one operand")
        super().verify_()

    def evaluate(self, operands: Sequence[int]) -> int:
        return reduce(self.combine, operands)

    def absorbing(self) -> int | None:
        """The operand value that decides the result alone, if there is one."""
        return None

    def simplify(self) -> SSAValue | int | None:
        if len(self.operands) == 1:
            return self.operands[0]
        absorbing = self.absorbing()
        if absorbing is not None and any(constant_value(operand) == absorbing for operand in self.operands):
            return absorbing
        return None


@irdl_op_definition
class AndOp(BitwiseOp):
    """Bitwise and."""

    name = "rtl.and"

    def combine(self, a: int, b: int) -> int:
        return a & b

    def absorbing(self) -> int | None:
        return 0


@irdl_op_definition
class OrOp(BitwiseOp):
    """Bitwise or."""

    name = "rtl.or"

    def combine(self, a: int, b: int) -> int:
        return a | b

    def absorbing(self) -> int | None:
        return (1 << self.width) - 1


@irdl_op_definition
class XorOp(BitwiseOp):
    """Bitwise exclusive or."""

    name = "rtl.xor"

    def combine(self, a: int, b: int) -> int:
        return a ^ b


@irdl_op_definition
class NotOp(UniformOp):
    """Bitwise complement."""

    name = "rtl.not"
    input = operand_def(BITS)
    result = result_def(BITS)

    def evaluate(self, operands: Sequence[int]) -> int:
        return ~operands[0]

    def simplify(self) -> SSAValue | int | None:
        inner = self.input.owner
        return inner.input if isinstance(inner, NotOp) and inner.input != self.result else None


class CompareOp(PredicateOp, ABC):
    """Two operands of one width; the result is one bit."""

    lhs = operand_def(BITS)
    rhs = operand_def(BITS)
    result = result_def(BITS)

    IF_EQUAL: ClassVar[int]
    """The result where both operands are the same value."""

    def simplify(self) -> SSAValue | int | None:
        return self.IF_EQUAL if self.lhs == self.rhs else None


@irdl_op_definition
class EqOp(CompareOp):
    """Equal."""

    name = "rtl.eq"
    traits = traits_def(Commutative())
    IF_EQUAL: ClassVar[int] = 1

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] == operands[1])


@irdl_op_definition
class NeOp(CompareOp):
    """Not equal."""

    name = "rtl.ne"
    traits = traits_def(Commutative())
    IF_EQUAL: ClassVar[int] = 0

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] != operands[1])


@irdl_op_definition
class UltOp(CompareOp):
    """Less than, both operands unsigned."""

    name = "rtl.ult"
    IF_EQUAL: ClassVar[int] = 0

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] < operands[1])

    def simplify(self) -> SSAValue | int | None:
        largest = (1 << width_of(self.lhs)) - 1
        if constant_value(self.rhs) == 0 or constant_value(self.lhs) == largest:
            return 0
        return super().simplify()


@irdl_op_definition
class UleOp(CompareOp):
    """Less than or equal, both operands unsigned."""

    name = "rtl.ule"
    IF_EQUAL: ClassVar[int] = 1

    def evaluate(self, operands: Sequence[int]) -> int:
        return int(operands[0] <= operands[1])

    def simplify(self) -> SSAValue | int | None:
        largest = (1 << width_of(self.lhs)) - 1
        if constant_value(self.lhs) == 0 or constant_value(self.rhs) == largest:
            return 1
        return super().simplify()


@irdl_op_definition
class SltOp(CompareOp):
    """Less than, both operands two's complement."""

    name = "rtl.slt"
    IF_EQUAL: ClassVar[int] = 0

    def evaluate(self, operands: Sequence[int]) -> int:
        width = width_of(self.lhs)
        return int(signed(operands[0], width) < signed(operands[1], width))

    def simplify(self) -> SSAValue | int | None:
        lowest = 1 << (width_of(self.lhs) - 1)
        if constant_value(self.rhs) == lowest or constant_value(self.lhs) == lowest - 1:
            return 0
        return super().simplify()


@irdl_op_definition
class SleOp(CompareOp):
    """Less than or equal, both operands two's complement."""

    name = "rtl.sle"
    IF_EQUAL: ClassVar[int] = 1

    def evaluate(self, operands: Sequence[int]) -> int:
        width = width_of(self.lhs)
        return int(signed(operands[0], width) <= signed(operands[1], width))

    def simplify(self) -> SSAValue | int | None:
        lowest = 1 << (width_of(self.lhs) - 1)
        if constant_value(self.lhs) == lowest or constant_value(self.rhs) == lowest - 1:
            return 1
        return super().simplify()


@irdl_op_definition
class MuxOp(CombinationalOp):
    """`if_true` where the one-bit condition is 1, else `if_false`: `rtl.mux %c, %a, %b : i8`."""

    name = "rtl.mux"

    condition = operand_def(BITS)
    if_true = operand_def(BITS)
    if_false = operand_def(BITS)
    result = result_def(BITS)

    @classmethod
    def create_from(cls, condition: SSAValue, if_true: SSAValue, if_false: SSAValue) -> MuxOp:
        """A selection between two values of one width."""
        return cls.create(operands=(condition, if_true, if_false), result_types=(if_true.type,))

    def verify_(self) -> None:
        if width_of(self.condition) != 1:
            raise VerifyException(f"the condition has type {self.condition.type}, expected i1")
        for name, operand in (("if_true", self.if_true), ("if_false", self.if_false)):
            if operand.type != self.result.type:
                raise VerifyException(
                    f"operand {name} has type {operand.type}, expected {self.result.type} like the result"
                )

    def evaluate(self, operands: Sequence[int]) -> int:
        return operands[1] if operands[0] else operands[2]

    def simplify(self) -> SSAValue | int | None:
        condition = constant_value(self.condition)
        if condition is not None:
            return self.if_true if condition else self.if_false
        if self.if_true == self.if_false:
            return self.if_true
        if self.width == 1 and constant_value(self.if_true) == 1 and constant_value(self.if_false) == 0:
            return self.condition
        return None

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> MuxOp:
        condition = parser.resolve_operand(parser.parse_unresolved_operand(), bits_type(1))
        parser.parse_punctuation(",")
        if_true = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        if_false = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        result_type = parse_bits_type(parser)
        operands = (condition, *(parser.resolve_operand(branch, result_type) for branch in (if_true, if_false)))
        return cls.create(operands=operands, result_types=(result_type,), attributes=attributes)
