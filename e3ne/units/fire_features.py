"""What a radix neuron is made of: for each stage and lane a value, digits found, and a comparison with a threshold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import FireOp, integers_of
from e3ne.units.comparison_luts import comparison_luts
from e3ne.units.features import Control, Features
from e3ne.units.fire_thresholds import DIRECT_WORDS, searched_codes
from e3ne.units.synapses import Integers

LUT_BITS = 6


@dataclass(frozen=True)
class _Layer:
    """Thresholds and biases of all channels, as a key."""

    digest: bytes
    fraction_bits: int
    steps: int
    bits: int
    theta: Integers = field(compare=False)
    bias: Integers = field(compare=False)

    def thresholds(self) -> Integers:
        """As `search_thresholds`, for all channels at once: (channels, 2^steps)."""
        codes = np.arange(1 << self.steps, dtype=np.int64)
        exact = -((self.bias[:, None] - codes * self.theta[:, None]) >> self.fraction_bits)
        found = np.clip(exact, -(1 << (self.bits - 1)), 1 << (self.bits - 1))
        found[:, 0] = 0
        return found


@dataclass(frozen=True)
class _Lookup:
    """The thresholds of a stage.

    `compared` are the width of each lane's comparison and its bits that vary, `ahead` the bits that vary in those of
    the two thresholds that may be next, `widths` the widths of block memories.
    """

    compared: tuple[tuple[int, int], ...]
    ahead: tuple[int, int]
    widths: tuple[int, ...]


@lru_cache(maxsize=4096)
def _lookup(layer: _Layer, lanes: int, stages: int, stage: int) -> _Lookup:
    """What the thresholds of a stage come to."""
    span = layer.steps // stages
    codes = searched_codes(stage * span, span, layer.steps)
    thresholds = layer.thresholds()[:, codes]
    # (lanes, chunks · codes)
    words = thresholds.reshape(-1, lanes, len(codes)).transpose(1, 0, 2).reshape(lanes, -1)
    widths = np.maximum([_signed_bits(lane) for lane in words.tolist()], layer.bits)
    changes = np.bitwise_or.reduce(words ^ words[:, :1], axis=1) & ((1 << widths) - 1)
    pairs = [words[lane : lane + 2] for lane in range(0, lanes, 2)]
    return _Lookup(
        tuple(zip(widths.tolist(), changes.tolist(), strict=True)),
        (_varying_bits(words[:, ::2]), _varying_bits(words[:, 1::2])),
        tuple(_varying(pair) for pair in pairs),
    )


def _varying_bits(words: Integers) -> int:
    """Bits of (lanes, words) that are not the same in all words, up to one sign of each lane."""
    return sum(_varying(lane[None] & ((1 << _signed_bits(lane.tolist())) - 1)) if lane.size else 0 for lane in words)


def _signed_bits(words: list[int]) -> int:
    low, high = min(words), max(words)
    return max(max(high, 0).bit_length(), (-low - 1).bit_length() if low < 0 else 0) + 1


def _varying(pair: Integers) -> int:
    """Bits of a memory's word that are not always the same, padding included."""
    words = pair.reshape(-1)
    if pair.shape[0] == 2 and pair.shape[1] & (pair.shape[1] - 1):
        words = np.append(words, 0)
    return int(np.bitwise_or.reduce(words ^ words[0])).bit_count() if words.size else 0


def fire_features(op: FireOp) -> Features:
    """The parts of the unit."""
    given, span, stages = op.input_type, op.span, op.stages.value.data
    lanes, bits, group = given.lanes, given.element_bits, (given.chunks - 1).bit_length()
    layer = _layer(op)
    control = Control(stages)
    control.count(*[span] * stages, given.chunks)
    node = span if span > 1 else 0
    names = ("compared", "inverted", "addressed", "tables", "chosen", "roots")
    lut: dict[str, float] = dict.fromkeys(names, 0.0)
    ahead = 0
    memories: list[Memory] = []
    for stage in range(stages):
        looked = _lookup(layer, lanes, stages, stage)
        address = group + stage * span + node
        direct, table = address, 1 << max(0, address - LUT_BITS)
        if op.threshold_memory.data == "block" and address:
            words = given.chunks << (stage * span + node)
            size = 1 << (words - 1).bit_length()
            memories += [
                Memory(2 * size, width, "block", ports=2, rom=True)
                if 2 * pair + 1 < lanes
                else Memory(words, width, "block", rom=True)
                for pair, width in enumerate(looked.widths)
            ]
            lut["addressed"] += lanes * (stage * span + node) + group if span > 1 else 0
            direct, table = None, 0
        elif op.looks_ahead and node and given.chunks << (stage * span + node) > DIRECT_WORDS:
            # Two tables of half the size, a register behind each, and a choice between them.
            zero, one = looked.ahead
            lut["tables"] += (zero + one) << max(0, address - 1 - LUT_BITS)
            lut["roots"] += one if address - 1 >= LUT_BITS else 0
            ahead += zero + one
            direct, table = None, 1
        for width, varying in looked.compared:
            luts, carried = comparison_luts(
                width, (1 << width) - 1 if direct is None and table == 0 else varying, direct, table
            )
            lut["compared"] += luts
            lut["inverted"] += carried
    held = sum(lanes * (bits + stage * span + node) + group for stage in range(stages))
    if op.threshold_memory.data == "block":
        # The memory holds the address: the leading one of a node, or the group of the last stage, is not needed.
        held -= lanes * stages if node else group
    beats = span // op.pace
    lut |= {
        "given": op.output_type.beat_bits * (beats - 1 if stages > 1 else 0),
    }
    return Features(
        "fire",
        control.lut | lut,
        control.ff | {"held": held, "ahead": ahead},
        memories,
        given.pixels * given.chunks * span,
    )


def _layer(op: FireOp) -> _Layer:
    channels, bits = op.input_type.channels, op.input_type.element_bits
    theta = np.resize(integers_of(op, op.threshold), channels)
    bias = np.resize(integers_of(op, op.bias), channels)
    digest = blake2b(theta.tobytes() + bias.tobytes(), digest_size=16).digest()
    return _Layer(digest, op.fraction_bits.value.data, op.steps.value.data, bits, theta, bias)
