"""What a running max pool is made of: comparisons, the largest values so far, counters of windows."""

from __future__ import annotations

from dataclasses import dataclass, field

from e3ne.devices.memories import Memory
from e3ne.dialects.dataflow import MaxPoolOp, as_tuple
from e3ne.units.adders import tree_depth
from e3ne.units.features import Control, Features, comparison_luts


@dataclass
class _Parts:
    """Features while they are gathered: `compared` comparisons, bits `selected`, values in registers, marks."""

    control: Control
    compared: int = 0
    selected: int = 0
    values: int = 0
    marks: int = 0
    address_bits: int = 0
    memories: list[Memory] = field(default_factory=list[Memory])


def max_pool_features(op: MaxPoolOp) -> Features:
    """The parts of the unit for the layout of its streams."""
    given, (rows, columns), pixels = op.input_type, as_tuple(op.kernel), op.pixels.value.data
    lanes, chunks, bits = op.output_type.lanes, given.beats_per_pixel, given.element_bits
    by_rows, kept = chunks == 1 and columns > 1, rows * columns > 1
    across = given.width // columns if rows > 1 else 1
    words = across * chunks if kept else 0
    levels = tree_depth(pixels)
    parts = _Parts(Control(levels + int(not by_rows and words > 1)))
    parts.control.count(chunks)
    _count_windows(parts, given.width, columns)
    if given.height % rows:
        _count_windows(parts, given.height, rows)
    else:
        parts.control.count(rows)
    members = pixels
    for _ in range(levels):
        parts.compared += lanes * (members // 2)
        parts.selected += lanes * (members // 2) * bits
        members -= members // 2
        parts.values += lanes * members
    if by_rows:
        _add_rows(parts, lanes, bits, rows, across)
    else:
        _add_words(parts, lanes, bits, words, across, chunks, columns, given.width % columns > 0)
    # What is given, and whether there is anything.
    parts.values += lanes
    return Features(
        "max_pool",
        parts.control.lut
        | {
            "compared": parts.compared * comparison_luts(bits),
            "comparisons": parts.compared,
            "selected": parts.selected,
            "address_bits": parts.address_bits,
        },
        parts.control.ff | {"marks": parts.marks + 1, "values": parts.values * bits},
        tuple(parts.memories),
        given.beats_per_image,
    )


def _count_windows(parts: _Parts, total: int, kernel: int) -> None:
    """The place in a window, and its number: one more if the last window is not whole."""
    parts.control.count(kernel, total // kernel + (total % kernel > 0))


def _add_rows(parts: _Parts, lanes: int, bits: int, rows: int, across: int) -> None:
    """The largest of a row of a window, and of its rows: registers that are written with what is larger."""
    parts.compared += lanes * (1 + (rows > 1))
    parts.values += lanes
    parts.marks += 1
    if rows > 1:
        parts.values += lanes
        parts.marks += 4
        place = (across - 1).bit_length()
        # The window that is merged, and the one before it.
        parts.control.carry(place, 2)
        parts.address_bits += place
        if across > 1:
            parts.memories += [Memory(across, bits, "distributed")] * lanes


def _add_words(
    parts: _Parts, lanes: int, bits: int, words: int, across: int, chunks: int, columns: int, beyond: bool
) -> None:
    """A word for each window and beat of a pixel: read, compared, and the larger of both written back."""
    if words == 0:
        return
    parts.compared += lanes
    parts.selected += lanes * bits
    parts.values += lanes
    if words == 1:
        return
    parts.values += lanes
    address = sum((modulus - 1).bit_length() for modulus in (across, chunks))
    depth = ((across - 1) << (chunks - 1).bit_length()) + chunks
    parts.memories.append(Memory(depth, lanes * bits, "distributed"))
    # First and last place of a window, and whether there is one at all.
    parts.marks += 2 + beyond
    parts.control.carry(address, 1)
    if chunks * (across if columns == 1 else 1) > 2:
        parts.values += lanes
        parts.marks += 1
        parts.control.carry(address, 1)
