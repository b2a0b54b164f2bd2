"""Interval analysis of `rtl`: which additions and subtractions can leave their width, and whether they are meant to.

An addition that stays within its width for all that its operands can be is exact, as unsigned numbers or in two's
complement, whichever its readers take it for. Two others are right though they wrap around. Counters do. Sums of two's
complement are right modulo 2^width if what they add up to fits: what a unit keeps or gives, of which the analysis of
the dataflow graph shows how many bits it needs. What is neither is a mistake of a unit, or part of a heap of bits,
which has no numbers to speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from e3ne.analysis.bit_readers import Reading, counts, ends, is_address, readings
from e3ne.analysis.bit_values import Lanes, Values
from e3ne.dialects import rtl
from e3ne.dialects.rtl import width_of

SumOp = rtl.AddOp | rtl.SubOp


class Kind(Enum):
    """Why an addition or subtraction is right."""

    EXACT = "stays within its width"
    COUNTS = "counts: a register and a constant, back into the register"
    MODULAR = "is right modulo 2^width, which what the unit adds up fits"
    ADDRESS = "is right modulo 2^width, which the addresses of its memory fit"
    HEAP = "is a part of a heap of bits, which go on one by one"
    WRAPS = "may leave its width"


@dataclass(frozen=True)
class Known:
    """What the graph tells of a unit: its input, and the bits that what it adds up needs.

    `sums` is kept or given; drives are added up before they are multiplied by 2^`gain`, `fed_back` before them.
    """

    input: Lanes | None = None
    sums: int | None = None
    gain: int = 0
    fed_back: int | None = None


@dataclass(frozen=True, eq=False)
class Sum:
    """An addition or subtraction of a module."""

    module: str
    op: SumOp
    kind: Kind

    def message(self) -> str:
        """For people."""
        return f"module @{self.module}: {self.op.name} of {width_of(self.op.result)} bits {self.kind.value}"


def sums_of(design: ModuleOp, units: Mapping[str, Known] | None = None) -> list[Sum]:
    """All additions and subtractions of all modules, in order; `units` by the names of their modules."""
    found: list[Sum] = []
    for module in design.body.block.ops:
        if isinstance(module, rtl.ModuleOp):
            known = (units or {}).get(module.sym_name.data, Known())
            values = Values(_ports(module, known))
            sums = [op for op in module.block.ops if isinstance(op, SumOp)]
            found += [Sum(module.sym_name.data, op, _kind(op, values, known)) for op in sums]
    return found


def _ports(module: rtl.ModuleOp, known: Known) -> dict[SSAValue, Lanes]:
    return {} if known.input is None else {module.block.args[module.input_names.index("s_data")]: known.input}


def _kind(op: SumOp, values: Values, known: Known) -> Kind:
    apart = all(isinstance(use.operation, rtl.ExtractOp) and use.operation.width == 1 for use in op.result.uses)
    read = readings(op.result)
    # Of bits that go on one by one none may be missing, and the highest is no sign.
    if _is_exact(op, values, {Reading.UNSIGNED} if apart else set(read)):
        return Kind.EXACT
    if counts(op):
        return Kind.COUNTS
    if Reading.UNSIGNED not in read and _is_modular(op, known):
        return Kind.MODULAR
    if is_address(op.result):
        return Kind.ADDRESS
    return Kind.HEAP if apart else Kind.WRAPS


def _is_exact(op: SumOp, values: Values, read: set[Reading]) -> bool:
    """Whether the result fits in all readings of it, or in one if there are none."""
    first, second = (values.of(operand) for operand in op.operands)
    size = 1 << width_of(op.result)
    fits: set[Reading] = set()
    if _within(op, first.unsigned(), second.unsigned(), 0, size - 1):
        fits.add(Reading.UNSIGNED)
    if _within(op, first.signed(), second.signed(), -size // 2, size // 2 - 1):
        fits.add(Reading.SIGNED)
    return bool(fits) and read <= fits


def _within(op: SumOp, first: tuple[int, int], second: tuple[int, int], least: int, most: int) -> bool:
    low, high = first[0] + second[0], first[1] + second[1]
    if isinstance(op, rtl.SubOp):
        low, high = first[0] - second[1], first[1] - second[0]
    return least <= low and high <= most


def _is_modular(op: SumOp, known: Known) -> bool:
    """Whether the result has the bits that the sum which it is, or is a part of, needs."""
    if known.sums is None:
        return False
    # Drives are the upper bits of what is compared in the end, membranes are all of it.
    compared = readings(op.result, in_sums=True).get(Reading.SIGNED, {0})
    needed = known.sums - min(known.gain, *compared)
    behind = ends(op.result, rtl.MuxOp, rtl.AddOp, rtl.SubOp)
    if known.fed_back is not None and all(_starts(use.operation) for use in behind):
        needed = known.fed_back
    width = width_of(op.result)
    # A product with a factor of 2^shift at most, of which the bits above the lowest `shift` are what is needed.
    shift = max((_shift(use.operation, width) for use in op.result.uses), default=0)
    return width >= (known.sums + shift if shift else needed)


def _shift(op: Operation, width: int) -> int:
    """By how many bits an operation shifts a number of `width` bits to the right."""
    if isinstance(op, rtl.ExtractOp) and op.width > 1 and op.low + op.width == width:
        return op.low
    return 0


def _starts(op: Operation) -> bool:
    """Whether it is a register that starts with a number, as recurrent sums do and membranes do not."""
    return isinstance(op, rtl.RegisterOp) and op.reset is not None
