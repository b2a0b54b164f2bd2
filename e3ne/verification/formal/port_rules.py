"""The source and the sink: pixels out of beats of the bus, and results into containers."""

from __future__ import annotations

from e3ne.dialects.dataflow import SinkOp, SourceOp
from e3ne.verification.formal.checker import Checker, next_modulo, width_for


def add_sink(c: Checker, op: SinkOp) -> None:
    """Each result once, with its sign, in the lower part of its container; the last one of an image is marked."""
    beats, given = op.input_type.beats_per_image, op.input_type
    bits, container = given.element_bits, op.container.value.data
    wide = width_for(beats)
    c.reg("f_count", 2, "f_count + f_take - f_give")
    c.reg("f_value", c.taken, "s_data", "f_take", reset=None)
    c.reg("f_beat", wide, next_modulo("f_beat", wide, beats), "f_give")
    c.ok("offers_what_it_has", "f_count <= 1 & m_valid == f_count[0]")
    c.ok("no_loss", "~f_take | f_count == 0 | f_give")
    c.ok("last", f"~m_valid | m_last == (f_beat == {beats - 1})")
    sign = "f_value[{0}]" if given.signed else "1'b0"
    lanes = [
        f"{{{{{container - bits}{{{sign.format(lane * bits + bits - 1)}}}}}, f_value[{lane * bits} +: {bits}]}}"
        if container > bits
        else f"f_value[{lane * bits} +: {bits}]"
        for lane in range(given.lanes)
    ]
    c.ok("data", f"~m_valid | m_data == {{{', '.join(reversed(lanes))}}}")
    if beats > 1:
        c.keep("beat", f"beat == (valid_0 ? {next_modulo('f_beat', wide, beats)} : f_beat)")
    c.keep("beat_range", f"f_beat < {beats}")


def add_source(c: Checker, op: SourceOp) -> None:
    """Each pixel of a beat once, the lowest first; of a code, the most significant digit is the first time step."""
    given, per_beat = op.output_type, op.pixels_per_beat
    pixel, wide = given.beat_bits, width_for(per_beat)
    pixels = width_for(given.pixels)
    c.reg("f_full", 1, "f_take | ~f_last", "f_take | f_give")
    c.reg("f_bus", c.taken, "s_data", "f_take", reset=None)
    c.reg("f_slot", wide, f"f_last ? {wide}'d0 : f_slot + {wide}'d1", "f_give")
    c.reg("f_pixel", pixels, next_modulo("f_pixel", pixels, given.pixels), "f_give")
    c.wire("f_last", 1, f"f_slot == {per_beat - 1} | f_pixel == {given.pixels - 1}")
    c.ok("offers_what_it_has", "m_valid == f_full")
    c.ok("no_loss", "~f_take | ~f_full | (f_give & f_last)")
    c.wire("f_shifted", c.taken, f"f_bus >> (f_slot * {pixel})")
    digits = [
        f"f_shifted[{channel * given.steps + given.steps - 1 - step}]"
        for step in range(given.steps)
        for channel in range(given.channels)
    ]
    c.ok("data", f"~m_valid | m_data == {{{', '.join(reversed(digits))}}}")
    c.keep("held", "f_full ? held == f_shifted : f_slot == 0")
    if given.pixels % per_beat == 0:
        if per_beat > 1:
            c.keep("slot", "slot == f_slot")
            c.keep("pixel", f"f_pixel % {per_beat} == f_slot & f_pixel < {given.pixels} & f_slot < {per_beat}")
        return
    c.keep("pixel", "pixel == f_pixel" + (" & slot == f_slot" if given.pixels > per_beat else ""))
    c.keep("range", f"f_pixel < {given.pixels} & f_slot < {per_beat} & f_pixel % {per_beat} == f_slot")
