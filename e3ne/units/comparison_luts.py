"""LUTs of a comparison of a number with another one that tables give, as Yosys makes it on FPGAs with 6-input LUTs.

Yosys divides both numbers into groups of bits, from the most significant one on: three bits each, or six as soon as a
constant is among the bits that are left (techmap's cmp2lcu). Each group tells whether it is equal and whether it is
greater. A carry chain goes through three groups or more; fewer are left to logic optimisation, which finds a chain of
LUTs, each with the result so far, some bits of the number, and the address of the table.
"""

from __future__ import annotations

from functools import lru_cache

LUT_INPUTS = 6
CARRIED_GROUPS = 3
"""Groups from which on a carry chain goes through them."""


@lru_cache(maxsize=1 << 16)
def comparison_luts(width: int, varying: int, zeros: int, address: int | None, table: int) -> tuple[int, bool]:
    """LUTs in front of the carry chain, tables included, and whether there is one.

    `varying` has a one for each bit of the other number, out of `width`, that is no constant. Such a bit is a function
    of `address` bits and takes `table` LUTs where it is looked up for itself; None: there is no other way. Its `zeros`
    lowest bits are zero: nothing depends on what they are compared with.
    """
    groups = _groups(width, varying, zeros)
    carried = len(groups) >= CARRIED_GROUPS
    if not carried:
        groups = [(width - zeros, varying.bit_count())]
    return sum(_group(bits, tables, address, table, 1 + carried) for bits, tables in groups if bits), carried


def _groups(width: int, varying: int, zeros: int) -> list[tuple[int, int]]:
    """Bits and varying bits of each group."""
    groups: list[tuple[int, int]] = []
    constant = ~varying & ((1 << width) - 1)
    lowest = (constant & -constant).bit_length() - 1 if constant else width
    budget = 0
    for place in reversed(range(width)):
        cost = 1 if place >= lowest else 2
        if budget < cost:
            groups.append((0, 0))
            budget = LUT_INPUTS
        budget -= cost
        bits, tables = groups[-1]
        groups[-1] = bits + (place >= zeros), tables + (varying >> place & 1)
    return groups


def _group(bits: int, varying: int, address: int | None, table: int, functions: int) -> int:
    """LUTs of a group that gives one function (greater) or two (equal, too)."""
    looked_up = varying * table + functions * _chain(bits + varying - 1, LUT_INPUTS - 1)
    if varying == 0:
        address = 0
    if address is None or address >= LUT_INPUTS - 1:
        return looked_up
    return min(looked_up, functions * _chain(bits - 1, LUT_INPUTS - 1 - address))


def _chain(steps: int, by: int) -> int:
    """LUTs that take so many steps, some at a time."""
    return max(1, -(-steps // by))
