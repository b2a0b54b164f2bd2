"""What the conversion to CIRCT's dialects builds with: constants, look-ups and registers from CIRCT's operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import comb, hw, seq
from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import Rewriter

from e3ne.dialects import circt
from e3ne.dialects.rtl import width_of

WIDEST_CONSTANT = 4096
"""Bits; a wider constant is put together. (Python refuses decimal text of more than 4,300 digits.)"""


@dataclass
class CirctBuilder:
    """Collects, in `made`, what takes the place of one operation of a module with this clock and reset."""

    clock: SSAValue
    reset: SSAValue
    made: list[Operation] = field(default_factory=list[Operation])

    def add(self, op: Operation) -> SSAValue:
        """Appends an operation; its first result."""
        self.made.append(op)
        return op.results[0]

    def replace(self, op: Operation, results: Sequence[SSAValue]) -> None:
        """Puts what was made in the place of `op`; the results keep the names of its results, or have their own."""
        for old, new in zip(op.results, results, strict=True):
            new.name_hint = new.name_hint or old.name_hint
            old.name_hint = None  # xDSL gives it to all that was made
        Rewriter.replace_op(op, self.made, results)

    def constant(self, value: int, width: int) -> SSAValue:
        """A constant of any width: value modulo 2^width."""
        parts: list[SSAValue] = []
        for low in range(0, width, WIDEST_CONSTANT):
            bits = min(width - low, WIDEST_CONSTANT)
            piece = value >> low & (1 << bits) - 1
            parts.append(self.add(hw.ConstantOp(piece, IntegerType(bits), truncate_bits=True)))
        return parts[0] if len(parts) == 1 else self.concat(parts[::-1])

    def concat(self, parts: Sequence[SSAValue]) -> SSAValue:
        """Values side by side, the first one most significant."""
        return self.add(comb.ConcatOp(parts, IntegerType(sum(width_of(part) for part in parts))))

    def extract(self, value: SSAValue, low: int, width: int) -> SSAValue:
        """`width` bits of a value, from bit `low` on."""
        return self.add(comb.ExtractOp(value, IntegerAttr(low, 32), IntegerType(width)))

    def replicate(self, value: SSAValue, width: int) -> SSAValue:
        """A value repeated side by side, until there are `width` bits."""
        return self.add(comb.ReplicateOp(value, IntegerType(width)))

    def compare(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """A comparison, by the name of its predicate."""
        return self.add(comb.ICmpOp(lhs, rhs, predicate))

    def look_up(self, words: Sequence[int], width: int, address: SSAValue) -> SSAValue:
        """The word at an address, at once; 0 beyond the last word."""
        missing = [0] * ((1 << width_of(address)) - len(words))
        parts: list[SSAValue] = []
        for low in range(0, width, WIDEST_CONSTANT):
            bits = min(width - low, WIDEST_CONSTANT)
            pieces = [word >> low & (1 << bits) - 1 for word in words]
            array = self.add(circt.AggregateConstantOp([*pieces, *missing], bits))
            parts.append(self.add(hw.ArrayGetOp(array, address)))
        return parts[0] if len(parts) == 1 else self.concat(parts[::-1])

    def register(
        self,
        value: SSAValue,
        enable: SSAValue | None = None,
        reset: SSAValue | None = None,
        initial: SSAValue | None = None,
    ) -> SSAValue:
        """A register; the reset value comes in whatever the enable says. `initial` is a `seq.immutable`."""
        resets = None if reset is None else (self.reset, reset)
        if enable is None and initial is None:
            return self.add(seq.CompRegOp(value, self.clock, resets))
        enable = self.constant(1, 1) if enable is None else enable
        return self.add(circt.CompRegClockEnabledOp(value, self.clock, enable, resets, initial))
