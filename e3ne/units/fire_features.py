"""What a neuron of one frame is made of: for each stage and lane a value, digits found, a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import FireOp, integers_of
from e3ne.units.comparison_luts import LUT_INPUTS, comparison_luts
from e3ne.units.features import Control, Features
from e3ne.units.fire_thresholds import DIRECT_WORDS, searched_codes
from e3ne.units.synapses import Integers


@dataclass(frozen=True)
class _Layer:
    """Thresholds and biases of all channels, as a key."""

    digest: bytes
    fraction_bits: int
    ties_to_even: bool
    steps: int
    bits: int
    theta: Integers = field(compare=False)
    bias: Integers = field(compare=False)
    numbers: Integers = field(compare=False)

    def thresholds(self) -> Integers:
        """As `search_thresholds`, for all channels at once: (channels, 2^steps)."""
        places = np.searchsorted(self.numbers, np.arange(1 << self.steps))
        codes = self.numbers[np.minimum(places, self.numbers.size - 1)]
        needed = codes * self.theta[:, None] + (codes & self.ties_to_even)
        exact = -((self.bias[:, None] - needed) >> self.fraction_bits)
        found = np.clip(exact, -(1 << (self.bits - 1)), 1 << (self.bits - 1))
        found[:, places == self.numbers.size] = 1 << (self.bits - 1)
        found[:, 0] = 0
        return found


@dataclass(frozen=True)
class _Lookup:
    """The thresholds of a stage.

    `compared` are the width of each lane's comparison, its bits that vary, and how many of the lowest are always zero:
    neither these nor the same bits of the value matter. `ahead` the bits that vary in those of
    the two thresholds that may be next, `widths` the widths of block memories.
    """

    compared: tuple[tuple[int, int, int], ...]
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
    ones = np.bitwise_or.reduce(words, axis=1) | 1 << (widths - 1)
    zeros = np.array([(one & -one).bit_length() - 1 for one in ones.tolist()])
    pairs = [words[lane : lane + 2] for lane in range(0, lanes, 2)]
    return _Lookup(
        tuple(zip(widths.tolist(), changes.tolist(), zeros.tolist(), strict=True)),
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


@dataclass
class _Parts:
    """Features while they are gathered, from the last stage to the first.

    `unused` are, for each lane, the lowest bits of the value that neither a stage nor one behind it looks at.
    """

    unused: NDArray[np.int64]
    lut: dict[str, float]
    held: int = 0
    ahead: int = 0
    memories: list[Memory] = field(default_factory=list[Memory])


def fire_features(op: FireOp) -> Features:
    """The parts of the unit."""
    given, span, stages = op.input_type, op.span, op.stages.value.data
    control = Control(stages)
    control.count(*[span] * stages, given.chunks)
    names = ("compared", "inverted", "short", "addressed", "tables", "roots")
    parts = _Parts(np.full(given.lanes, given.element_bits), dict.fromkeys(names, 0.0))
    layer = _layer(op)
    for stage in reversed(range(stages)):
        _add_stage(op, layer, stage, parts)
    if op.threshold_memory.data == "block":
        # The memory holds the address: the leading one of a node, or the group of the last stage, is not needed.
        parts.held -= given.lanes * stages if span > 1 else (given.chunks - 1).bit_length()
    more = op.output_type.beat_bits * (span // op.pace - 1 if stages > 1 else 0)
    return Features(
        "fire",
        control.lut | parts.lut | {"given": more},
        control.ff | {"held": parts.held, "ahead": parts.ahead},
        parts.memories,
        given.pixels * given.chunks * span,
    )


def _add_stage(op: FireOp, layer: _Layer, stage: int, parts: _Parts) -> None:
    """Values, digits found, and thresholds of a stage: in a memory, behind registers, or out of tables."""
    given, span = op.input_type, op.span
    lanes, group, node = given.lanes, (given.chunks - 1).bit_length(), span if span > 1 else 0
    looked = _lookup(layer, lanes, op.stages.value.data, stage)
    digits = stage * span + node
    words, address = given.chunks << digits, group + digits
    in_memory = op.threshold_memory.data == "block" and address > 0
    ahead = not in_memory and op.looks_ahead and words > DIRECT_WORDS
    lut = parts.lut
    if in_memory:
        size = 1 << (words - 1).bit_length()
        parts.memories += [
            Memory(2 * size, width, "block", ports=2, rom=True)
            if 2 * pair + 1 < lanes
            else Memory(words, width, "block", rom=True)
            for pair, width in enumerate(looked.widths)
        ]
        lut["addressed"] += lanes * digits + group if node else 0
    elif ahead and digits == 0:
        # A register behind a table.
        varying = sum(varying.bit_count() for _, varying, _ in looked.compared)
        lut["tables"] += varying << max(0, address - LUT_INPUTS)
        parts.ahead += varying
    elif ahead:
        # Two tables of half the size, a register behind each, and a choice between them.
        zero, one = looked.ahead
        lut["tables"] += (zero + one) << max(0, address - 1 - LUT_INPUTS)
        # The first threshold of a group of channels, and the choice of it; with one group it is what a reset gives.
        lut["roots"] += one * (1 + (address >= LUT_INPUTS)) if group and node else 0
        parts.ahead += zero + one
    elif address > LUT_INPUTS:
        lut["tables"] += sum(varying.bit_count() for _, varying, _ in looked.compared) << (address - LUT_INPUTS)
    direct = None if in_memory or ahead else address
    table = 0 if in_memory or (not ahead and address > LUT_INPUTS) else 1
    for width, varying, zeros in looked.compared:
        present, lowest = ((1 << width) - 1, 0) if in_memory else (varying, zeros)
        luts, carried = comparison_luts(width, present, lowest, direct, table)
        lut["compared"] += luts
        lut["inverted"] += carried
        lut["short"] += not carried and varying > 0
    parts.unused = np.minimum(parts.unused, [0 if in_memory else zeros for _, _, zeros in looked.compared])
    parts.held += lanes * (given.element_bits + digits) + group - int(parts.unused.sum())


def _layer(op: FireOp) -> _Layer:
    channels, bits = op.input_type.channels, op.input_type.element_bits
    theta = np.resize(integers_of(op, op.threshold), channels)
    bias = np.resize(integers_of(op, op.bias), channels)
    even, numbers = op.ties_to_even is not None, op.emitted
    digest = blake2b(theta.tobytes() + bias.tobytes() + numbers.tobytes(), digest_size=16).digest()
    return _Layer(digest, op.fraction_bits.value.data, even, op.steps.value.data, bits, theta, bias, numbers)
