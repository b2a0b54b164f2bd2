"""Encodings: what the digits of a spike train are and what they weigh. Each has a file of its own.

A new one is a file with a class derived from `EncodingAttr`, and its name in `ENCODINGS`.
"""

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers
from e3ne.dialects.snn.encodings.direct import DirectAttr
from e3ne.dialects.snn.encodings.radix import MAX_RADIX_STEPS, RadixAttr
from e3ne.dialects.snn.encodings.rate import RateAttr

ENCODINGS: tuple[type[EncodingAttr], ...] = (DirectAttr, RadixAttr, RateAttr)
"""All encodings of the dialect."""

__all__ = [
    "ENCODINGS",
    "MAX_RADIX_STEPS",
    "Digits",
    "DirectAttr",
    "EncodingAttr",
    "Integers",
    "RadixAttr",
    "RateAttr",
]
