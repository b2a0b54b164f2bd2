"""Memories of rtl in CIRCT's dialects.

A ROM is a constant array, a memory `seq.hlmem` with reads in the same cycle. CIRCT's memories have no initial contents
but from files, so that a memory with some is one register for each word. A registered read is a read in the same cycle
with a register behind it: the word before the edge, and only with the enable.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import comb, hw
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from e3ne.dialects import circt, rtl
from e3ne.dialects.rtl import width_of
from e3ne.dialects.rtl.names import name_hint
from e3ne.passes.circt_builder import CirctBuilder

Read = Callable[[CirctBuilder, SSAValue], SSAValue]
"""Makes the word at an address, in the same cycle."""


def convert_memory(memory: rtl.MemoryOp, clock: SSAValue, reset: SSAValue) -> None:
    """Replaces a memory and all its ports."""
    build = CirctBuilder(clock, reset)
    read = _storage(memory, build)
    Rewriter.insert_op(build.made, InsertPoint.before(memory))
    for use in list(memory.result.uses):
        port = use.operation
        if isinstance(port, rtl.MemoryReadOp | rtl.MemoryReadRegisteredOp):
            _convert_read(port, read, CirctBuilder(clock, reset))
        else:
            Rewriter.erase_op(port)
    Rewriter.erase_op(memory)


def _convert_read(port: rtl.MemoryReadOp | rtl.MemoryReadRegisteredOp, read: Read, build: CirctBuilder) -> None:
    word = read(build, port.address)
    if isinstance(port, rtl.MemoryReadRegisteredOp):
        word = build.register(word, port.enable)
        word.name_hint = name_hint(f"{port.memory_op.memory_name.data}_q")
    build.replace(port, [word])


def _storage(memory: rtl.MemoryOp, build: CirctBuilder) -> Read:
    """Builds what keeps the words, with its write port if there is one; and says how they are read."""
    width, write = memory.memory_type.width, memory.write
    words = () if memory.init is None else memory.init.values
    if write is None:
        return lambda reader, address: reader.look_up(words, width, address)
    if words:
        array = _word_registers(memory, write, words, build)
        return lambda reader, address: reader.add(hw.ArrayGetOp(array, address))
    # CIRCT's memory is not written while its reset is high; one of rtl is.
    never = build.constant(0, 1)
    handle = build.add(circt.HLMemOp(memory.memory_name.data, _depth(memory), width, build.clock, never))
    build.made.append(circt.HLMemWriteOp(handle, write.address, write.data, write.enable))
    return lambda reader, address: reader.add(circt.HLMemReadOp(handle, address))


def _depth(memory: rtl.MemoryOp) -> int:
    """Words; the address of a single one has a bit all the same, which must select something."""
    return max(2, memory.memory_type.depth)


def _word_registers(
    memory: rtl.MemoryOp, write: rtl.MemoryWriteOp, words: tuple[int, ...], build: CirctBuilder
) -> SSAValue:
    """An array of registers, each written when it is addressed; those without a word start unknown."""
    registers: list[SSAValue] = []
    for index in range(_depth(memory)):
        number = build.constant(index, width_of(write.address))
        enable = build.add(comb.AndOp([write.enable, build.compare("eq", write.address, number)]))
        initial = _initial(words[index], memory.memory_type.width, build) if index < len(words) else None
        registers.append(build.register(write.data, enable, initial=initial))
        registers[-1].name_hint = name_hint(f"{memory.memory_name.data}_word{index}")
    # The first element of an array is the one with the highest index.
    return build.add(hw.ArrayCreateOp(*reversed(registers)))


def _initial(value: int, width: int, build: CirctBuilder) -> SSAValue:
    inside: CirctBuilder = CirctBuilder(build.clock, build.reset)
    yielded: Operation = circt.YieldOp(inside.constant(value, width))
    return build.add(circt.InitialOp(Block([*inside.made, yielded])))
