"""What a window is made of: the memory of the rows above, the taps, counters of the padded map."""

from __future__ import annotations

from e3ne.devices.memories import Memory, choosing_luts
from e3ne.dialects.dataflow import WindowOp, as_tuple
from e3ne.units.features import SHIFT_REGISTER, Control, Features
from e3ne.units.window_taps import Sweep


def window_features(op: WindowOp, cycles: int) -> Features:
    """The parts of the unit for the layout of its streams."""
    given = op.input_type
    down, along = Sweep.of(op, 0), Sweep.of(op, 1)
    rows, columns = down.total, along.total
    beats, bits = given.beats_per_pixel, given.beat_bits
    kernel, reach = as_tuple(op.kernel), op.reach
    spacing = as_tuple(op.dilation)[1] * beats
    parts = given.parallel // op.output_type.parallel
    above = (reach[0] - 1) * bits
    # Rows that a dilated kernel skips are kept all the same.
    gaps = kernel[0] * (kernel[1] - 1) * bits
    padded = not all((*down.inside, *along.inside))
    early = (down.first, along.first) < (down.lead, along.lead)
    # Taps that begin as zeros left of the first pixel of all are no shift registers.
    shifted = spacing >= SHIFT_REGISTER and not (along.left_of_window and down.first == 0)
    masked = [down.masks(distance, along) for distance in range(reach[0] - 1, 0, -as_tuple(op.dilation)[0])]
    memories, position, stored, depth = _rows_above(op, above, columns, beats)
    # Counters that nothing looks at are none: windows of one pixel.
    by_row = early or any(masked) or not all((*down.inside, *down.complete))
    by_column = by_row or (above > 0 and depth > 1) or not all((*along.inside, *along.complete))
    control = Control(1)
    control.count(rows if by_row else 1, *((columns, beats) if by_column else (1, 1)), parts)
    # Yosys keeps a copy of the register that addresses an asynchronous read.
    copied = (depth - 1).bit_length() if any(m.style == "distributed" and not m.shared for m in memories) else 0
    # Zeros of a tap that is reset with all others are gates, else its reset.
    gated = sum(masked) if along.left_of_window and down.first == 0 else 0
    # Where a block memory cannot read and write one word at once, synthesis adds what can.
    bypassed = above if op.memory.data == "block" else 0
    lut = {
        "padded_bits": bits * ((padded and above > 0 and not early) + gated),
        "first_beat_bits": bits if early else 0,
        "marks": sum(not all(words) for sweep in (down, along) for words in (sweep.inside, sweep.complete)),
        "masked_rows": 0 if gated else sum(masked),
        "position_bits": position + copied,
        "stored_words": depth if stored else 0,
        # Of many words a memory of registers takes half a LUT to choose one.
        "stored_bits": stored // max(1, depth) * (depth / 2 if depth > 8 else choosing_luts(depth)),
        "shift_registers": gaps * -(-spacing // 32) if shifted else 0,
        # A LUT with six inputs chooses among four.
        "bypassed": bypassed,
        "parts": op.output_type.beat_bits * -(-(parts - 1) // 3),
    }
    ff = {
        "first_beat_bits": bits if early else 0,
        "position_bits": position + copied,
        "stored_bits": stored,
        "bypassed": bypassed,
        "taps": kernel[0] * bits + (0 if shifted else gaps * spacing),
        "shifted_by_luts": gaps * spacing if shifted else 0,
    }
    return Features("window", control.lut | lut, control.ff | ff, memories, cycles)


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
    # Counters side by side write and read at one address; of a single register Yosys makes two ports.
    shared = not position and columns > 1 < beats
    return (Memory(words, width, "block" if style == "block" else "distributed", shared=shared),), position, 0, words
