"""What all layer operations share: a layer name, one input, one output, a sliding window."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar, Literal, cast

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, operand_def, prop_def, result_def
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn.directives import IntsAttr, ints
from e3ne.dialects.snn.geometry import Window
from e3ne.dialects.snn.types import MembraneType, TrainType, shape_of

Kind = Literal["encode", "synapse", "norm", "neuron", "pool", "flatten", "sum", "output"]

NO_PADDING = ints((0, 0, 0, 0))
UNIT = ints((1, 1))


class LayerOp(IRDLOperation, ABC):
    """One step of a network; (layer, kind) identifies its result within the network."""

    KIND: ClassVar[Kind]

    layer = prop_def(StringAttr)
    input = operand_def()
    output = result_def()

    @property
    def layer_name(self) -> str:
        """The module path in the user's network with '_' for '.'."""
        return self.layer.data

    @property
    def is_integer(self) -> bool:
        """Whether the operation belongs to the integer form (its result is a train or a membrane)."""
        return isinstance(self.output.type, TrainType | MembraneType)

    def error(self, message: str) -> VerifyException:
        """A verification error that names the layer."""
        return VerifyException(f"layer '{self.layer_name}': {message}")

    def verify_shape(self, expected: Sequence[int]) -> None:
        """The result has the shape that follows from the operands."""
        found = shape_of(self.output.type)
        if found != tuple(expected):
            raise self.error(f"the result has shape {list(found)}, but {list(expected)} follows from the input")

    def verify_types(self, *allowed: tuple[type[Attribute], type[Attribute]]) -> None:
        """The types of input and result are one of the allowed pairs."""
        if not any(isinstance(self.input.type, a) and isinstance(self.output.type, b) for a, b in allowed):
            raise self.error(f"'{self.name}' cannot have input {self.input.type} and result {self.output.type}")

    def map_shape(self) -> tuple[int, int, int]:
        """The input's shape, which must be [C, H, W]."""
        shape = shape_of(self.input.type)
        if len(shape) != 3:
            raise self.error(f"'{self.name}' works on [C, H, W], not on {list(shape)}")
        return (shape[0], shape[1], shape[2])


def pair(op: LayerOp, name: str, attribute: IntsAttr) -> tuple[int, int]:
    """A [vertical, horizontal] attribute; raises `VerifyException` for another number of elements."""
    return cast(tuple[int, int], _sized(op, name, attribute, 2))


def quadruple(op: LayerOp, name: str, attribute: IntsAttr) -> tuple[int, int, int, int]:
    """A [top, left, bottom, right] attribute; raises `VerifyException` for another number of elements."""
    return cast(tuple[int, int, int, int], _sized(op, name, attribute, 4))


def checked_window(op: LayerOp, window: Window) -> Window:
    """The window itself if it fits the input of `op`; raises `VerifyException` otherwise."""
    _, height, width = op.map_shape()
    problems = window.problems(height, width)
    if problems:
        raise op.error("; ".join(problems))
    return window


def _sized(op: LayerOp, name: str, attribute: IntsAttr, size: int) -> tuple[int, ...]:
    values = attribute.get_values()
    if len(values) != size:
        raise op.error(f"{name} has {size} values, not {len(values)}")
    return values
