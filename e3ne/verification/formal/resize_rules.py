"""The width converter: each element of a block once, in the order of the stream that is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from e3ne.dialects.dataflow import ResizeOp
from e3ne.units.interface import layout_of
from e3ne.verification.formal.checker import Checker, next_modulo, width_for


def add_resize(c: Checker, op: ResizeOp) -> None:
    """Two whole blocks at most are inside, and the one that comes; the order is that of the layouts."""
    lanes = max(op.input_type.lanes, op.output_type.lanes)
    taken, given = (replace(layout_of(t), channels=lanes, height=1, width=1) for t in (op.input_type, op.output_type))
    bits, collect, spend = op.input_type.element_bits, taken.beats, given.beats
    block = collect * c.taken
    places = np.arange(collect * taken.elements).reshape(1, collect, taken.elements)
    order = given.gather(taken.spread(places))[0]

    def ordered(name: str) -> str:
        elements = [f"{name}[{int(place) * bits} +: {bits}]" for place in order.reshape(-1)]
        return f"{{{', '.join(reversed(elements))}}}"

    inside, outside = width_for(collect), width_for(spend)
    c.reg("f_in", inside, next_modulo("f_in", inside, collect), "f_take")
    c.reg("f_out", outside, next_modulo("f_out", outside, spend), "f_give")
    c.wire("f_push", 1, f"f_take & f_in == {collect - 1}")
    c.wire("f_pop", 1, f"f_give & f_out == {spend - 1}")
    for beat in range(collect - 1):
        c.reg(f"f_come_{beat}", c.taken, "s_data", f"f_take & f_in == {beat}", reset=None)
    come = "".join(f", f_come_{beat}" for beat in reversed(range(collect - 1)))
    c.wire("f_new", block, f"{{s_data{come}}}")
    c.reg("f_count", 2, "f_count + f_push - f_pop")
    c.reg("f_front", block, "(f_count == 2) ? f_behind : f_new", "f_pop | (f_push & f_count == 0)", reset=None)
    c.reg("f_behind", block, "f_new", "f_push & f_count == 2'd1 + f_pop", reset=None)
    c.wire("f_ordered", spend * c.given, ordered("f_front"))
    c.ok("count", "f_count <= 2")
    c.ok("no_loss", "~(f_push & f_count == 2 & ~f_pop)")
    c.ok("nothing_appears", "~m_valid | f_count != 0")
    c.ok("order", f"~m_valid | m_data == f_ordered[f_out * {c.given} +: {c.given}]")
    c.keep("held", "~busy | held == f_ordered")
    if spend > 1:
        c.keep("given", "given_beats == f_out")
    c.keep("given_range", f"f_out < {spend} & (busy | f_out == 0)")
    if collect == 1:
        c.keep("count", "f_count == busy & f_in == 0")
        return
    c.keep("count", "f_count == {1'b0, busy} + complete")
    c.keep("taken", f"taken_beats == f_in & (~complete | f_in == 0) & f_in < {collect}")
    whole = ", ".join(f"collected_{beat}" for beat in reversed(range(collect)))
    c.keep("complete", f"~complete | {{{whole}}} == (busy ? f_behind : f_front)")
    for beat in range(collect - 1):
        # The beat that came first has been shifted on by those behind it.
        known = [f"(f_in == {n} & collected_{collect - n + beat} != f_come_{beat})" for n in range(beat + 1, collect)]
        c.keep(f"come_{beat}", f"complete | ~({' | '.join(known)})")
