"""What all units share: a name, a layer, attributes of integers, and a rule from input type to output type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, operand_def, opt_prop_def, prop_def, result_def
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow.stream import StreamType

IntsAttr = DenseArrayBase[I64]

UNIT_FORMAT = "$input attr-dict `:` type($input) `->` type($output)"
"""How a unit with one input and one output is written."""


def number(value: int) -> IntegerAttr:
    """An i64 attribute."""
    return IntegerAttr(value, i64)


def numbers(values: Sequence[int]) -> IntsAttr:
    """An array attribute of i64."""
    return IntsAttr.from_list(i64, list(values))


def as_tuple(attribute: IntsAttr) -> tuple[int, ...]:
    """The integers of an array attribute."""
    return tuple(attribute.get_values())


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

    def _check_choice(self, name: str, chosen: StringAttr, choices: Sequence[str]) -> None:
        self._check(chosen.data in choices, f"{name} is one of {', '.join(choices)}, not {chosen.data}")

    def _check_at_least(self, least: int, **properties: IntegerAttr) -> None:
        for name, value in properties.items():
            self._check(value.value.data >= least, f"{name} is {least} or more, not {value.value.data}")


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

    def verify_choices(self) -> None:
        """Raises VerifyException when a property is illegal, whatever the layout of the input is."""

    def verify_(self) -> None:
        """Properties are legal, and the output's type is what the unit makes of its input."""
        self.verify_choices()
        expected = self.infer(self.input_type)
        self._check(expected == self.output_type, f"gives {expected}, not {self.output_type}")


def unit_properties(unit: str, layer: str, **more: Attribute | None) -> dict[str, Attribute | None]:
    """The properties that every unit has, and its own."""
    return {"unit": StringAttr(unit), "layer": StringAttr(layer), **more}
