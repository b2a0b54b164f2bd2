"""The sampled grid: matrix-vector units of every implementation."""

from __future__ import annotations

import numpy as np

from e3ne.analysis.ranges import synapse_range
from e3ne.calibration.drawing import Draw, placed, require, weights
from e3ne.dialects.dataflow import (
    MatvecOp,
    Order,
    StreamType,
    UnitOp,
)
from e3ne.dialects.parameter import signed_width
from e3ne.units.interface import Choice
from e3ne.units.matvec_table import MAXIMAL_FOLD_BITS
from e3ne.units.synapses import Fold


def table(draw: Draw) -> UnitOp:
    """A matrix-vector unit of tables."""
    groups, chunks, steps = draw.of(1, 1, 1, 2, 3, 4), draw.of(1, 1, 1, 2, 3), draw.of(1, 2, 3, 4, 4, 6)
    parallel = draw.divisor(steps)
    outputs, inputs = draw.between(1, 16), draw.of(6, 9, 16, 25, 27, 36, 50, 75, 100, 150)
    require(outputs * inputs * parallel <= (700 if draw.large else 250))
    fold = Fold(groups, chunks, steps // parallel)
    require(fold.address_bits <= MAXIMAL_FOLD_BITS)
    require(fold.address_bits < 3 or outputs * inputs * parallel <= 400)
    return _matvec(draw, fold, outputs, inputs, parallel, {"implementation": "table"})


def shared(draw: Draw) -> UnitOp:
    """A matrix-vector unit of shared sums: all weights at once, now and then sparse or with equal kernels."""
    steps = draw.of(1, 2, 3, 4, 4, 6)
    parallel = draw.divisor(steps)
    outputs, inputs = draw.between(2, 20), draw.of(6, 9, 16, 25, 27, 36, 50, 75, 100, 150)
    structure = draw.of(0, 0, 0, 1, 2)
    # Of a small one that is pruned nothing is left but outputs that are constant.
    require((200 if structure else 60) <= outputs * inputs * parallel <= (900 if draw.large else 300))
    fold = Fold(1, 1, steps // parallel)
    return _matvec(draw, fold, outputs, inputs, parallel, {"implementation": "shared"}, structure)


def dense(draw: Draw) -> UnitOp:
    """A layer over one vector that keeps its inputs: all time steps at once, the totals of all groups in a memory."""
    groups, chunks, steps = draw.between(2, 60), draw.between(2, 60), draw.of(1, 2, 3, 4, 4, 6)
    outputs, inputs = draw.between(1, 16), draw.between(1, 40)
    require(6 <= outputs * inputs * steps <= (400 if draw.large else 150))
    fold = Fold(groups, chunks, 1, True)
    memory = draw.word("block", "block", "block", "distributed")
    require(3 <= fold.words <= 2048 and (memory == "block" or outputs * inputs * fold.words <= 2000))
    return _matvec(draw, fold, outputs, inputs, steps, {"implementation": "adder", "weight_memory": memory})


def adder(draw: Draw) -> UnitOp:
    """A matrix-vector unit of gated weights from a memory."""
    groups, chunks, steps = draw.of(1, 2, draw.between(2, 40)), draw.of(1, draw.between(2, 40)), draw.of(1, 2, 3, 4, 6)
    parallel = draw.divisor(steps)
    outputs, inputs = draw.between(1, 10), draw.between(3, 40)
    require(12 <= outputs * inputs * parallel <= (400 if draw.large else 100))
    memory = draw.word("block", "block", "distributed")
    fold = Fold(groups, chunks, steps // parallel)
    # With one or two words most weights are constants, and tables the better choice.
    require(3 <= fold.words <= 1024 and (memory == "block" or outputs * inputs * fold.words <= 2000))
    return _matvec(draw, fold, outputs, inputs, parallel, {"implementation": "adder", "weight_memory": memory})


def event(draw: Draw) -> UnitOp:
    """A layer over one vector that visits its spikes: narrow and wide beats, few and many accumulators."""
    groups, chunks, steps = (
        draw.of(1, 1, 1, 2, 3, draw.between(2, 20)),
        draw.of(1, 1, 2, 3, 4, 8),
        draw.of(1, 2, 3, 4, 4, 6),
    )
    outputs, inputs = draw.between(1, 84), draw.between(1, 128)
    require(outputs + inputs >= 8 and outputs + inputs <= (200 if draw.large else 60))
    rows = groups * chunks * inputs
    memory = draw.word("block", "block", "distributed")
    require(3 <= rows <= 2048 and (memory == "block" or outputs * rows <= 2000))
    fold = Fold(groups, chunks, steps)
    return _matvec(draw, fold, outputs, inputs, 1, {"implementation": "event", "weight_memory": memory}, pixels=1)


def _matvec(
    draw: Draw,
    fold: Fold,
    outputs: int,
    inputs: int,
    parallel: int,
    choice: Choice,
    structure: int = 0,
    pixels: int = 5,
) -> UnitOp:
    """`structure` 1 prunes two thirds of the weights, 2 takes each kernel for three inputs."""
    steps = fold.step_beats * parallel
    matrix = weights(draw, outputs * fold.groups, inputs * fold.chunks)
    if structure == 1:
        matrix = np.where(draw.arrays().random(matrix.shape) < 2 / 3, 0, matrix)
    elif structure == 2:
        matrix = matrix[:, np.arange(matrix.shape[1]) // 3]
    bias = None
    if draw.of(0, 0, 1):
        bias = np.rint(draw.arrays().laplace(size=len(matrix)) * 20).astype(np.int64)
    low, high = synapse_range(matrix, (1 << steps) - 1, bias)
    bits = max(signed_width(low), signed_width(high))
    may_hold = fold.groups > 1 and fold.step_beats == 1 and choice["implementation"] != "event"
    held = fold.held or (may_hold and draw.of(0, 1) == 1)
    outer = fold.chunks > 1 and fold.step_beats > 1 and draw.of(0, 1) == 1
    order = Order.STEPS_OUTER if outer else Order.STEPS_INNER
    taken = StreamType.of(
        1,
        pixels,
        matrix.shape[1],
        steps=steps,
        lanes=inputs,
        parallel=parallel,
        repeat=1 if held else fold.groups,
        order=order,
    )
    folding: Choice = {
        "output_lanes": outputs,
        "input_lanes": inputs,
        "parallel_steps": parallel,
        "order": order.value,
        "stationary": "input" if held else "output",
    }
    parameters = {"w": matrix} | ({} if bias is None else {"b": bias})
    return placed(
        taken.without_layout(),
        lambda stream: MatvecOp(draw.name, "layer", stream, "w", len(matrix), bits, None if bias is None else "b"),
        parameters,
        {**folding, **choice},
        taken,
    )
