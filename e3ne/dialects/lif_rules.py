"""The rules of integrate-and-fire neurons that `snn` and `dataflow` share: their names, and which go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Operation

FIRES = ("gt", "ge")
RESETS = ("subtract", "value", "none")
TIMINGS = ("same_step", "next_step", "compared")
RECURRENCE = ("recurrent", "recurrent_bias")

Element = TypeVar("Element", bound=np.generic)


def rule_problem(fires: str, reset: str, timing: str, *, several: bool, loses_input: bool) -> str | None:
    """What is wrong with the rules of a neuron, as a clause; None if nothing is."""
    for name, chosen, legal in (("fires", fires, FIRES), ("reset", reset, RESETS), ("timing", timing, TIMINGS)):
        if chosen not in legal:
            return f"{name} is one of {', '.join(legal)}, not {chosen}"
    if several and (timing, reset, fires) != ("same_step", "subtract", "ge"):
        return "several spikes a step go with fires ge, reset subtract, timing same_step"
    if timing == "compared" and (reset, fires) != ("subtract", "gt"):
        return f"timing compared goes with reset subtract and fires gt, not {reset} and {fires}"
    if loses_input and (timing, reset) != ("next_step", "value"):
        return "loses_input goes with reset value and timing next_step"
    return None


def symbols_of(op: Operation, fields: Iterable[str]) -> dict[str, SymbolRefAttr]:
    """The parameters that a neuron has, of these fields, by the name of the field."""
    found = {name: op.properties.get(name) for name in fields}
    return {name: symbol for name, symbol in found.items() if isinstance(symbol, SymbolRefAttr)}


def recurrence_of(
    found: Mapping[str, NDArray[Element]], channels: int, kind: type[Element]
) -> tuple[NDArray[Element], NDArray[Element]] | None:
    """Recurrent weights (channels, channels) and biases (channels,), zeros where there are none; None without both."""
    if not found:
        return None
    return (
        found.get("recurrent", np.zeros((channels, channels), kind)),
        found.get("recurrent_bias", np.zeros(channels, kind)),
    )
