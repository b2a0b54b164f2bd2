"""`rtl-split-memories`: cuts deep block memories into slices that one block holds from the first word to the last.

Synthesis tiles a deep memory so that it takes the fewest blocks, which may be banks of words with a multiplexer behind
them. Where the output of a block is late in its cycle, as on ECP5, that multiplexer is too much: slices take a few
blocks more, and have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from e3ne.devices.memories import slice_width
from e3ne.dialects.rtl.attributes import BitsAttr, MemoryType, WordsAttr, bits_type
from e3ne.dialects.rtl.base import ConstantOp
from e3ne.dialects.rtl.bits import ConcatOp, ExtractOp
from e3ne.dialects.rtl.memory import MemoryOp, MemoryReadRegisteredOp, MemoryWriteOp


@dataclass(frozen=True)
class RtlSplitMemoriesPass(ModulePass):
    """Splits the words of block memories that are deeper than a block is at their width; timing stays the same.

    Bits of a ROM that are the same in all words become constants. A memory deeper than any block stays as it is.
    """

    name = "rtl-split-memories"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for memory in [found for found in op.walk() if isinstance(found, MemoryOp)]:
            width = slice_width(memory.memory_type.depth)
            if memory.style == "block" and width is not None and memory.memory_type.width > width:
                _split(memory, width)


@dataclass(frozen=True)
class _Slice:
    """A memory of some bits of a wider one, the lowest first."""

    memory: MemoryOp
    bits: Sequence[int]


def _split(memory: MemoryOp, width: int) -> None:
    varying = _varying(memory)
    slices = [_slice(memory, varying[start : start + width]) for start in range(0, len(varying), width)]
    for part in slices:
        Rewriter.insert_op(part.memory, InsertPoint.before(memory))
    for use in list(memory.result.uses):
        if isinstance(use.operation, MemoryWriteOp):
            _split_write(use.operation, slices)
        else:
            assert isinstance(use.operation, MemoryReadRegisteredOp), "a block memory has registered reads only"
            _split_read(use.operation, slices, memory.init)
    Rewriter.erase_op(memory)


def _varying(memory: MemoryOp) -> list[int]:
    """The bits that differ between words, the lowest first: all bits of what is written. Words not given are 0."""
    width, init = memory.memory_type.width, memory.init
    if memory.write is not None or init is None:
        return list(range(width))
    words = [*init.values, *([0] if len(init.values) < memory.memory_type.depth else [])]
    differing = 0
    for word in words:
        differing |= word ^ words[0]
    return [bit for bit in range(width) if differing >> bit & 1]


def _slice(memory: MemoryOp, bits: Sequence[int]) -> _Slice:
    words = None
    if memory.init is not None:
        words = WordsAttr.of([_gathered(word, bits) for word in memory.init.values], len(bits))
    name = f"{memory.memory_name.data}_bit{bits[0]}"
    made = MemoryOp.create_from(name, MemoryType.of(memory.memory_type.depth, len(bits)), memory.style, words)
    made.result.name_hint = name
    return _Slice(made, bits)


def _gathered(word: int, bits: Sequence[int]) -> int:
    return sum((word >> bit & 1) << place for place, bit in enumerate(bits))


def _split_write(port: MemoryWriteOp, slices: Sequence[_Slice]) -> None:
    created: list[Operation] = []
    for part in slices:
        data = ExtractOp.create_from(port.data, part.bits[0], len(part.bits))
        operands = (part.memory.result, port.address, data.result, port.enable)
        created += [data, MemoryWriteOp.create(operands=operands)]
    Rewriter.replace_op(port, created, [])


def _split_read(port: MemoryReadRegisteredOp, slices: Sequence[_Slice], init: WordsAttr | None) -> None:
    created: list[Operation] = []
    found: dict[int, SSAValue] = {}
    for part in slices:
        operands = (part.memory.result, port.address, port.enable)
        read = MemoryReadRegisteredOp.create(operands=operands, result_types=(bits_type(len(part.bits)),))
        read.result.name_hint = part.memory.result.name_hint
        extracts = [ExtractOp.create_from(read.result, place, 1) for place in range(len(part.bits))]
        found |= {bit: extract.result for bit, extract in zip(part.bits, extracts, strict=True)}
        created += [read, *extracts]
    for bit in range(port.memory_type.width):
        if bit not in found:
            assert init is not None, "what is written varies"
            constant = ConstantOp(BitsAttr.of(init.values[0] >> bit & 1, 1))
            found[bit] = constant.result
            created.append(constant)
    joined = ConcatOp.create_from([found[bit] for bit in reversed(range(port.memory_type.width))])
    joined.result.name_hint = port.result.name_hint
    Rewriter.replace_op(port, [*created, joined])
