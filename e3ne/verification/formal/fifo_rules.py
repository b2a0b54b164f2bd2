"""The FIFO: beats leave in the order in which they came, none is lost, none appears."""

from __future__ import annotations

from e3ne.dialects.dataflow import FifoOp
from e3ne.verification.formal.checker import Checker, width_for


def add_fifo(c: Checker, op: FifoOp) -> None:
    """A beat that is taken at any time is followed through the buffer: `f_ahead` beats are to leave before it."""
    depth, bits = op.depth.value.data, op.input_type.beat_bits
    wide = depth.bit_length() + 1
    c.wire("f_entered", wide, "f_take")
    c.wire("f_left", wide, "f_give")
    c.reg("f_count", wide, "f_count + f_entered - f_left")
    c.ok("count", f"f_count <= {depth}")
    c.ok("offers_what_it_has", "m_valid == (f_count != 0)")
    c.ok("has_room", f"s_ready | f_count == {depth}")
    c.wire("f_chosen", 1, "$anyseq")
    c.wire("f_pick", 1, "f_take & ~f_followed & f_chosen")
    c.reg("f_followed", 1, "f_pick | (f_followed & ~(f_give & f_ahead == 0))")
    c.reg("f_ahead", wide, "f_pick ? f_count - f_left : f_ahead - f_left", "f_pick | f_followed")
    c.reg("f_value", bits, "s_data", "f_pick", reset=None)
    c.ok("order", "~(f_followed & f_ahead == 0) | (m_valid & m_data == f_value)")
    c.keep("ahead", "~f_followed | f_ahead < f_count")
    if depth == 2 and c.has("waiting"):
        c.keep("held", f"f_count == {wide}'d0 + given + waiting & (~waiting | given)")
        if c.has("spare"):
            c.keep("behind", "~(f_followed & f_ahead == 1) | spare == f_value")
        else:
            c.keep("positions", "write_position == (read_position ^ given ^ waiting)")
            c.keep("behind", "~f_followed | f_value == ((read_position ^ f_ahead[0]) ? odd : even)")
        return
    c.keep("held", "f_count == held")
    if depth == 1:
        return
    place = width_for(depth)
    c.wire("f_end", wide + 1, "read_position + held")
    c.keep("positions", f"write_position == ((f_end >= {depth}) ? f_end - {depth} : f_end)")
    c.keep("read_range", f"read_position < {depth}")
    c.wire("f_sum", wide + 1, "read_position + f_ahead")
    c.wire("f_where", place, f"(f_sum >= {depth}) ? f_sum - {depth} : f_sum")
    if c.has("come"):
        newest = "(comes & f_ahead + 1 == f_count)"
        c.keep("stored", f"~f_followed | ({newest} ? come : stored[f_where]) == f_value")
        return
    c.keep("stored", "~f_followed | stored[f_where] == f_value")
