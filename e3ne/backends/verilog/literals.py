"""Constants in Verilog."""

from __future__ import annotations

from collections.abc import Sequence

_CHUNK = 256
"""Bits of one literal; a longer constant is a concatenation of several, so that lines can be broken."""


def literal(value: int, width: int) -> str:
    """A sized constant: decimal where short, hexadecimal otherwise."""
    if width == 1:
        return f"1'b{value}"
    if value < 10:
        return f"{width}'d{value}"
    if width <= 2 * _CHUNK:
        return f"{width}'h{value:x}"
    chunks: list[str] = []
    for low in range((width - 1) // _CHUNK * _CHUNK, -1, -_CHUNK):
        size = min(_CHUNK, width - low)
        chunks.append(literal((value >> low) & ((1 << size) - 1), size))
    return "{" + ", ".join(chunks) + "}"


def bit_column(words: Sequence[int], bit: int) -> int:
    """Bit number `bit` of every word; that of word i is bit i of the result."""
    return int("".join("1" if word >> bit & 1 else "0" for word in reversed(words)), 2)


def vector(width: int) -> str:
    """The range of a declaration, with a space behind it; empty for one bit."""
    return f"[{width - 1}:0] " if width > 1 else ""
