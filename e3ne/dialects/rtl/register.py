"""Registers. They change at the rising edge of the one implicit clock."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import BitsAttr, bits_type, integer_text, width_of
from e3ne.dialects.rtl.base import BITS, StatefulOp, constant_value, parse_bits_type, print_attributes


@irdl_op_definition
class RegisterOp(StatefulOp, HasFolderInterface):
    """A register: `rtl.register "count" %next enable %en reset 0 : i8`.

    At the clock edge: the reset value if the implicit reset is high and there is a reset value; else `next` if there
    is no enable or it is high; else it keeps its value. Without a reset value it starts unknown.
    """

    # Two registers with the same inputs and reset hold the same value, and one that nobody reads is not needed:
    # that is all that Pure is used for.
    traits = traits_def(Pure())

    name = "rtl.register"

    next = operand_def(BITS)
    enable = opt_operand_def(BITS)
    reset = opt_prop_def(BitsAttr)
    register_name = opt_prop_def(StringAttr, prop_name="name")
    result = result_def(BITS)

    @classmethod
    def create_from(
        cls, next_value: SSAValue, enable: SSAValue | None, reset: BitsAttr | None, name: StringAttr | None
    ) -> RegisterOp:
        """A register of the width of `next_value`."""
        properties: dict[str, Attribute] = {}
        if reset is not None:
            properties["reset"] = reset
        if name is not None:
            properties["name"] = name
        operands = (next_value,) if enable is None else (next_value, enable)
        return cls.create(operands=operands, result_types=(next_value.type,), properties=properties)

    @property
    def width(self) -> int:
        return width_of(self.result)

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        # Before its first reset a register is unknown, so that this only makes it known earlier.
        stays = self.next == self.result or (self.enable is not None and constant_value(self.enable) == 0)
        if stays:
            return (BitsAttr.of(0, self.width) if self.reset is None else self.reset,)
        if self.reset is not None and constant_value(self.next) == self.reset.value:
            return (self.reset,)
        return None

    def verify_(self) -> None:
        if self.next.type != self.result.type:
            raise VerifyException(f"operand next has type {self.next.type}, expected {self.result.type}")
        if self.enable is not None and width_of(self.enable) != 1:
            raise VerifyException(f"the enable has type {self.enable.type}, expected i1")
        if self.reset is not None and self.reset.width != self.width:
            raise VerifyException(
                f"a reset value of {self.reset.width} bits does not suit a register of {self.width} bits"
            )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        if self.register_name is not None:
            printer.print_string_literal(self.register_name.data)
            printer.print_string(" ")
        printer.print_ssa_value(self.next)
        if self.enable is not None:
            printer.print_string(" enable ")
            printer.print_ssa_value(self.enable)
        if self.reset is not None:
            printer.print_string(f" reset {integer_text(self.reset.value)}")
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> RegisterOp:
        name = parser.parse_optional_str_literal()
        next_value = parser.parse_unresolved_operand()
        enable = None
        if parser.parse_optional_keyword("enable"):
            enable = parser.resolve_operand(parser.parse_unresolved_operand(), bits_type(1))
        reset = parser.parse_integer(allow_boolean=False) if parser.parse_optional_keyword("reset") else None
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        result_type = parse_bits_type(parser)
        width = result_type.width.data
        if reset is not None and not -(1 << width) // 2 <= reset < 1 << width:
            parser.raise_error(f"reset value {integer_text(reset)} does not fit i{width}")
        op = cls.create_from(
            parser.resolve_operand(next_value, result_type),
            enable,
            None if reset is None else BitsAttr.of(reset, width),
            None if name is None else StringAttr(name),
        )
        op.attributes.update(attributes)
        return op
