"""Where the codes of a quantised activation change, in exact arithmetic: no rounding error can move a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from e3ne.frontends.onnx.description import Rounding

_PLACES = 96
"""Binary places of the estimate of a root; what it says is checked, so that they only save work."""


@dataclass(frozen=True)
class Root:
    """√square of a positive rational number."""

    square: Fraction

    def estimate(self) -> Fraction:
        """Below the root by less than 2^-96 of 1 / its denominator."""
        top, bottom = self.square.numerator, self.square.denominator
        return Fraction(isqrt((top * bottom) << (2 * _PLACES)), bottom << _PLACES)

    def exceeds(self, factor: Fraction, other: Fraction) -> int:
        """1, 0, −1: the sign of factor · root − other."""
        left, right = factor * abs(factor) * self.square, other * abs(other)
        return (left > right) - (left < right)


@dataclass(frozen=True)
class Ramp:
    """y = slope · (V · unit + offset) / root + shift of an integer membrane V; slope and unit are positive."""

    unit: Fraction
    offset: Fraction
    slope: Fraction
    root: Root
    shift: Fraction

    def first(self, level: Fraction, least: int, most: int, *, strict: bool) -> int:
        """The least V of least … most with y ≥ level, or with `strict` y > level; most + 1 if there is none."""
        # V ≥ (level − shift) / (slope · unit) · root − offset / unit
        factor, base = (level - self.shift) / (self.slope * self.unit), -self.offset / self.unit
        guess = -((-(base + factor * self.root.estimate())) // 1)
        low, high = least, most + 1
        guess = min(max(guess, low), high)
        while low < high:
            # the guess and the number before it decide, but for a huge factor, whose guess is far off
            probe = guess - 1 if low < guess <= high else guess if low == guess < high else (low + high) // 2
            if self._reaches(probe, factor, base, strict):
                high = probe
            else:
                low = probe + 1
        return low

    def _reaches(self, membrane: int, factor: Fraction, base: Fraction, strict: bool) -> bool:
        sign = self.root.exceeds(factor, membrane - base)
        return sign < 0 or (sign == 0 and not strict)

    @property
    def scale(self) -> float:
        """Y for each 1 of the membrane, nearly."""
        return float(self.slope * self.unit / self.root.estimate())

    @property
    def zero(self) -> Fraction:
        """Y in units of `scale` for the membrane 0, nearly."""
        return (self.offset + self.shift * self.root.estimate() / self.slope) / self.unit


def level_of(code: int, rounding: Rounding) -> tuple[Fraction, bool]:
    """(level, strict): a number that is not negative is rounded to `code` or more from there on, or only above."""
    match rounding:
        case "half_even":
            return Fraction(2 * code - 1, 2), code % 2 == 1
        case "half_up":
            return Fraction(2 * code - 1, 2), False
        case "half_down":
            return Fraction(2 * code - 1, 2), True
        case "floor" | "down":
            return Fraction(code), False
        case "ceil" | "up":
            return Fraction(code - 1), True
