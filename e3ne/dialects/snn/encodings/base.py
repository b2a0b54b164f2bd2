"""The interface of encodings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer

Integers = npt.NDArray[np.integer]
Digits = npt.NDArray[np.uint16]


class EncodingAttr(ParametrizedAttribute, ABC):
    """What a train of T digits means; passes and units use only this interface.

    Synapses add digits up by *frames*. A train of one frame is one number: its digits have weights, and a neuron's
    membrane is the sum over all of them. In a train of T frames each time step is a number by itself, and a neuron has
    a membrane in each.
    """

    NUMBERS: ClassVar[int]
    """how many numbers are written in the angle brackets"""

    @property
    @abstractmethod
    def steps(self) -> int:
        """The number of time steps T of a train."""

    @property
    @abstractmethod
    def frames(self) -> int:
        """1, or T where each time step is a number by itself."""

    @property
    @abstractmethod
    def greatest(self) -> int:
        """The greatest number of a frame; the numbers are 0 ... greatest."""

    @property
    def levels(self) -> int:
        """How many numbers a frame can be."""
        return self.greatest + 1

    @property
    def bits(self) -> int:
        """Binary digits of a frame's number."""
        return self.greatest.bit_length()

    @abstractmethod
    def encode(self, values: Integers) -> Digits:
        """The digits of values, time step first: shape (T, *values.shape)."""

    @abstractmethod
    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The values of digits of shape (T, ...): the inverse of `encode`."""

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<n, ...>`."""
        with parser.in_angle_brackets():
            numbers = [parser.parse_integer(allow_boolean=False)]
            for _ in range(cls.NUMBERS - 1):
                parser.parse_punctuation(",")
                numbers.append(parser.parse_integer(allow_boolean=False))
        return [IntAttr(number) for number in numbers]

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<n, ...>`."""
        with printer.in_angle_brackets():
            printer.print_list([cast(IntAttr, each).data for each in self.parameters], printer.print_int)
