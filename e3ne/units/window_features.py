"""What a window is made of: the memory of the rows above, the taps, counters of the padded map."""

from __future__ import annotations

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import WindowOp, as_tuple
from e3ne.units.features import Control, Features

SHIFT_REGISTER = 3
"""Beats between two taps from which on AMD's LUTs serve as shift registers (Yosys' xilinx_srl)."""


def window_features(op: WindowOp, cycles: int) -> Features:
    """The parts of the unit for the layout of its streams."""
    given = op.input_type
    top, left, bottom, right = as_tuple(op.padding)
    rows, columns = given.height + top + bottom, given.width + left + right
    beats, bits = given.beats_per_pixel, given.beat_bits
    kernel, reach = as_tuple(op.kernel), op.reach
    spacing = as_tuple(op.dilation)[1] * beats
    parts = given.parallel // op.output_type.parallel
    control = Control(1)
    control.count(rows, columns, beats, parts)
    above = (reach[0] - 1) * bits
    # Rows that a dilated kernel skips are kept all the same.
    gaps = kernel[0] * (kernel[1] - 1) * bits
    padded = (rows, columns) != (given.height, given.width)
    early = (reach[0] - 1, reach[1] - 1) < (top, left)
    memories, position, stored, depth = _rows_above(op, above, columns, beats)
    # Where a block memory cannot read and write one word at once, synthesis adds what can.
    bypassed = above if op.memory.data == "block" else 0
    lut = {
        "padded_bits": bits if padded and above and not early else 0,
        "first_beat_bits": bits if early else 0,
        "marks": 4 - (rows == given.height) - (columns == given.width),
        "position_bits": position,
        "stored_words": depth if stored else 0,
        "stored_bits": stored // max(1, depth) * _choosing_luts(depth),
        "shift_registers": gaps * -(-spacing // 32) if spacing >= SHIFT_REGISTER else 0,
        # A LUT with six inputs chooses among four.
        "bypassed": bypassed,
        "parts": op.output_type.beat_bits * -(-(parts - 1) // 3),
    }
    ff = {
        "first_beat_bits": bits if early else 0,
        "position_bits": position,
        "stored_bits": stored,
        "bypassed": bypassed,
        "taps": kernel[0] * bits + (0 if spacing >= SHIFT_REGISTER else gaps * spacing),
        "shifted_taps": gaps * spacing if spacing >= SHIFT_REGISTER else 0,
    }
    return Features("window", control.lut | lut, control.ff | ff, memories, cycles)


def _choosing_luts(words: int) -> float:
    """LUTs that choose a bit among some words: a LUT for each three words more, with many words half a one for each."""
    return words / 2 if words > 8 else -(-(words - 1) // 3)


def _rows_above(op: WindowOp, width: int, columns: int, beats: int) -> tuple[tuple[Memory, ...], int, int, int]:
    """Memories, bits of a position of their own, bits of registers, and words."""
    style, depth = op.memory.data, columns * beats
    if width == 0:
        return (), 0, 0, 0
    if depth == 1:
        return (), 0, width, 1
    bits = (depth - 1).bit_length()
    spaced = ((columns - 1) << (beats - 1).bit_length()) + beats
    fits = spaced == depth or (style == "distributed" and (spaced - 1).bit_length() == bits)
    position = 0 if style != "block" and fits else bits
    words = spaced if not position else depth
    if style == "registers":
        return (), position, width * words, words
    return (Memory(words, width, "block" if style == "block" else "distributed"),), position, 0, words
