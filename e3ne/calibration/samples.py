"""The sampled grid: for each kind of unit a way to draw one, of sizes that small and middling networks have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import count

import numpy as np
from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.test import TestOp

from e3ne.calibration.drawing import Draw, UnusableDrawError, in_module, placed, require
from e3ne.calibration.synapse_samples import adder, dense, event, shared, table
from e3ne.calibration.temporal_samples import lif, recurrent, sum_frames
from e3ne.devices.families import SMALL_LUT_FAMILIES, Family
from e3ne.dialects.dataflow import (
    ArgmaxOp,
    FifoOp,
    FireOp,
    MatvecOp,
    MaxPoolOp,
    Order,
    PoolOp,
    ReplayOp,
    ResizeOp,
    SinkOp,
    SourceOp,
    StreamType,
    UnitOp,
    WindowOp,
    number,
)
from e3ne.units.interface import Choice
from e3ne.units.window import DEEPEST_IN_LUTS


def fire(draw: Draw) -> UnitOp:
    """Neurons with thresholds around the values that come."""
    lanes, chunks, bits = draw.between(1, 20), draw.of(1, 1, draw.between(2, 24)), draw.between(6, 15)
    steps = draw.of(2, 3, 4, 4, 4, 5, 6, 8)
    parallel = draw.divisor(steps)
    stages, fraction = draw.divisor(parallel), draw.of(0, 2, 4, 8)
    memory = draw.word("distributed", "distributed", "block")
    words = chunks << (steps + (steps // stages > 1))
    require(words <= (4096 if memory == "block" else 512) and lanes * words * bits <= 60000)
    channels, arrays = lanes * chunks, draw.arrays()
    scale = 2.0 ** (bits - 1 + fraction) * draw.chosen.uniform(0.3, 0.9)
    theta = np.maximum(1, np.rint(scale / (1 << steps) * arrays.uniform(0.5, 1.5, channels))).astype(np.int64)
    bias = np.rint(arrays.laplace(size=channels) * scale * 0.05).astype(np.int64)
    taken = StreamType.of(2, 2, channels, steps=1, bits=-bits, lanes=lanes)
    choice: Choice = {"threshold_memory": memory, "stages": stages, "parallel_steps": parallel}
    return placed(
        taken,
        lambda stream: FireOp(draw.name, "layer", stream, "t", "b", fraction, steps),
        {"t": theta, "b": bias},
        choice,
    )


def window(draw: Draw) -> UnitOp:
    """Windows of convolutions and pools, over trains or values."""
    kernel = draw.of(1, 2, 2, 3, 3, 5, 5)
    # With pixels side by side among the channels a kernel has fewer columns, and a stride fewer pixels.
    columns = draw.of(kernel, kernel, -(-kernel // 2), -(-(kernel + 1) // 2))
    height, width = draw.between(5, 32), draw.between(5, 32)
    lanes, chunks = draw.between(1, 16), draw.of(1, 1, 2, 3, 4)
    stride, pad = draw.of(1, 1, 2) if kernel > 1 else 1, draw.of(0, 0, 1, kernel // 2)
    along = stride if columns == kernel else 1
    padding = (pad, min(pad, columns // 2), pad, min(pad, columns // 2)) if columns < kernel else (pad,) * 4
    memory = draw.word("distributed", "distributed", "block", "registers")
    if draw.of(0, 1, 2):
        steps = draw.of(1, 2, 3, 4, 4, 6)
        parallel = draw.divisor(steps)
        out, bits = draw.divisor(parallel), 1
    else:
        steps, parallel, out, bits = 1, 1, 0, -draw.between(6, 14)
    taken = StreamType.of(height, width, lanes * chunks, steps=steps, bits=bits, lanes=lanes, parallel=parallel)
    require(taken.beat_bits * kernel * columns <= 900)
    stored = width * taken.beats_per_pixel * (kernel - 1) * taken.beat_bits
    require(memory != "registers" or stored <= 1500)
    require(memory != "distributed" or (width + 2 * pad) * taken.beats_per_pixel <= DEEPEST_IN_LUTS)
    return placed(
        taken,
        lambda stream: WindowOp(draw.name, "layer", stream, (kernel, columns), (stride, along), padding),
        None,
        {"parallel_out": out, "memory": memory},
    )


def pool(draw: Draw) -> UnitOp:
    """Maxima of trains or of values."""
    size, windows = draw.of(2, 4, 4, 9), draw.between(1, 16)
    if draw.of(0, 1):
        taken = StreamType.of(3, 3, size * windows, steps=1, bits=-draw.between(6, 14), lanes=size * windows)
    else:
        taken = StreamType.of(3, 3, size * windows, steps=draw.of(2, 3, 4, 6), lanes=size * windows)
    return placed(taken, lambda stream: PoolOp(draw.name, "layer", stream, size))


def max_pool(draw: Draw) -> UnitOp:
    """Running maxima of values: row by row of a window, or a word for each value."""
    rows, columns, pixels = draw.of(1, 2, 2, 2, 3), draw.of(1, 2, 2, 2, 3), draw.of(1, 1, 1, 2, 4)
    height, width = rows * draw.between(1, 6) + draw.of(0, 0, 1), columns * draw.between(1, 16) + draw.of(0, 0, 1)
    lanes, chunks, bits = draw.between(1, 16), draw.of(1, 1, 1, 2, 3, 4), draw.between(6, 14)
    require(lanes * pixels * bits <= 400)
    taken = StreamType.of(height, width, lanes * pixels * chunks, steps=1, bits=-bits, lanes=lanes * pixels)
    return placed(taken, lambda stream: MaxPoolOp(draw.name, "layer", stream, (rows, columns), pixels))


def replay(draw: Draw) -> UnitOp:
    """Buffers of dense layers' inputs."""
    lanes, chunks, steps = draw.between(1, 60), draw.between(1, 60), draw.of(1, 2, 3, 4, 6)
    parallel = draw.divisor(steps)
    order = Order.STEPS_OUTER if draw.of(0, 1) else Order.STEPS_INNER
    taken = StreamType.of(1, 3, lanes * chunks, steps=steps, lanes=lanes, parallel=parallel)
    repeat, memory = draw.between(2, 60), draw.word("distributed", "block")
    return placed(taken, lambda stream: ReplayOp(draw.name, "layer", stream, repeat, order, memory))


def resize(draw: Draw) -> UnitOp:
    """Width converters in both directions."""
    small, factor, steps = draw.between(1, 16), draw.of(1, 2, 3, 4, 6, 10, 12), draw.of(1, 2, 4, 4, 6)
    before, after = (small, small * factor) if draw.of(0, 1) else (small * factor, small)
    first, second = draw.divisor(steps), draw.divisor(steps)
    require(max(first, second) % min(first, second) == 0 and (before, first) != (after, second))
    require(max(before, after) * steps <= 250)
    bits = 1 if steps > 1 else -draw.between(4, 12)
    taken = StreamType.of(2, 2, small * factor * 2, steps=steps, bits=bits, lanes=before, parallel=first)
    return placed(taken, lambda stream: ResizeOp(draw.name, "layer", stream, after, second))


def fifo(draw: Draw) -> UnitOp:
    """Buffers of all depths."""
    taken = StreamType.of(8, 8, draw.between(1, 200), steps=1)
    taken, depth = taken.replaced(lanes=taken.channels), draw.of(1, 2, 2, 3, 4, 5, 8, 16, 32, 64)
    return placed(taken, lambda stream: FifoOp(draw.name, "layer", stream, depth))


def argmax(draw: Draw) -> UnitOp:
    """Classes out of values that come in one beat or in several."""
    lanes, chunks = draw.of(1, 2, 5, 10, 16), draw.of(1, 1, 2, 5, 10)
    require(lanes * chunks > 1)
    taken = StreamType.of(1, 1, lanes * chunks, steps=1, bits=-draw.between(6, 16), lanes=lanes)
    return placed(taken, lambda stream: ArgmaxOp(draw.name, "layer", stream))


def source(draw: Draw) -> UnitOp:
    """Inputs of one to three channels."""
    channels, steps, side = draw.of(1, 1, 3, 2, 4), draw.of(1, 2, 3, 4, 5, 6, 8), draw.of(5, 8, 16, 28, 32)
    least = math.lcm(8, channels * steps)
    stream = StreamType.of(side, side, channels, steps=steps, lanes=channels, parallel=steps)
    op = SourceOp(draw.name, "input", least * draw.of(1, max(1, 64 // least), max(1, 128 // least)), stream)
    in_module(op)
    return op


def sink(draw: Draw) -> UnitOp:
    """Outputs of a few results a beat."""
    lanes, chunks, bits = draw.between(1, 10), draw.between(1, 10), draw.between(4, 20)
    stream = TestOp(result_types=[StreamType.of(1, 1, lanes * chunks, steps=1, bits=-bits, lanes=lanes)]).results[0]
    op = SinkOp(draw.name, "output", stream, next(size for size in (8, 16, 32) if size >= bits))
    in_module(op)
    return op


SHARES: Mapping[Callable[[Draw], UnitOp], int] = {
    table: 20, shared: 18, adder: 18, dense: 10, event: 10, fire: 18, window: 16, max_pool: 9, pool: 6, resize: 8,
    fifo: 8, replay: 7, argmax: 6, source: 5, sink: 4, lif: 12, sum_frames: 4, recurrent: 6,
}  # fmt: skip
"""Parts of the samples, in about a hundredth each: what costs most has most."""


LEAST = 24
"""Samples of a kind at least, if that is no more than a tenth: small units take Yosys no time, a few tell little."""


LARGE = 4
"""One in so many units may be large: their synthesis takes most of the time, and teaches little that is new."""


OTHER_TARGETS = 6
"""One in so many units is built as for the other kind of device: it may be chosen so, or be left so."""


_SMALL_LUTS: Mapping[type[UnitOp], Choice] = {
    MatvecOp: {"lut_inputs": 4, "control": "credit"},
    FireOp: {"search": "ahead"},
    FifoOp: {"multiplexer": "output"},
}
"""What is decided for 4-input LUTs: in each network for synapses and neurons, for FIFOs behind these."""


def _aim(op: UnitOp, draw: Draw, small_luts: bool) -> None:
    """Builds a unit for devices with 4-input LUTs, or not."""
    choice = next((choice for kind, choice in _SMALL_LUTS.items() if isinstance(op, kind)), None)
    if choice is None or small_luts == (draw.chosen.randrange(OTHER_TARGETS) == 0):
        return
    for name, value in choice.items():
        op.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)


def draw_samples(samples: int, seed: int, family: Family = "xcup") -> list[UnitOp]:
    """About `samples` units for a family; more samples add to those of the same seed."""
    total = sum(SHARES.values())
    found: list[UnitOp] = []
    for make, share in SHARES.items():
        wanted = max(round(samples * share / total), min(LEAST, samples // 10))
        drawn = 0
        for attempt in count():
            if drawn == wanted:
                break
            try:
                name = f"{make.__name__}_{attempt}"
                draw = Draw(name, f"{seed}/{make.__name__}/{attempt}", attempt % LARGE == 0)
                op = make(draw)
                _aim(op, draw, family in SMALL_LUT_FAMILIES)
            except UnusableDrawError:
                continue
            found.append(op)
            drawn += 1
    return found
