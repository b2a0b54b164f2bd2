"""What a unit is made of, as counts that follow from its operation: the base of every estimate.

A feature is a number of like parts, say the bits of all membranes. What such a part costs on a family of devices is a
coefficient that `e3ne calibrate` fitted (e3ne.devices.costs). Memories are no matter of fitting: how many LUTs or
blocks of RAM one takes follows from its shape (e3ne.devices.memories).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import MatvecOp, integers_of


@dataclass(frozen=True)
class Features:
    """Counts of parts by name, for LUTs and for flip-flops; the memories; busy cycles an image.

    `kind` names the coefficients that belong to them: a unit may be of one kind or another by its choices.
    """

    kind: str
    lut: Mapping[str, float]
    ff: Mapping[str, float]
    memories: Sequence[Memory] = field(default=())
    cycles: int = 0


SHIFT_REGISTER = 3
"""Registers behind each other, without an enable, from which on AMD's LUTs shift (Yosys' xilinx_srl)."""


@dataclass
class Control:
    """The parts that handshakes, counters and delayed marks have in all units, counted as a unit is gone through.

    With `flowing` stages that never wait, long delays are `shift_registers` of LUTs, for so many `shifted` flip-flops.
    """

    stages: int
    flowing: bool = False
    counters: int = 0
    counter_bits: int = 0
    whole_bits: int = 0
    carried: int = 0
    shift_registers: int = 0
    shifted: int = 0

    def count(self, *moduli: int) -> None:
        """Counters modulo each of some numbers; one modulo 1 is nothing."""
        for modulus in moduli:
            self.counters += modulus > 1
            bits = (modulus - 1).bit_length()
            self.counter_bits += bits
            self.whole_bits += bits if modulus & (modulus - 1) == 0 and modulus > 4 else 0

    def carry(self, bits: int, stages: int) -> None:
        """Bits that are delayed by some stages."""
        if self.flowing and stages >= SHIFT_REGISTER:
            self.shift_registers += bits
            self.shifted += bits * stages
        else:
            self.carried += bits * stages

    @property
    def lut(self) -> dict[str, float]:
        """Features of LUTs: the unit itself, pipeline stages, counters and their bits."""
        return {
            "unit": 1,
            "stages": self.stages,
            "counters": self.counters,
            "counter_bits": self.counter_bits - self.whole_bits,
            "whole_bits": self.whole_bits,
        }

    @property
    def ff(self) -> dict[str, float]:
        """Features of flip-flops: exactly one for each."""
        return {"control": self.stages + self.counter_bits + self.carried}


def comparison_luts(bits: int) -> int:
    """LUTs with six inputs in front of the carry chain that compares two numbers: two for each three bits."""
    return 2 * -(-bits // 3)


def bias_luts(op: MatvecOp, kept: Sequence[bool] | None = None) -> int:
    """LUTs of the sum with the bias: a constant that is always the same only inverts bits.

    `kept` tells which outputs vary at all, where that is known.
    """
    bits = op.value_bits.value.data
    if op.bias is None:
        return 0
    if op.groups > 1:
        return op.output_lanes.value.data * bits
    biases = integers_of(op, op.bias).tolist()
    varies = kept or [True] * len(biases)
    return sum((bias & ((1 << bits) - 1)).bit_count() for bias, vary in zip(biases, varies, strict=True) if vary)
