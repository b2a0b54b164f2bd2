"""Memories and their ports. They change at the rising edge of the one implicit clock."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import Literal, Self, cast

from xdsl.dialects.builtin import StringAttr
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    base,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import BitsAttr, MemoryType, WordsAttr, bits_type, width_of
from e3ne.dialects.rtl.base import BITS, StatefulOp, constant_value, print_attributes

MemoryStyle = Literal["distributed", "block", "registers"]
MEMORY_STYLES: tuple[MemoryStyle, ...] = ("distributed", "block", "registers")


class AllocatesResult(MemoryEffect):
    """The operation allocates what its result names, and nothing else: removable if unused, never merged."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.ALLOC, op.results[0])}


@irdl_op_definition
class MemoryOp(StatefulOp):
    """A memory: `rtl.memory "rows" distributed init #rtl.words<8, "00ff"> : !rtl.memory<16x8>`.

    It has at most one write port. Words that `init` does not give start unknown if there is a write port, and are 0
    without one (then it is a ROM, and must have `init`). An address of depth or more reads an undefined word, and
    must not be written.
    """

    name = "rtl.memory"

    memory_name = prop_def(StringAttr, prop_name="name")
    style_attr = prop_def(StringAttr, prop_name="style")
    init = opt_prop_def(WordsAttr)
    result = result_def(base(MemoryType))

    traits = traits_def(AllocatesResult())

    @classmethod
    def create_from(cls, name: str, memory: MemoryType, style: MemoryStyle, init: WordsAttr | None) -> MemoryOp:
        """A memory without ports yet."""
        properties: dict[str, Attribute] = {"name": StringAttr(name), "style": StringAttr(style)}
        if init is not None:
            properties["init"] = init
        return cls.create(result_types=(memory,), properties=properties)

    @property
    def memory_type(self) -> MemoryType:
        return self.result.type

    @property
    def style(self) -> MemoryStyle:
        return cast(MemoryStyle, self.style_attr.data)

    @property
    def write(self) -> MemoryWriteOp | None:
        """The write port, if there is one."""
        return next((use.operation for use in self.result.uses if isinstance(use.operation, MemoryWriteOp)), None)

    def verify_(self) -> None:
        memory, name = self.memory_type, self.memory_name.data
        if self.style_attr.data not in MEMORY_STYLES:
            raise VerifyException(
                f'memory "{name}" has style "{self.style_attr.data}", expected one of {", ".join(MEMORY_STYLES)}'
            )
        if self.init is not None and self.init.width != memory.width:
            raise VerifyException(
                f'memory "{name}" has words of {memory.width} bits, but init has words of {self.init.width}'
            )
        if self.init is not None and len(self.init.values) > memory.depth:
            raise VerifyException(f'memory "{name}" has {memory.depth} words, but init has {len(self.init.values)}')
        writes = sum(isinstance(use.operation, MemoryWriteOp) for use in self.result.uses)
        if writes > 1:
            raise VerifyException(f'memory "{name}" has {writes} write ports, at most one is allowed')
        if writes == 0 and self.init is None and self.result.first_use is not None:
            raise VerifyException(f'memory "{name}" is read but has neither a write port nor init')

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_string_literal(self.memory_name.data)
        printer.print_string(f" {self.style_attr.data}")
        if self.init is not None:
            printer.print_string(" init ")
            printer.print_attribute(self.init)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> MemoryOp:
        name = parser.parse_str_literal(" (memory name)")
        style = cast(MemoryStyle, parser.parse_identifier(" (memory style)"))
        init = None
        if parser.parse_optional_keyword("init"):
            init = parser.parse_attribute()
            if not isinstance(init, WordsAttr):
                parser.raise_error("expected #rtl.words<…>")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        op = cls.create_from(name, parse_memory_type(parser), style, init)
        op.attributes.update(attributes)
        return op


def parse_memory_type(parser: Parser) -> MemoryType:
    """A memory's type."""
    parsed = parser.parse_type()
    if not isinstance(parsed, MemoryType):
        parser.raise_error(f"expected a memory type, got {parsed}")
    return parsed


def verify_address(memory: MemoryType, address: SSAValue) -> None:
    """Raises VerifyException unless the address has exactly the bits that the depth needs."""
    if width_of(address) != memory.address_width:
        raise VerifyException(
            f"the address has type {address.type}, expected i{memory.address_width} for {memory.depth} words"
        )


class MemoryPortOp(StatefulOp, ABC):
    """A read or write port: `%mem[%address], %data enable %enable : !rtl.memory<16x8>`."""

    @property
    def memory(self) -> SSAValue:
        return self.operands[0]

    @property
    def address(self) -> SSAValue:
        return self.operands[1]

    @property
    def memory_type(self) -> MemoryType:
        return self.memory_op.memory_type

    @property
    def memory_op(self) -> MemoryOp:
        """The memory that this is a port of. Raises VerifyException if it is not a `rtl.memory`."""
        if not isinstance(self.memory.owner, MemoryOp):
            raise VerifyException("the memory operand is not the result of an rtl.memory")
        return self.memory.owner

    def verify_(self) -> None:
        _ = self.memory_op
        verify_address(self.memory_type, self.address)

    def print(self, printer: Printer) -> None:
        memory, address, *data = self.operands
        enable = None if isinstance(self, MemoryReadOp) else data.pop()
        printer.print_string(" ")
        printer.print_ssa_value(memory)
        printer.print_string("[")
        printer.print_ssa_value(address)
        printer.print_string("]")
        if data:
            printer.print_string(", ")
            printer.print_ssa_value(data[0])
        if enable is not None:
            printer.print_string(" enable ")
            printer.print_ssa_value(enable)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.memory_type)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        memory = parser.parse_unresolved_operand()
        parser.parse_punctuation("[")
        address = parser.parse_unresolved_operand()
        parser.parse_punctuation("]")
        data = parser.parse_unresolved_operand() if parser.parse_optional_punctuation(",") else None
        enable = parser.parse_unresolved_operand() if parser.parse_optional_keyword("enable") else None
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        memory_type = parse_memory_type(parser)
        operands: list[SSAValue] = [parser.resolve_operand(memory, memory_type)]
        operands.append(parser.resolve_operand(address, bits_type(memory_type.address_width)))
        if data is not None:
            operands.append(parser.resolve_operand(data, bits_type(memory_type.width)))
        if enable is not None:
            operands.append(parser.resolve_operand(enable, bits_type(1)))
        results = () if cls is MemoryWriteOp else (bits_type(memory_type.width),)
        return cls.create(operands=operands, result_types=results, attributes=attributes)


@irdl_op_definition
class MemoryWriteOp(MemoryPortOp):
    """Writes a word at the clock edge if `enable` is high: `rtl.memory_write %m[%a], %d enable %e : …`."""

    name = "rtl.memory_write"

    memory_operand = operand_def(base(MemoryType))
    address_operand = operand_def(BITS)
    data = operand_def(BITS)
    enable = operand_def(BITS)

    traits = traits_def(MemoryWriteEffect())

    def verify_(self) -> None:
        super().verify_()
        if width_of(self.data) != self.memory_type.width:
            raise VerifyException(f"the data has type {self.data.type}, expected i{self.memory_type.width}")
        if width_of(self.enable) != 1:
            raise VerifyException(f"the enable has type {self.enable.type}, expected i1")


class ReadPortOp(MemoryPortOp, HasFolderInterface, ABC):
    """A port with a result: a word of the memory."""

    # Reads see the state before the clock edge wherever they stand in the module, so that equal reads may be merged.
    traits = traits_def(Pure())

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        address = constant_value(self.address)
        if address is None or address < self.memory_type.depth:
            return None
        return (BitsAttr.of(0, width_of(self.results[0])),)  # an undefined word: any value will do

    def verify_(self) -> None:
        super().verify_()
        result = self.results[0]
        if width_of(result) != self.memory_type.width:
            raise VerifyException(f"the result has type {result.type}, expected i{self.memory_type.width}")


@irdl_op_definition
class MemoryReadOp(ReadPortOp):
    """The word at `address`, in the same cycle; not of a block memory: `rtl.memory_read %m[%a] : …`."""

    name = "rtl.memory_read"

    memory_operand = operand_def(base(MemoryType))
    address_operand = operand_def(BITS)
    result = result_def(BITS)

    def verify_(self) -> None:
        super().verify_()
        if self.memory_op.style == "block":
            raise VerifyException("a block memory has registered reads only")


@irdl_op_definition
class MemoryReadRegisteredOp(ReadPortOp):
    """The word at `address`, one clock edge later: `rtl.memory_read_registered %m[%a] enable %e : …`.

    The result changes only at an edge with `enable` high. If the same word is written at that edge, it is the old
    word. The result is not reset.
    """

    name = "rtl.memory_read_registered"

    memory_operand = operand_def(base(MemoryType))
    address_operand = operand_def(BITS)
    result = result_def(BITS)
    enable = operand_def(BITS)

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        # Never read, it stays unknown: any value will do.
        return (BitsAttr.of(0, width_of(self.result)),) if constant_value(self.enable) == 0 else super().fold()

    def verify_(self) -> None:
        super().verify_()
        if width_of(self.enable) != 1:
            raise VerifyException(f"the enable has type {self.enable.type}, expected i1")
