"""Encodings: what the digits of a spike train are and what they weigh. Each has a file of its own.

A new one is a file with a class derived from `WeightedAttr`, and a line in `BUILT_IN`, or in the entry point group
`e3ne.encodings` of another package.
"""

from functools import cache
from importlib.metadata import entry_points

from e3ne.dialects.snn.encodings.base import Digits, EncodingAttr, Integers
from e3ne.dialects.snn.encodings.bipolar import BipolarAttr
from e3ne.dialects.snn.encodings.direct import DirectAttr
from e3ne.dialects.snn.encodings.phase import PhaseAttr
from e3ne.dialects.snn.encodings.radix import MAX_RADIX_STEPS, RadixAttr
from e3ne.dialects.snn.encodings.rate import RateAttr
from e3ne.dialects.snn.encodings.ttfs import TtfsAttr
from e3ne.dialects.snn.encodings.ttfs_linear import TtfsLinearAttr
from e3ne.dialects.snn.encodings.weighted import WeightedAttr, emit
from e3ne.errors import E3neError

BUILT_IN: tuple[type[EncodingAttr], ...] = (
    BipolarAttr,
    DirectAttr,
    PhaseAttr,
    RadixAttr,
    RateAttr,
    TtfsAttr,
    TtfsLinearAttr,
)
GROUP = "e3ne.encodings"


@cache
def all_encodings() -> tuple[type[EncodingAttr], ...]:
    """All encodings: those of the dialect, and those that installed packages name. Raises E3neError for others."""
    found = list(BUILT_IN)
    for entry in entry_points(group=GROUP):
        try:
            encoding: object = entry.load()
        except Exception as error:  # whatever another package's module raises as it is imported
            raise E3neError(f"entry point {entry.name} of {GROUP} ({entry.value}) cannot be loaded: {error}") from error
        if not isinstance(encoding, type) or not issubclass(encoding, EncodingAttr):
            raise E3neError(f"entry point {entry.name} of {GROUP} is {entry.value}, which is no encoding")
        if encoding.name in (other.name for other in found):
            raise E3neError(f"entry point {entry.name} of {GROUP}: there are two encodings called {encoding.name}")
        found.append(encoding)
    return tuple(found)


def neuron_encodings() -> dict[str, type[WeightedAttr]]:
    """The encodings that neurons of one frame emit, by their short names."""
    return {each.short_name(): each for each in all_encodings() if issubclass(each, WeightedAttr)}


__all__ = [
    "BUILT_IN",
    "GROUP",
    "MAX_RADIX_STEPS",
    "BipolarAttr",
    "Digits",
    "DirectAttr",
    "EncodingAttr",
    "Integers",
    "PhaseAttr",
    "RadixAttr",
    "RateAttr",
    "TtfsAttr",
    "TtfsLinearAttr",
    "WeightedAttr",
    "all_encodings",
    "emit",
    "neuron_encodings",
]
