"""Encodings: what the digits of a spike train are and what they weigh."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

Integers = npt.NDArray[np.integer]

MAX_RADIX_STEPS = 16
"""Trains of sums may be longer than the 8 steps that a neuron emits at most."""


class EncodingAttr(ParametrizedAttribute, ABC):
    """An encoding gives a train of `steps` digits one integer value; passes and units use only this interface."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """The number of time steps T of a train."""

    @property
    @abstractmethod
    def levels(self) -> int:
        """The number of values that a train can have; the values are 0 ... levels - 1."""

    @abstractmethod
    def encode(self, values: Integers) -> npt.NDArray[np.uint8]:
        """The digits of values, time step first: shape (T, *values.shape); values must be in 0 ... levels - 1."""

    @abstractmethod
    def decode(self, digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """The values of digits of shape (T, ...): the inverse of `encode`."""


@irdl_attr_definition
class RadixAttr(EncodingAttr):
    """`#snn.radix<T>`: digits 0 or 1, most significant first; T steps carry 2^T levels."""

    name = "snn.radix"

    step_count: IntAttr

    @staticmethod
    def of(steps: int) -> RadixAttr:
        """The radix encoding of `steps` time steps."""
        return RadixAttr(IntAttr(steps))

    @property
    def steps(self) -> int:
        """The number of time steps T."""
        return self.step_count.data

    @property
    def levels(self) -> int:
        """2^T."""
        return 1 << self.steps

    def encode(self, values: Integers) -> npt.NDArray[np.uint8]:
        """Digit t of a value is its bit T - 1 - t."""
        shifts = np.arange(self.steps - 1, -1, -1).reshape(-1, *([1] * values.ndim))
        return ((values.astype(np.int64)[None] >> shifts) & 1).astype(np.uint8)

    def decode(self, digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """The sum of digit t times 2^(T - 1 - t)."""
        value = np.zeros(digits.shape[1:], np.int64)
        for digit in digits:
            value = 2 * value + digit
        return value

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<T>`."""
        with parser.in_angle_brackets():
            return (IntAttr(parser.parse_integer(allow_boolean=False)),)

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<T>`."""
        with printer.in_angle_brackets():
            printer.print_int(self.steps)

    def verify(self) -> None:
        """T is 1 ... 16."""
        if not 1 <= self.steps <= MAX_RADIX_STEPS:
            raise VerifyException(f"radix encoding has 1 to {MAX_RADIX_STEPS} steps, not {self.steps}")
