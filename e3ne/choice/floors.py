"""What choices cost at least, before any of them is built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from e3ne.dialects.dataflow import LUT_SIZES, MatvecOp, Order, StreamType, UnitOp, integers_of
from e3ne.units.accumulator import granularity
from e3ne.units.interface import Choice
from e3ne.units.matvec_matrix import Matrix
from e3ne.units.matvec_table import MINIMAL_SPIKES
from e3ne.units.shared_parts import shared_parts
from e3ne.units.shared_plan import shared_plan_of
from e3ne.units.synapses import Fold


@dataclass(frozen=True)
class WeightUse:
    """The share of a layer's weights that are not zero, and the inputs that have any."""

    density: float
    inputs: int

    @staticmethod
    def of(op: MatvecOp) -> WeightUse:
        """Counts the weights of a layer."""
        weights = integers_of(op, op.weights)
        return WeightUse(np.count_nonzero(weights) / weights.size, int(np.count_nonzero(weights.any(axis=0))))


def least_cycles(op: UnitOp, weights: WeightUse | None, taken: StreamType | None, choice: Choice) -> int:
    """Cycles an image that a choice takes at least.

    A layer that visits spikes takes, at most, a cycle for each input and step; any other one takes a cycle for each set
    of weights.
    """
    if not isinstance(op, MatvecOp) or taken is None or weights is None or (op.is_folded and not choice):
        return 0
    outputs, inputs, parallel = _lanes(choice)
    if _implementation(op, choice) == "event":
        return taken.pixels * (op.outputs.value.data // outputs) * taken.channels * taken.steps
    return taken.pixels * op.outputs.value.data * taken.channels * taken.steps // (outputs * inputs * parallel)


def least_lut(op: UnitOp, weights: WeightUse | None, taken: StreamType | None, choice: Choice) -> float:
    """LUTs that a choice takes at least.

    Of the bits of a heap no LUT removes more than one. What the bits are follows from the weights that are not zero: an
    adder has one or more for each, and a table whose LUTs leave room for some spikes beside the number of the fold as
    many as tell the sums apart, of which there are more than weights. Shared sums have no such bound, since all outputs
    may be one; but each digit of an input that has weights goes into a LUT, or is a bit of an output, and what takes
    several time steps at once serves for one, where the digits of the others are 0. Where spikes are visited, half a
    LUT or more is taken for each bit of the membranes.
    """
    if not isinstance(op, MatvecOp) or taken is None or weights is None or (op.is_folded and not choice):
        return 0.0
    outputs, inputs, parallel = _lanes(choice)
    given = outputs * op.value_bits.value.data
    implementation = _implementation(op, choice)
    if implementation == "event":
        return given / 2
    if implementation == "shared":
        inside = max(0.0, (weights.inputs * parallel - given) / LUT_SIZES[-1])
        return inside if parallel == 1 else max(inside, _shared_luts_of_one_step(op, taken.steps))
    share = 1.0
    if implementation == "table":
        groups, chunks = op.outputs.value.data // outputs, taken.channels // inputs
        spikes = op.lut_size - Fold(groups, chunks, 1).address_bits
        share = min(number.bit_length() / number for number in range(1, max(MINIMAL_SPIKES, spikes) + 1))
    return max(0.0, share * weights.density * outputs * inputs * parallel - given)


def _shared_luts_of_one_step(op: MatvecOp, steps: int) -> int:
    multiple = granularity(Fold(1, 1, steps), Order.STEPS_INNER, 1)
    plan = shared_plan_of(Matrix.of(op), 1, multiple, op.value_bits.value.data, op.lut_size)
    return shared_parts(plan, op.lut_size).luts


def _lanes(choice: Choice) -> tuple[int, int, int]:
    return int(choice["output_lanes"]), int(choice["input_lanes"]), int(choice["parallel_steps"])


def _implementation(op: MatvecOp, choice: Choice) -> int | str:
    return choice.get("implementation", op.implementation.data)
