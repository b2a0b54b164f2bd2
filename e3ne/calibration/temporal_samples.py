"""Samples of the units whose numbers live from frame to frame."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import StringAttr, UnitAttr
from xdsl.ir import Attribute

from e3ne.calibration.drawing import Draw, placed, require
from e3ne.dialects.dataflow import LifOp, StreamType, SumFramesOp, UnitOp, number
from e3ne.units.interface import Choice
from e3ne.units.synapses import Integers


def lif(draw: Draw) -> UnitOp:
    """Integrate-and-fire neurons of all rules, with membranes in registers, LUTs and blocks."""
    lanes, chunks = draw.between(1, 12), draw.of(1, 1, draw.between(2, 16))
    return _neurons(draw, lanes, chunks, 0)


def recurrent(draw: Draw) -> UnitOp:
    """Neurons of a pixel whose spikes come back with weights: few lanes, since there is an adder for each pair."""
    lanes, chunks = draw.of(1, 1, 2, 4), draw.of(1, draw.between(2, 12), draw.between(8, 48))
    require(lanes * lanes * chunks <= 96)
    return _neurons(draw, lanes, chunks, draw.between(3, 10))


def _neurons(draw: Draw, lanes: int, chunks: int, weight_bits: int) -> UnitOp:
    """Neurons of a map, or, with bits of recurrent weights, of a pixel."""
    bits = draw.between(6, 12)
    height, frames = 1 if weight_bits else draw.of(1, 1, 4, 12), draw.between(2, 32)
    decay_bits, gain_bits = draw.of(0, 3, 4, 8), draw.of(0, 3, 8)
    several, timing = draw.of(0, 0, 0, 1), draw.word("same_step", "same_step", "next_step", "compared")
    reset = "subtract" if several or timing == "compared" else draw.word("subtract", "value")
    timing, spike_bits = ("same_step", draw.of(2, 3, 4)) if several else (timing, 1)
    channels, arrays, unit = lanes * chunks, draw.arrays(), 1 << gain_bits
    apart = channels if draw.of(0, 0, 1) else 1
    theta = np.maximum(1, np.rint(unit * arrays.uniform(8, 40, apart))).astype(np.int64)
    numbers = {"threshold": theta, "decay": _decay(draw, decay_bits, apart)}
    numbers |= {"initial": np.zeros(1, np.int64), "reset_value": np.zeros(1, np.int64)}
    if draw.of(0, 0, 1):
        numbers["synapse_decay"] = _decay(draw, decay_bits, apart)
    if draw.of(0, 0, 0, 1):
        numbers["least"] = -theta
    fires = "ge" if several else draw.word("gt", "ge")
    rules: dict[str, Attribute] = {
        "fires": StringAttr("gt" if timing == "compared" else fires),
        "reset": StringAttr(reset),
        "timing": StringAttr(timing),
        "decay_bits": number(decay_bits),
        "gain_bits": number(gain_bits),
    }
    if several:
        rules["several"] = UnitAttr()
    if weight_bits:
        most = (1 << (weight_bits - 1)) - 1
        drawn = np.rint(arrays.laplace(size=(channels, channels)) * most / 2.5)
        numbers["recurrent"] = np.clip(drawn, -most, most).astype(np.int64)
        numbers["recurrent_bias"] = arrays.integers(-8, 9, channels) * draw.of(0, 1)
    membrane_bits = max(bits, weight_bits + 4) + gain_bits + draw.of(1, 2, 3)
    require(lanes * membrane_bits <= 250)
    taken = StreamType.of(height, height, channels, steps=1, bits=-bits, lanes=lanes, frames=frames)
    symbols = {name: name for name in numbers}
    choice: Choice = {"state_memory": draw.word("distributed", "distributed", "block")}
    return placed(
        taken,
        lambda stream: LifOp(draw.name, "layer", stream, symbols, rules, membrane_bits, spike_bits),
        numbers,
        choice,
    )


def _decay(draw: Draw, bits: int, channels: int) -> Integers:
    """1, 1 − 2^−k, or any decay."""
    whole = 1 << bits
    if bits == 0:
        return np.full(1, whole)
    if draw.of(0, 1):
        return np.full(1, whole - (whole >> draw.between(1, bits)))
    return draw.arrays().integers(1, whole + 1, channels)


def sum_frames(draw: Draw) -> UnitOp:
    """Spike counts and sums of membranes."""
    lanes, chunks, frames, bits = draw.between(1, 40), draw.of(1, 1, 2, 5), draw.between(2, 64), draw.of(0, 6, 10)
    steps = 1 if bits else draw.of(1, 1, 2, 3)
    taken = StreamType.of(
        1, 1, lanes * chunks, steps=steps, bits=-bits or 1, lanes=lanes, parallel=steps, frames=frames
    )
    width = (bits or steps) + frames.bit_length() + 1
    return placed(taken, lambda stream: SumFramesOp(draw.name, "layer", stream, width))
