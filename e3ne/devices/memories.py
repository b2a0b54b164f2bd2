"""What memories take on each family: LUTs as RAM and blocks of RAM, by the shapes that the primitives have.

The rules are those of Yosys' memory mapping (share/xilinx and share/lattice, brams and lutrams): of all ways to tile a
memory with primitives the one with the least cost is taken. `e3ne calibrate` holds them against synthesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from e3ne.devices.families import Family


@dataclass(frozen=True)
class Memory:
    """`words` of `width` bits. `block` memories are read a cycle later, others are RAM in LUTs.

    `ports` counts the ports that only read; `shared` says that reading and writing use one address.
    """

    words: int
    width: int
    style: Literal["block", "distributed"]
    ports: int = 1
    rom: bool = False
    shared: bool = False


# Words by width of an 18-kbit block (AMD) and of its double; Lattice's EBR is an 18-kbit block too.
_WIDTHS = (1, 2, 4, 9, 18, 36)
_EBR_WIDTHS = (1, 2, 4, 9, 18, 36)


def block_rams(memory: Memory, family: Family) -> float:
    """Blocks of 36 kbit, an 18-kbit one as a half."""
    if memory.style != "block" or memory.width == 0:
        return 0.0
    widest = 18 if memory.ports > 1 else 36
    best: tuple[int, float] | None = None
    for size, scale, cost in ((14, 0.5, 129), (15, 1.0, 257)):
        if family == "ecp5" and scale == 1.0:
            continue
        for place, width in enumerate(_WIDTHS if scale == 0.5 else (*_WIDTHS, 72)):
            if width > widest * (1 if scale == 0.5 else 2):
                continue
            words = 1 << size - place
            count = -(-memory.words // words) * -(-memory.width // width)
            found = (count * cost, count * scale)
            if best is None or found[0] < best[0]:
                best = found
    assert best is not None
    return best[1]


def lut_rams(memory: Memory, family: Family) -> int:
    """LUTs used as RAM."""
    if memory.style == "block" or memory.width == 0:
        return 0
    if family == "ecp5":
        return 6 * -(-memory.width // 4) * -(-memory.words // 16)
    if memory.shared:
        return memory.width * -(-memory.words // 64)
    wide, luts = (7, 8) if family == "xcup" else (3, 4)
    if memory.words <= 32:
        wide *= 2
    banks = -(-memory.words // 64)
    # A LUT chooses among four banks, another enables the writing of each.
    choosing = memory.width * -(-(banks - 1) // 3) + banks if banks > 1 else 0
    return banks * min(-(-memory.width // wide) * luts, 2 * memory.width) + choosing


def memories_of(memories: Sequence[Memory], family: Family) -> tuple[int, float]:
    """LUTs and 36-kbit blocks of some memories."""
    return sum(lut_rams(m, family) for m in memories), sum(block_rams(m, family) for m in memories)
