"""The families of FPGAs, as Yosys names them."""

from __future__ import annotations

from typing import Literal, get_args

Family = Literal["xcup", "xc7", "ecp5"]
"""UltraScale+, 7 series, ECP5."""

FAMILIES: tuple[Family, ...] = get_args(Family)

SMALL_LUT_FAMILIES: tuple[Family, ...] = ("ecp5",)
"""Families with 4-input LUTs, which are slow enough to want short paths of control, too."""
