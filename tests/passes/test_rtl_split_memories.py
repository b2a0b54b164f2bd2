"""Slices of a memory hold together what the memory held, and each fits one block."""

from __future__ import annotations

import random

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.devices.memories import Memory, block_rams, slice_width
from e3ne.dialects import rtl
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.memory import MemoryStyle
from e3ne.passes.rtl_split_memories import RtlSplitMemoriesPass
from e3ne.semantics.rtl import run

DEPTHS = (512, 513, 1024, 1025, 2049, 5000, 16384, 16385)


def design(depth: int, width: int, *, rom: bool, seed: int, style: MemoryStyle = "block") -> ModuleOp:
    """A memory with its ports as the ports of a module; a ROM has bits that are the same in all words."""
    drawn = random.Random(seed)
    mask = drawn.getrandbits(width) | 1
    same = drawn.getrandbits(width)
    init = [drawn.getrandbits(width) & mask | same & ~mask for _ in range(depth - drawn.randint(0, 1))]
    m = ModuleBuilder("memory")
    memory = m.memory(width, depth, "words", style=style, init=init if rom or drawn.random() < 0.5 else None)
    address = m.input("address", memory.address_width)
    if not rom:
        memory.write(m.input("to", memory.address_width), m.input("data", width), m.input("write", 1))
    m.output("word", memory.read_registered(address, m.input("read", 1)))
    return ModuleOp([m.build()])


def stimulus(depth: int, width: int, seed: int) -> list[dict[str, int]]:
    drawn = random.Random(seed)
    places = [0, depth - 1, *(drawn.randrange(depth) for _ in range(6))]
    return [
        {
            "address": drawn.choice(places),
            "to": drawn.choice(places),
            "data": drawn.getrandbits(width),
            "write": drawn.randint(0, 1),
            "read": int(cycle == 0 or drawn.random() < 0.8),
        }
        for cycle in range(60)
    ]


def memories(module: ModuleOp) -> list[rtl.MemoryOp]:
    return [op for op in module.walk() if isinstance(op, rtl.MemoryOp)]


@pytest.mark.parametrize("rom", [True, False])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("width", [1, 7, 40])
def test_behaviour_stays_the_same(depth: int, width: int, rom: bool) -> None:
    before = design(depth, width, rom=rom, seed=depth * width)
    after = before.clone()
    RtlSplitMemoriesPass().apply(Context(), after)
    after.verify()
    cycles = stimulus(depth, width, seed=depth + width)
    # What is there before the first reading is unknown.
    assert run(after, cycles, 1)[1:] == run(before, cycles, 1)[1:]


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_slice_takes_one_block(depth: int) -> None:
    module = design(depth, 40, rom=False, seed=1)
    RtlSplitMemoriesPass().apply(Context(), module)
    slices = [op.memory_type for op in memories(module)]
    assert sum(op.width for op in slices) == 40
    if slice_width(depth) is None:
        assert len(slices) == 1
        return
    assert {block_rams(Memory(op.depth, op.width, "block"), "ecp5") for op in slices} == {0.5}
    assert block_rams(Memory(depth, 40, "block"), "ecp5") == len(slices) / 2


def test_bits_that_never_vary_are_in_no_slice() -> None:
    m = ModuleBuilder("memory")
    memory = m.memory(40, 600, "words", style="block", init=[5 << 35 | (word & 3) << 8 for word in range(600)])
    m.output("word", memory.read_registered(m.input("address", 10), m.constant(1, 1)))
    module = ModuleOp([m.build()])
    RtlSplitMemoriesPass().apply(Context(), module)
    (kept,) = memories(module)
    assert kept.memory_type.width == 2


def test_memories_in_luts_stay_whole() -> None:
    module = design(2048, 40, rom=False, seed=2, style="distributed")
    RtlSplitMemoriesPass().apply(Context(), module)
    assert len(memories(module)) == 1
