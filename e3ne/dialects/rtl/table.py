"""The operation that looks up a word of a constant list."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.rtl.attributes import WordsAttr, bits_type, width_of
from e3ne.dialects.rtl.base import (
    BITS,
    CombinationalOp,
    parse_bits_type,
    print_attributes,
)

LARGEST_TABLE_ADDRESS = 24
"""Bits; a table of more words than this is a mistake."""


@irdl_op_definition
class TableOp(CombinationalOp):
    """Word number `address` of a constant list, at once: `rtl.table %a, #rtl.words<2, "0123"> : i2`.

    The type written is the address's. Addresses beyond the last word give 0.
    """

    name = "rtl.table"

    address = operand_def(BITS)
    words_attr = prop_def(WordsAttr, prop_name="words")
    result = result_def(BITS)

    @classmethod
    def create_from(cls, address: SSAValue, words: WordsAttr) -> TableOp:
        """A look-up of `words` at `address`."""
        return cls.create(operands=(address,), result_types=(bits_type(words.width),), properties={"words": words})

    @property
    def words(self) -> tuple[int, ...]:
        """The words that are given; those missing up to 2^address width are 0."""
        return self.words_attr.values

    def verify_(self) -> None:
        address = width_of(self.address)
        if address > LARGEST_TABLE_ADDRESS:
            raise VerifyException(f"an address of {address} bits is too wide, at most {LARGEST_TABLE_ADDRESS}")
        if len(self.words) > 1 << address:
            raise VerifyException(f"{len(self.words)} words cannot be addressed by {address} bits")
        if self.words_attr.width != self.width:
            raise VerifyException(f"words of {self.words_attr.width} bits cannot give type {self.result.type}")

    def evaluate(self, operands: Sequence[int]) -> int:
        return self.words[operands[0]] if operands[0] < len(self.words) else 0

    def simplify(self) -> SSAValue | int | None:
        words = self.words
        first = words[0]
        complete = len(words) == 1 << width_of(self.address)
        if all(word == first for word in words) and (complete or first == 0):
            return first
        if complete and self.address.type == self.result.type and words == tuple(range(len(words))):
            return self.address
        return None

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.address)
        printer.print_string(", ")
        printer.print_attribute(self.words_attr)
        print_attributes(self, printer)
        printer.print_string(" : ")
        printer.print_attribute(self.address.type)

    @classmethod
    def parse(cls, parser: Parser) -> TableOp:
        unresolved = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        words: Attribute = parser.parse_attribute()
        if not isinstance(words, WordsAttr):
            parser.raise_error("expected #rtl.words<…>")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        op = cls.create_from(parser.resolve_operand(unresolved, parse_bits_type(parser)), words)
        op.attributes.update(attributes)
        return op
