"""Whole numbers that a user writes."""

from __future__ import annotations

import re

_DIGITS = re.compile("[0-9]{1,18}")


def whole_number(text: str) -> int | None:
    """The number that 1 to 18 of the digits 0 to 9 say, blanks around them or not; None for all else."""
    return int(text) if _DIGITS.fullmatch(text.strip(" ")) else None
