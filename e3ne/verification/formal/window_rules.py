"""The window: each window that is given has the pixels that it should, and zeros where it lies outside the map.

The map has its full size. Any one place of what is swept for an image is followed: a pixel, or a zero behind the map.
"""

from __future__ import annotations

from dataclasses import dataclass

from e3ne.dialects.dataflow import WindowOp, as_tuple
from e3ne.verification.formal.checker import Checker, next_modulo, numbered, width_for


@dataclass(frozen=True)
class _Geometry:
    """Rows and columns of the map, of the windows, and of what is swept; `before` the first window is whole.

    `wide` bits hold any number of rows, columns or beats, and some more.
    """

    size: tuple[int, int]
    windows: tuple[int, int]
    kernel: tuple[int, int]
    padding: tuple[int, int]
    before: tuple[int, int]
    swept: tuple[int, int]
    beats: int
    parts: int
    wide: int

    @staticmethod
    def of(op: WindowOp) -> _Geometry | None:
        """None for windows that have no rules here: with a stride, dilated, of frames, or in the padding alone."""
        given, result = op.input_type, op.output_type
        top, left = as_tuple(op.padding)[:2]
        kh, kw = as_tuple(op.kernel)
        before = (kh - 1 - top, kw - 1 - left)
        plain = as_tuple(op.stride) == as_tuple(op.dilation) == (1, 1) and given.frames == 1
        if not plain or min(before) < 0 or (before[0] == 0 and left):
            return None
        rows = max(given.height, result.height + before[0])
        columns = max(given.width + left, result.width + before[1])
        wide = width_for(max(rows, columns, given.beats_per_pixel)) + 2
        return _Geometry(
            (given.height, given.width),
            (result.height, result.width),
            (kh, kw),
            (top, left),
            before,
            (rows, columns),
            given.beats_per_pixel,
            given.parallel // result.parallel,
            wide,
        )


def add_window(c: Checker, op: WindowOp) -> None:
    """`f_y`, `f_x`, `f_b` is the place that is followed; its element is what came there, or zero."""
    g, bits = _Geometry.of(op), op.input_type.beat_bits
    if g is None:
        c.missing.append("windows with a stride or dilation, of frames, or in the padding alone")
        return
    _add_position(c, "f_in", (*g.size, g.beats, 1), "f_take")
    _add_position(c, "f_out", (*g.windows, g.beats, g.parts), "f_give")
    for name, size in (("f_y", g.swept[0]), ("f_x", g.swept[1]), ("f_b", g.beats)):
        c.constant(name, g.wide)
        c.assume(name, f"{name} < {size}")
    for name, size in (("row", g.swept[0]), ("column", g.swept[1]), ("beat", g.beats)):
        c.wire(f"f_{name}", g.wide, name if size > 1 else "0")
    c.wire("f_inside", 1, f"f_y < {g.size[0]} & f_x < {g.size[1]}")
    c.wire("f_here", 1, "f_take & f_in_row == f_y & f_in_column == f_x & f_in_beat == f_b")
    c.reg("f_value", bits, "s_data", "f_here", reset=None)
    c.wire("f_element", bits, f"f_inside ? f_value : {bits}'d0")
    c.reg("f_started", 1, "1'b1", "step")
    c.wire("f_fresh", 1, "f_row == 0 & f_column == 0 & f_beat == 0")
    c.keep("started", "f_started | (f_fresh & ~m_valid)")
    _add_back(c, g)
    _add_places(c, g)
    _add_contents(c, g, bits)
    _add_windows(c, op, g)


def _add_position(c: Checker, name: str, sizes: tuple[int, ...], enable: str) -> None:
    """Counters of rows, columns, beats and parts, the last one innermost."""
    for what, size in reversed(list(zip(("row", "column", "beat", "part"), sizes, strict=True))):
        wide = width_for(size) + 1
        register = c.reg(f"{name}_{what}", wide, next_modulo(f"{name}_{what}", wide, size), enable)
        c.keep(f"{register}_range", f"{register} < {size}")
        enable = f"{enable} & {register} == {size - 1}"


def _add_back(c: Checker, g: _Geometry) -> None:
    """Where the sweep was in its last step, `f_row_0` …, in the one before, `f_row_1` …, and so on.

    `f_known_1` … tell whether that was in the image of the last step.
    """
    at = ("f_row", "f_column", "f_beat")
    for step in range((g.kernel[1] - 1) * g.beats + 1):
        row, column, beat = at
        at = (f"f_row_{step}", f"f_column_{step}", f"f_beat_{step}")
        c.wire(at[2], g.wide, f"({beat} == 0) ? {g.beats - 1} : {beat} - 1")
        c.wire(at[1], g.wide, f"({beat} != 0) ? {column} : ({column} == 0) ? {g.swept[1] - 1} : {column} - 1")
        turned = f"({beat} == 0 & {column} == 0)"
        c.wire(at[0], g.wide, f"~{turned} ? {row} : ({row} == 0) ? {g.swept[0] - 1} : {row} - 1")
        before = f"f_known_{step - 1} & ~({turned} & {row} == 0)" if step else "f_started"
        c.wire(f"f_known_{step}", 1, before)


def _add_places(c: Checker, g: _Geometry) -> None:
    """How far the sweep is, told by the beats that have come and by those that have left."""
    (height, width), (rows, columns), (down, along) = g.size, g.windows, g.before
    c.keep("sweep", f"f_row < {g.swept[0]} & f_column < {g.swept[1]} & f_beat < {g.beats}")
    c.keep("part", "f_out_part == " + ("part" if g.parts > 1 else "0") + " & (m_valid | f_out_part == 0)")
    next_row = f"((f_row == {height - 1}) ? 0 : f_row + 1)"
    c.keep(
        "taken",
        f"(f_row >= {height}) ? (f_in_row == 0 & f_in_column == 0 & f_in_beat == 0) : (f_column >= {width}) ? "
        f"(f_in_row == {next_row} & f_in_column == 0 & f_in_beat == 0) : "
        "(f_in_row == f_row & f_in_column == f_column & f_in_beat == f_beat)",
    )
    # The window that is completed next, at this place of the sweep or behind it.
    c.wire("f_late", 1, f"f_column >= {along + columns}")
    ended = f"f_row >= {down + rows} | (f_row == {down + rows - 1} & f_late)"
    c.wire("f_none", 1, f"f_row < {down} | {ended}")
    c.wire("f_first", 1, f"f_none | f_late | f_column < {along}")
    c.wire("f_next_row", g.wide, f"f_none ? 0 : f_row - {down} + f_late")
    c.wire("f_next_column", g.wide, f"f_first ? 0 : f_column - {along}")
    c.wire("f_next_beat", g.wide, "f_first ? 0 : f_beat")
    # While a window is offered, it is the one before.
    c.wire("f_ends_pixel", 1, f"f_out_beat == {g.beats - 1}")
    c.wire("f_ends_row", 1, f"f_ends_pixel & f_out_column == {columns - 1}")
    after = [
        "f_next_beat == (f_ends_pixel ? 0 : f_out_beat + 1)",
        "f_next_column == (f_ends_row ? 0 : f_out_column + f_ends_pixel)",
        f"f_next_row == (~f_ends_row ? f_out_row : (f_out_row == {rows - 1}) ? 0 : f_out_row + 1)",
    ]
    same = ["f_next_beat == f_out_beat", "f_next_column == f_out_column", "f_next_row == f_out_row"]
    c.keep("given", f"m_valid ? ({' & '.join(after)}) : ({' & '.join(same)})")
    place = f"f_row_0 == f_out_row + {down} & f_column_0 == f_out_column + {along} & f_beat_0 == f_out_beat"
    c.keep("offered", f"~m_valid | ({place})")


def _add_contents(c: Checker, g: _Geometry, bits: int) -> None:
    """What the memory of the rows above and the taps hold of the place that is followed."""
    kh, kw = g.kernel
    depth = g.swept[1] * g.beats
    if kh > 1:
        address = width_for(depth) if c.has("position") else None
        c.wire("f_linear", 2 * g.wide, f"f_x * {g.beats} + f_b")
        where = f"f_linear[{address - 1}:0]" if address else _joined(g)
        c.wire("f_word", (kh - 1) * bits, f"rows_above[{where}]")
        c.wire("f_to_come", 1, "f_column_0 < f_x | (f_column_0 == f_x & f_beat_0 < f_b)")
        for slot in range(kh - 1):
            here = f"f_started & f_row_0 == f_y + f_to_come + {slot}"
            c.keep(f"above_{slot}", f"~({here}) | f_word[{slot * bits} +: {bits}] == f_element")
        if address:
            c.keep("position", f"position == f_column * {g.beats} + f_beat")
        if c.has("rows_above_q"):
            c.keep("read", "~f_started | rows_above_q == rows_above[position]")
    for row in range(kh):
        distance = kh - 1 - row
        for step in range((kw - 1) * g.beats + 1):
            tap = _tap(row, step, kw, g.beats)
            here = f"f_row_{step} == f_y + {distance} & f_column_{step} == f_x & f_beat_{step} == f_b"
            c.keep(f"tap_{row}_{step}", f"~(f_known_{step} & {here}) | {tap} == f_element")
            # A row that is above the map for a window that begins in it, or left of it.
            if distance > g.before[0] or (distance == g.before[0] and g.padding[1]):
                c.keep(f"zero_{row}_{step}", f"~(f_known_{step} & f_row_{step} < {distance}) | {tap} == 0")


def _joined(g: _Geometry) -> str:
    """Column and beat side by side, as the counters are the address."""
    parts = [f"{name}[{width_for(size) - 1}:0]" for name, size in (("f_x", g.swept[1]), ("f_b", g.beats)) if size > 1]
    return f"{{{', '.join(parts)}}}"


def _tap(row: int, step: int, columns: int, beats: int) -> str:
    """The register that holds what came into a row of the kernel some steps before the last one."""
    if step == 0:
        return f"row{row}_now"
    column, behind = divmod(step - 1, beats)
    return numbered(f"row{row}_tap{columns - 2 - column}", behind)


def _add_windows(c: Checker, op: WindowOp, g: _Geometry) -> None:
    """What a window that is offered shows: of the place that is followed, and outside the map.

    What lies outside is a zero in the sweep, at some place behind the map, or masked above it.
    """
    given, steps = op.input_type, op.output_type.parallel
    (kh, kw), (top, left) = g.kernel, g.padding
    for ky in range(kh):
        for kx in range(kw):
            shown = [
                f"m_data[{((step * given.lanes + lane) * kh + ky) * kw + kx}]"
                for step in range(steps)
                for lane in range(given.lanes)
            ]
            name, size = f"{ky}_{kx}", len(shown)
            c.wire(f"f_tap_{name}", size, f"{{{', '.join(reversed(shown))}}}")
            c.wire(f"f_expected_{name}", size, f"f_value >> (f_out_part * {size})")
            # Places of the padded map, so that nothing is negative.
            row, column = f"(f_out_row + {ky})", f"(f_out_column + {kx})"
            mine = f"{row} == f_y + {top} & {column} == f_x + {left} & f_out_beat == f_b"
            c.ok(f"pixel_{name}", f"~(m_valid & f_inside & {mine}) | f_tap_{name} == f_expected_{name}")
            beyond = [
                f"{row} < {top}",
                f"{row} >= {g.size[0] + top}",
                f"{column} < {left}",
                f"{column} >= {g.size[1] + left}",
            ]
            step, distance = (kw - 1 - kx) * g.beats, kh - 1 - ky
            place = f"f_row_{step} == f_y + {distance} & f_column_{step} == f_x & f_beat_{step} == f_b"
            asked = f"f_row_{step} < {distance} | ({place})"
            c.ok(f"padding_{name}", f"~(m_valid & ({' | '.join(beyond)}) & ({asked})) | f_tap_{name} == 0")
