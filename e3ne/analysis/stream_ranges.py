"""Interval analysis of a dataflow graph: what every stream and every membrane can reach, from the actual weights.

Written apart from the conversion that chooses the widths, which asks the network's types: two accounts of the same
numbers, one of which proves that the other leaves room for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.membranes import LifReach
from e3ne.analysis.ranges import drive_range, synapse_range
from e3ne.dialects.dataflow import (
    ArgmaxOp,
    FireOp,
    GraphOp,
    LifOp,
    MatvecOp,
    SinkOp,
    SourceOp,
    SumFramesOp,
    TransformOp,
    UnitOp,
    WindowOp,
    integers_of,
    units_of,
)
from e3ne.dialects.dataflow.base import as_tuple
from e3ne.dialects.parameter import signed_width

Interval = tuple[int, int]

STREAM = "an element of its stream"
"""What each unit with an output gives."""

MEMBRANE = "a membrane"
TOTAL = "a sum over frames"
SUMS = (MEMBRANE, TOTAL)
"""What units add up."""


@dataclass(frozen=True)
class UnitRange:
    """An integer of a unit: what it can be, and the bits that hold it, negative where they are two's complement."""

    unit: str
    what: str
    low: int
    high: int
    bits: int

    @property
    def needed(self) -> int:
        """The bits that all of it needs, in the same notation."""
        if self.bits < 0:
            return -signed_width(np.array([self.low, self.high]))
        return max(1, self.high.bit_length())

    @property
    def fits(self) -> bool:
        """Whether nothing overflows."""
        return abs(self.needed) <= abs(self.bits) and (self.bits < 0 or self.low >= 0)

    def message(self) -> str:
        """What overflows, for people."""
        kind = "two's complement" if self.bits < 0 else "unsigned"
        have = f"{abs(self.bits)} bits ({kind})"
        return f"unit {self.unit}: {self.what} reaches {self.low} ... {self.high}, which {have} do not hold"


def stream_ranges(graph: GraphOp) -> list[UnitRange]:
    """The integers of all units in the order of the graph; a train is the number that its digits stand for."""
    found: list[UnitRange] = []
    known: dict[SSAValue, Interval] = {}
    for unit in units_of(graph):
        if isinstance(unit, SinkOp):
            signed = -1 if unit.input_type.signed else 1
            found.append(UnitRange(unit.unit_name, "a result", *known[unit.input], signed * unit.container.value.data))
            continue
        assert isinstance(unit, SourceOp | TransformOp)
        given = known[unit.input] if isinstance(unit, TransformOp) else (0, 0)
        inside, result = _inside(unit, given)
        known[unit.output] = result
        found += inside
        stream = unit.output_type
        bits = -stream.element_bits if stream.signed else stream.element_bits * stream.steps
        found.append(UnitRange(unit.unit_name, STREAM, *result, bits))
    return found


def _inside(unit: UnitOp, given: Interval) -> tuple[list[UnitRange], Interval]:
    """Integers inside a unit that takes `given`, and what it gives."""
    match unit:
        case SourceOp():
            numbers = None if unit.numbers is None else integers_of(unit, unit.numbers)
            return [], (0, (1 << unit.output_type.steps) - 1 if numbers is None else int(numbers[-1]))
        case WindowOp() if any(as_tuple(unit.padding)):
            return [], (min(given[0], 0), max(given[1], 0))
        case MatvecOp():
            bias = None if unit.bias is None else integers_of(unit, unit.bias)
            low, high = synapse_range(integers_of(unit, unit.weights), given[1], bias, given[0])
            result = int(low.min()), int(high.max())
            return [UnitRange(unit.unit_name, MEMBRANE, *result, -unit.value_bits.value.data)], result
        case FireOp():
            return [], _fired(unit, given)
        case LifOp():
            return _lif(unit, given)
        case SumFramesOp():
            frames = unit.input_type.frames
            result = given[0] * frames, given[1] * frames
            return [UnitRange(unit.unit_name, TOTAL, *result, -unit.value_bits.value.data)], result
        case ArgmaxOp():
            return [], (0, unit.input_type.channels - 1)
        case _:
            return [], given


def _fired(unit: FireOp, given: Interval) -> Interval:
    """Numbers rise with the value, so that its ends give the ends; what an encoding leaves out is rounded down."""
    bias, threshold = integers_of(unit, unit.bias), integers_of(unit, unit.threshold)
    emitted = unit.emitted
    low, high = (((end << unit.fraction_bits.value.data) + bias) // threshold for end in given)
    least, most = (np.searchsorted(emitted, code, side="right") - 1 for code in (int(low.min()), int(high.max())))
    return int(emitted[max(0, least)]), int(emitted[max(0, most)])


def _lif(unit: LifOp, given: Interval) -> tuple[list[UnitRange], Interval]:
    numbers = {name: integers_of(unit, symbol) for name, symbol in unit.symbols().items()}
    several = unit.several is not None
    rules = unit.reset.data, unit.timing.data, several, unit.decay_bits.value.data, unit.gain_bits.value.data
    drive = drive_range(*given, unit.recurrence(), (1 << unit.spike_bits.value.data) - 1)
    reach = LifReach(numbers, *rules).range(*drive, unit.input_type.frames)
    membrane = UnitRange(unit.unit_name, MEMBRANE, reach.low, reach.high, -unit.membrane_bits.value.data)
    return [membrane], (0, reach.most)


def overflows(graph: GraphOp) -> list[UnitRange]:
    """What does not fit."""
    return [each for each in stream_ranges(graph) if not each.fits]
