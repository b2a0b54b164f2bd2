"""The replay: each beat of a block as often as it is to be repeated, at its place."""

from __future__ import annotations

from e3ne.dialects.dataflow import Order, ReplayOp
from e3ne.verification.formal.checker import Checker, next_modulo, width_for


def add_replay(c: Checker, op: ReplayOp) -> None:
    """The beat at any one place of any one block is followed; blocks are given one after another."""
    given, size, repeat = op.input_type, op.beats, op.repeat.value.data
    if Order(op.order.data) is Order.STEPS_OUTER and given.chunks > 1 and given.step_beats > 1:
        c.missing.append("this order of repeated beats")
        return
    place, turns = width_for(size), width_for(repeat)
    c.reg("f_written", place, next_modulo("f_written", place, size), "f_take")
    c.reg("f_given", place, next_modulo("f_given", place, size), "f_give")
    c.reg("f_turn", turns, next_modulo("f_turn", turns, repeat), f"f_give & f_given == {size - 1}")
    c.wire("f_at_end", 1, f"f_given == {size - 1} & f_turn == {repeat - 1}")
    c.wire("f_push", 1, f"f_take & f_written == {size - 1}")
    c.wire("f_pop", 1, "f_give & f_at_end")
    c.reg("f_blocks", 2, "f_blocks + f_push - f_pop")
    c.constant("f_place", place)
    c.wire("f_chosen", 1, "$anyseq")
    c.wire("f_pick", 1, "f_take & f_written == f_place & f_chosen & ~f_followed")
    c.reg("f_followed", 1, "f_pick | (f_followed & ~(f_pop & f_ahead == 0))")
    c.reg("f_ahead", 2, "f_pick ? f_blocks - f_pop : f_ahead - f_pop", "f_pick | f_followed")
    c.reg("f_value", c.taken, "s_data", "f_pick", reset=None)
    c.ok("data", "~(f_followed & f_ahead == 0 & m_valid & f_given == f_place) | m_data == f_value")
    c.ok("nothing_appears", "~m_valid | f_blocks != 0 | (f_turn == 0 & f_given < f_written)")
    c.ok("no_loss", "~f_push | f_blocks < 3 | f_pop")
    position = "write_position" if size > 1 else "1'b0"
    reading, turn = ("read_position" if size > 1 else "1'b0"), ("repeat_" if repeat > 1 else "1'b0")
    c.wire("f_left", 1, "valid_0 & f_at_end")
    c.keep("written", f"{position} == f_written & f_written < {size}")
    c.keep("reading", f"{reading} == (valid_0 ? {next_modulo('f_given', place, size)} : f_given) & f_given < {size}")
    ended = f"valid_0 & f_given == {size - 1}"
    c.keep("turn", f"{turn} == (({ended}) ? {next_modulo('f_turn', turns, repeat)} : f_turn) & f_turn < {repeat}")
    c.keep("full", "full_banks <= 2 & f_blocks == full_banks + f_left")
    c.keep("banks", "write_bank == (read_bank ^ full_banks[0])")
    c.keep("behind", f"full_banks != 0 | ({turn} == 0 & {reading} <= {position})")
    c.keep("ahead", "~f_followed | f_ahead < f_blocks | (f_ahead == f_blocks & f_written > f_place)")
    c.wire("f_bank", 1, "read_bank ^ f_ahead[0] ^ f_left")
    address = "f_bank" if size == 1 else "{f_bank, f_place}"
    c.assume("place", f"f_place < {size}")
    c.keep("stored", f"~f_followed | (f_left & f_ahead == 0) | banks[{address}] == f_value")
