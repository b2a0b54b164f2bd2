"""The interface of encodings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

Integers = npt.NDArray[np.integer]
Digits = npt.NDArray[np.integer]


class EncodingAttr(ParametrizedAttribute, ABC):
    """What a train of T digits means; passes and units use only this interface.

    Synapses add digits up by *frames*. A train of one frame is one number: its digits have weights, and a neuron's
    membrane is the sum over all of them. In a train of T frames each time step is a number by itself, and a neuron has
    a membrane in each.

    The *numbers* of a frame, 0 ... greatest, are what interpreter and hardware hand on, in binary: a synapse is linear
    in digits, so adding up weight of synapse times weight of step, digit by digit, is adding weight times value. The
    *value* that synapses see is least + gap * number.
    """

    PARAMETERS: ClassVar[tuple[tuple[str, int], ...]]
    """name and greatest value of each number in the angle brackets; the least is 1"""

    @classmethod
    def of(cls, *numbers: int) -> Self:
        """The encoding with these numbers in its angle brackets."""
        return cls.new([IntAttr(number) for number in numbers])

    @classmethod
    def short_name(cls) -> str:
        """The name without the dialect's, as an option has it: ttfs-linear."""
        return cls.name.partition(".")[2].replace("_", "-")

    @property
    def steps(self) -> int:
        """The number of time steps T of a train."""
        return len(self.weights)

    @property
    @abstractmethod
    def frames(self) -> int:
        """1, or T where each time step is a number by itself."""

    @property
    @abstractmethod
    def digits(self) -> Sequence[int]:
        """What a digit can be, in ascending order."""

    @property
    @abstractmethod
    def weights(self) -> tuple[int, ...]:
        """What a digit of 1 weighs, for each time step."""

    @property
    @abstractmethod
    def greatest(self) -> int:
        """The greatest number of a frame."""

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The numbers that a frame can be, ascending from 0 to `greatest`; what lies between two is rounded down."""
        return np.arange(self.greatest + 1, dtype=np.int64)

    @property
    def levels(self) -> int:
        """How many numbers a frame can be."""
        return len(self.numbers)

    @property
    def is_complete(self) -> bool:
        """Whether a frame can be every number 0 ... greatest."""
        return self.levels == self.greatest + 1

    @property
    def least(self) -> int:
        """The value of number 0."""
        return 0

    @property
    def gap(self) -> int:
        """By how much values of neighbouring numbers differ."""
        return 1

    @property
    def highest(self) -> int:
        """The value of number `greatest`."""
        return self.least + self.gap * self.greatest

    @property
    def has_zero(self) -> bool:
        """Whether a digit can be 0: windows can be padded, since padding is digit 0 in every step."""
        return 0 in self.digits

    @property
    def bits(self) -> int:
        """Binary digits of a frame's number. Hardware streams these, so they are what synapses cost."""
        return self.greatest.bit_length()

    @abstractmethod
    def encode(self, values: Integers) -> Digits:
        """The digits of values, time step first: shape (T, *values.shape)."""

    @abstractmethod
    def decode(self, digits: Digits) -> npt.NDArray[np.int64]:
        """The values of digits of shape (T, ...): the inverse of `encode`."""

    def spikes(self, numbers: Integers) -> npt.NDArray[np.int64]:
        """How many spikes there are in the trains of numbers: the digits that are not 0, (*numbers.shape)."""
        digits = self.encode(self.least + self.gap * numbers.astype(np.int64))
        return np.count_nonzero(digits, axis=0)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parses `<n, ...>`."""
        with parser.in_angle_brackets():
            numbers = [parser.parse_integer(allow_boolean=False)]
            for _ in cls.PARAMETERS[1:]:
                parser.parse_punctuation(",")
                numbers.append(parser.parse_integer(allow_boolean=False))
        return [IntAttr(number) for number in numbers]

    def print_parameters(self, printer: Printer) -> None:
        """Prints `<n, ...>`."""
        with printer.in_angle_brackets():
            printer.print_list([cast(IntAttr, each).data for each in self.parameters], printer.print_int)

    def verify(self) -> None:
        """Every number in the angle brackets is within its limits."""
        for (name, most), number in zip(self.PARAMETERS, self.parameters, strict=True):
            if not 1 <= (found := cast(IntAttr, number).data) <= most:
                raise VerifyException(f"{self.short_name()} encoding has 1 to {most} {name}, not {found}")
