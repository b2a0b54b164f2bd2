"""What memories take on each family: LUTs as RAM and blocks of RAM, by the shapes that the primitives have.

The rules are those of Yosys' memory mapping (share/xilinx and share/lattice, brams and lutrams): of all ways to tile a
memory with primitives the one with the least cost is taken. `e3ne calibrate` holds them against synthesis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

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


@dataclass(frozen=True)
class _Primitive:
    """A block RAM: 36-kbit blocks, the logarithm of its words of one bit, ports, and the cost that Yosys gives it."""

    size: float
    address_bits: int
    widths: Sequence[int]
    ports: int
    cost: float


_NARROW, _WIDE = (1, 2, 4, 9, 18), (1, 2, 4, 9, 18, 36)
_AMD = (
    _Primitive(0.5, 14, _NARROW, 2, 129),
    _Primitive(1.0, 15, _WIDE, 2, 257),
    _Primitive(0.5, 14, _WIDE, 1, 129),
    _Primitive(1.0, 15, (*_WIDE, 72), 1, 257),
)
# DP16KD and PDPW16KD, 18 kbit each.
_LATTICE = (_Primitive(0.5, 14, _NARROW, 2, 128), _Primitive(0.5, 14, _WIDE, 1, 128))

_MULTIPLEXER, _LUT_COST = 0.5, 2
"""What Yosys says that a bit of a multiplexer, or of a decoder, costs beside the memory, and a LUT that is one."""

_WRITTEN_BITS = 9
"""Bits of a block that are written together: words of less than that share none of them."""


# Words, bits, LUTs, and whether all of those are taken for fewer bits: RAM32M16, RAM64M8 and their halves RAM32M and
# RAM64M have a port for reading of their own; RAM64X1S, RAM128X1S and RAM256X1S read where they write.
_LUT_RAMS: Mapping[tuple[bool, bool], Sequence[tuple[int, int, int, bool]]] = {
    (True, False): ((32, 14, 8, True), (64, 7, 8, True)),
    (True, True): ((32, 16, 8, True), (64, 8, 8, False), (128, 4, 8, False), (256, 2, 8, False)),
    (False, False): ((32, 6, 4, True), (64, 3, 4, True)),
    (False, True): ((32, 8, 4, True), (64, 4, 4, False), (128, 2, 4, False), (256, 1, 4, False)),
}
"""For UltraScale+ or not, and for one address or two."""


def block_rams(memory: Memory, family: Family) -> float:
    """Blocks of 36 kbit, an 18-kbit one as a half."""
    return _tiles(memory, family)[0] if memory.style == "block" else 0.0


def slice_width(words: int) -> int | None:
    """Bits of the widest memory of so many words that one 18-kbit block of an ECP5 holds.

    None where words of any width need no banks, and where no block is so deep.
    """
    fitting = [
        wide
        for primitive in _LATTICE
        for place, wide in enumerate(primitive.widths)
        if words <= 1 << primitive.address_bits - place
    ]
    return None if max(fitting, default=0) == _WIDE[-1] else max(fitting, default=None)


def _tiles(memory: Memory, family: Family) -> tuple[float, int]:
    """36-kbit blocks of a block memory, and how many of its banks of words are chosen among.

    Banks need not be blocks of their own: they lie side by side in a word of the blocks as far as that is wide enough.
    On ECP5 there are none where a block is deep enough, since `rtl-split-memories` cuts memories into slices.
    """
    if memory.width == 0:
        return 0.0, 1
    if family == "ecp5" and (width := slice_width(memory.words)) is not None and width < memory.width:
        slices = [replace(memory, width=min(width, memory.width - bit)) for bit in range(0, memory.width, width)]
        return sum(_tiles(part, family)[0] for part in slices), 1
    best: tuple[float, float, int] | None = None
    for primitive in _LATTICE if family == "ecp5" else _AMD:
        copies = -(-memory.ports // primitive.ports)
        for place, wide in enumerate(primitive.widths):
            banks = -(-memory.words >> primitive.address_bits - place)
            together = 1 if memory.rom else min(_WRITTEN_BITS, wide)
            width = -(-memory.width // together) * together
            count = copies * -(-banks * width // wide)
            multiplexed = (banks - 1) * memory.width * memory.ports + (banks if banks > 1 and not memory.rom else 0)
            cost = count * primitive.cost + _MULTIPLEXER * multiplexed
            if best is None or cost < best[0]:
                best = (cost, count * primitive.size, banks)
    assert best is not None
    return best[1], best[2]


def memory_luts(memory: Memory, family: Family) -> float:
    """LUTs that are RAM, and those that choose among the banks of a deep memory."""
    if memory.width == 0:
        return 0
    if memory.style == "block":
        banks = _tiles(memory, family)[1]
        return memory.ports * memory.width * choosing_luts(banks) + (banks if banks > 1 and not memory.rom else 0)
    if family == "ecp5":
        return 6 * -(-memory.width // 4) * -(-memory.words // 16)
    best: tuple[float, float] | None = None
    for words, wide, luts, whole in _LUT_RAMS[family == "xcup", memory.shared]:
        banks = -(-memory.words // words)
        units = -(-memory.width // wide) * luts if whole else memory.width * luts / wide
        decoding = banks if banks > 1 else 0
        cost = _LUT_COST * luts * banks * memory.width / wide + _MULTIPLEXER * ((banks - 1) * memory.width + decoding)
        if best is None or cost < best[0]:
            best = (cost, banks * units + memory.width * choosing_luts(banks) + decoding)
    assert best is not None
    return best[1]


_CHOSEN = (
    *((1, 0), (2, 1), (4, 1), (5, 2), (6, 2), (7, 4), (8, 3), (9, 5), (10, 4.25), (12, 4), (13, 5.25), (14, 5.75)),
    *((16, 7.75), (18, 11), (24, 13.75), (32, 15), (48, 18.25), (64, 27.5), (128, 64)),
)
"""Words, and LUTs with six inputs that choose a bit among them: what Yosys 0.70 makes of a tree of multiplexers."""


@lru_cache(maxsize=1 << 10)
def choosing_luts(words: int) -> float:
    """LUTs that choose a bit among some words; between words that were measured in proportion."""
    if words > _CHOSEN[-1][0]:
        return words / 2
    return float(np.interp(words, [place for place, _ in _CHOSEN], [luts for _, luts in _CHOSEN]))


def memories_of(memories: Sequence[Memory], family: Family) -> tuple[float, float]:
    """LUTs and 36-kbit blocks of some memories."""
    return sum(memory_luts(m, family) for m in memories), sum(block_rams(m, family) for m in memories)
