"""What choices cost at least, before any of them is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from e3ne.dialects.dataflow import LUT_SIZES, MatvecOp, StreamType, UnitOp, integers_of
from e3ne.units.interface import Choice


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


def least(
    op: UnitOp, weights: WeightUse | None, taken: StreamType | None, choices: Sequence[Choice]
) -> tuple[int, float]:
    """Cycles an image and LUTs that each of some choices takes at least; they differ in how a unit is built alone.

    A layer that visits spikes takes, at most, a cycle for each input and step, and half a LUT or more for each bit of
    its membranes. Any other one takes a cycle for each set of weights. Of its heaps' bits no LUT removes more than one;
    what the bits are follows from the weights that are not zero: an adder has one or more for each, a table of up to
    six inputs half a bit for each, since its sums have more values than it has inputs. Shared sums have no such bound:
    all outputs may be one. But each digit of an input that has weights goes into a LUT, which takes six, or is a bit of
    an output.
    """
    choice = choices[0]
    if not isinstance(op, MatvecOp) or taken is None or weights is None:
        return 0, 0.0
    if op.is_folded and not choice:
        return 0, 0.0
    outputs, parallel = int(choice["output_lanes"]), int(choice["parallel_steps"])
    given = outputs * op.value_bits.value.data
    if choice.get("implementation", op.implementation.data) == "event":
        groups = op.outputs.value.data // outputs
        return taken.pixels * groups * taken.channels * taken.steps, given / 2
    lanes = outputs * int(choice["input_lanes"]) * parallel
    cycles = taken.pixels * op.outputs.value.data * taken.channels * taken.steps // lanes
    if any(each.get("implementation", op.implementation.data) == "shared" for each in choices):
        return cycles, max(0.0, (weights.inputs * parallel - given) / LUT_SIZES[-1])
    return cycles, max(0.0, weights.density * lanes / 2 - given)
