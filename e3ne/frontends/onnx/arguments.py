"""What a node's handler asks of it: attributes and constant inputs, checked."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np

from e3ne.errors import E3neError
from e3ne.frontends.onnx.description import Constant, Reals
from e3ne.frontends.onnx.source import MOST_ELEMENTS, RawNode

MOST_PADDING = 1 << 15


@dataclass(frozen=True, eq=False)
class Arguments:
    """A node with its constant inputs, by position. All methods raise `E3neError`, which does not name the node."""

    node: RawNode
    constants: Mapping[int, Constant]
    opset: int

    def integer(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int):
            raise E3neError(f"its {name} is no integer")
        return value

    def real(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise E3neError(f"its {name} is {value}, not a number")
        return float(value)

    def text(self, name: str, default: str) -> str:
        """An attribute that is text."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, str):
            raise E3neError(f"its {name} is no text")
        return value

    def integers(self, name: str, default: tuple[int, ...], count: int, least: int) -> tuple[int, ...]:
        """An attribute of `count` integers from `least` on."""
        value = self.node.attributes.get(name, default)
        found = tuple(item for item in value if isinstance(item, int)) if isinstance(value, tuple) else ()
        if not isinstance(value, tuple) or len(found) != len(value) or len(found) != count:
            raise E3neError(f"its {name} is {value}, not {count} integers (two-dimensional layers are supported)")
        if any(not least <= item <= MOST_PADDING for item in found):
            raise E3neError(f"its {name} is {list(found)}; {least} to {MOST_PADDING} is supported")
        return found

    def has(self, position: int) -> bool:
        """Whether there is an input."""
        return position < len(self.node.inputs) and bool(self.node.inputs[position])

    def constant(self, position: int, what: str) -> Constant:
        """An input that is a parameter, finite."""
        if not self.has(position):
            raise E3neError(f"it has no {what}")
        if position not in self.constants:
            raise E3neError(f"its {what} is computed by the network; it must be a stored parameter")
        found = self.constants[position]
        if found.values.size == 0:
            raise E3neError(f"its {what} '{self.node.inputs[position]}' has no elements")
        if found.values.dtype.kind == "f" and not np.isfinite(found.values).all():
            name = self.node.inputs[position]
            raise E3neError(f"its {what} '{name}' has an element that is infinite or not a number")
        return found

    def optional(self, position: int, what: str) -> Constant | None:
        """The same, if there is the input."""
        return self.constant(position, what) if self.has(position) else None

    def reals(self, position: int, what: str, channels: int) -> Reals:
        """A parameter of one number for each channel."""
        found = self.constant(position, what).reals()
        if found.shape != (channels,):
            raise E3neError(f"its {what} has shape {found.shape}, not ({channels},)")
        return found

    def numbers(self, position: int, name: str) -> tuple[int, ...] | None:
        """Integers of an input, or of the attribute that older versions have instead; None: neither is there."""
        if self.has(position):
            found = self.constant(position, name).values
            if found.ndim > 1 or found.dtype.kind not in "iu" or found.size > MOST_PADDING:
                raise E3neError(f"its {name} are not a few integers")
            return tuple(int(value) for value in found.reshape(-1))
        value = self.node.attributes.get(name)
        if value is None:
            return None
        found = tuple(item for item in value if isinstance(item, int)) if isinstance(value, tuple) else ()
        if not isinstance(value, tuple) or len(found) != len(value):
            raise E3neError(f"its {name} are not integers")
        return found


@contextmanager
def fitting_parameters() -> Generator[None]:
    """Whatever NumPy raises for parameters that do not fit a node, as an `E3neError` that does not name the node."""
    try:
        yield
    except MemoryError as error:
        raise E3neError("its parameters need more memory than there is") from error
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise E3neError(f"its parameters do not fit: {error}") from error


def normalised_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes from 0 on, of a tensor of `rank` dimensions; raises `E3neError` for others, and for those of one axis."""
    found = tuple(axis + rank if axis < 0 else axis for axis in axes)
    if any(not 0 <= axis < rank for axis in found) or len(set(found)) != len(found):
        raise E3neError(f"its axes are {list(axes)}; different ones of {rank} dimensions are needed")
    return found


def checked_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape itself, if it is not absurd."""
    if prod(shape) > MOST_ELEMENTS:
        raise E3neError(f"its result of {shape} has more than {MOST_ELEMENTS} elements")
    return shape
