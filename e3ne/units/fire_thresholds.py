"""The thresholds that the radix neurons' search compares with, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import FireOp, integers_of
from e3ne.dialects.rtl.builder import Memory, ModuleBuilder
from e3ne.units.adders import signed_bits

DIRECT_WORDS = 16
"""A 4-input LUT holds so many words of a bit: nothing is gained by looking them up earlier."""


def search_thresholds(
    threshold: int,
    bias: int,
    fraction_bits: int,
    steps: int,
    bits: int,
    numbers: Sequence[int] | None = None,
    *,
    ties_to_even: bool = False,
) -> list[int]:
    """τ_k for k = 0 … 2^steps − 1: the code is at least k exactly if V ≥ τ_k; τ_0 is not used and 0.

    That is ⌈(n·θ − b) / 2^f⌉ with n the least of the neuron's `numbers` that is not below k (k itself if all are), and
    beyond the range where there is none. With `ties_to_even` n·θ − b is one more for odd n, which V·2^f has to exceed.
    Clamped to one beyond the range of a signed value of `bits` bits.
    """
    low, high = -(1 << (bits - 1)), 1 << (bits - 1)
    codes = range(1 << steps) if numbers is None else numbers
    found, place = [0], 0
    for k in range(1, 1 << steps):
        while place < len(codes) and codes[place] < k:
            place += 1
        if place == len(codes):
            found.append(high)
            continue
        needed = codes[place] * threshold + (codes[place] & ties_to_even)
        found.append(min(max(-((bias - needed) >> fraction_bits), low), high))
    return found


def tested_code(found: int, digits: int, steps: int) -> int:
    """The code that is tested after `found`, a number of `digits` digits: these digits, a one, and zeros."""
    return (2 * found + 1) << (steps - digits - 1)


def layer_thresholds(op: FireOp) -> list[list[int]]:
    """The search thresholds of each channel."""
    channels, bits = op.input_type.channels, op.input_type.element_bits
    thetas = np.resize(integers_of(op, op.threshold), channels).tolist()
    biases = np.resize(integers_of(op, op.bias), channels).tolist()
    even = op.ties_to_even is not None
    numbers = None if op.numbers is None else integers_of(op, op.numbers).tolist()
    return [
        search_thresholds(
            theta, bias, op.fraction_bits.value.data, op.steps.value.data, bits, numbers, ties_to_even=even
        )
        for theta, bias in zip(thetas, biases, strict=True)
    ]


def searched_codes(before: int, span: int, steps: int) -> list[int]:
    """The codes that a stage tests, in the order of its words, when `before` digits were found before it.

    Word 0 of the nodes is not used and has code 0, whose threshold is 0.
    """
    codes: list[int] = []
    for earlier in range(1 << before):
        if span == 1:
            codes.append(tested_code(earlier, before, steps))
            continue
        codes.append(0)
        for node in range(1, 1 << span):
            digits = node.bit_length() - 1
            found = (earlier << digits) + node - (1 << digits)
            codes.append(tested_code(found, before + digits, steps))
    return codes


class StageThresholds:
    """The thresholds of one stage: words of a lane by group of channels, then digits of earlier stages, then node.

    A node has `span` bits: a leading one and the digits that the stage has found; word 0 is not used. Without a
    choice among digits, `span` 1, there is no node.
    """

    def __init__(self, m: ModuleBuilder, op: FireOp, stage: int) -> None:
        self.m, self.op = m, op
        self.steps, self.span = op.steps.value.data, op.span
        self.before = stage * self.span
        self.in_memory = op.threshold_memory.data == "block"
        lanes, chunks = op.input_type.lanes, op.input_type.chunks
        channels, order = layer_thresholds(op), searched_codes(self.before, self.span, self.steps)
        self.words = [
            [channels[chunk * lanes + lane][code] for chunk in range(chunks) for code in order] for lane in range(lanes)
        ]
        self.ahead = op.looks_ahead and not self.in_memory and len(self.words[0]) > DIRECT_WORDS
        self._pairs: dict[int, Memory] = {}

    def table(self, lane: int, address: SSAValue | None) -> SSAValue:
        """The word at an address, in the same cycle; None is the address of a single word."""
        return self._constants(address, self.words[lane], self._width(self.words[lane]))

    def roots(self, lane: int, address: SSAValue | None) -> SSAValue:
        """The first threshold of a search, by group of channels and digits of earlier stages."""
        return self._constants(address, self.words[lane][1 :: 1 << self.span], self._width(self.words[lane]))

    def followers(self, lane: int, address: SSAValue | None) -> tuple[SSAValue, SSAValue]:
        """The threshold after a 0 and the one after a 1, by group, digits of earlier stages, and node but for its
        first bit; where there is no node, by group and digits but for the last one.
        """
        size, width = 1 << self.span if self.span > 1 else 2, self._width(self.words[lane])
        tables = [self.words[lane][start : start + size] for start in range(0, len(self.words[lane]), size)]
        low, high = (self._constants(address, [w for words in tables for w in words[bit::2]], width) for bit in (0, 1))
        return low, high

    def _constants(self, address: SSAValue | None, words: Sequence[int], width: int) -> SSAValue:
        if address is None:
            return self.m.constant(words[0], width)
        return self.m.table(address, [word & ((1 << width) - 1) for word in words], width)

    def memory(self, lane: int, address: SSAValue, enable: SSAValue) -> SSAValue:
        """The word at an address of a block memory, a cycle later.

        Two lanes share a memory, each with a port of its own: an 18-kbit block has two ports and 1024 words of 18 bits.
        """
        m, pair = self.m, self.words[lane - lane % 2 : lane - lane % 2 + 2]
        size = len(pair[0]) if len(pair) == 1 else 1 << (len(pair[0]) - 1).bit_length()
        if lane % 2 == 0:
            padded = [word for words in pair for word in [*words, *[0] * (size - len(words))]]
            width = self._width(padded)
            init = [word & ((1 << width) - 1) for word in padded]
            self._pairs[lane] = m.memory(width, len(init), "thresholds", style="block", init=init)
        if len(pair) == 2:
            address = m.concat(m.constant(lane % 2, 1), address)
        return self._pairs[lane - lane % 2].read_registered(address, enable)

    @staticmethod
    def _width(words: Sequence[int]) -> int:
        return max(1, signed_bits(min(words), max(words)))
