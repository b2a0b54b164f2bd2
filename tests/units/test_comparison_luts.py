"""LUTs of comparisons with what tables give, against what Yosys makes of whole units."""

from __future__ import annotations

import pytest

from e3ne.units.comparison_luts import comparison_luts


@pytest.mark.parametrize(
    ("width", "varying", "zeros", "address", "table", "expected"),
    [
        # Three groups of three bits, two functions each, whose tables join them.
        (9, 0x1FF, 0, 3, 1, (6, True)),
        # With four bits of address each function takes a LUT more; with five, tables stand alone.
        (9, 0x1FF, 0, 4, 1, (12, True)),
        (9, 0x1FF, 0, 5, 1, (15, True)),
        # Out of a memory: no tables.
        (9, 0x1FF, 0, None, 0, (6, True)),
        # Six bits are two groups, and no carry chain: a bit a LUT behind the first one.
        (6, 0x3F, 0, 4, 1, (5, False)),
        # A constant: five bits for each LUT behind the first bit.
        (7, 0, 0, 0, 1, (2, False)),
        # A constant lowest bit makes groups of six bits; where it is zero nothing depends on what it is compared with.
        (13, 0x1FFE, 0, 1, 1, (10, True)),
        (13, 0x1FFE, 1, 1, 1, (8, True)),
    ],
)
def test_luts(
    width: int, varying: int, zeros: int, address: int | None, table: int, expected: tuple[int, bool]
) -> None:
    assert comparison_luts(width, varying, zeros, address, table) == expected
