"""Comparisons of counters come out of registers, and say the same in every cycle."""

from __future__ import annotations

import random
from functools import cache

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.calibration.samples import draw_samples
from e3ne.dialects import rtl
from e3ne.dialects.dataflow import TransformOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.passes.rtl_compare_ahead import RtlCompareAheadPass
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.rtl import run, top_of
from e3ne.units.handshake import count
from e3ne.units.registry import unit_for

WIDE = 300
"""Bits of a beat up to which a unit is run: more takes long."""


def rewritten(module: rtl.ModuleOp) -> tuple[ModuleOp, ModuleOp]:
    """A design of one module, and what the pass makes of it."""
    before = ModuleOp([module])
    run_passes(before, "canonicalize,cse")
    after = before.clone()
    RtlCompareAheadPass().apply(Context(), after)
    after.verify()
    return before, after


def stimulus(names: list[str], cycles: int, seed: int) -> list[dict[str, int]]:
    drawn = random.Random(seed)
    return [{name: int(drawn.random() < 0.7) for name in names} for _ in range(cycles)]


def source_of(design: ModuleOp, output: str) -> object:
    """What drives an output of the top module."""
    top = top_of(design)
    return top.output_op.operands[top.output_names.index(output)].owner


@pytest.mark.parametrize("modulus", [3, 4, 5, 7, 8, 9, 16, 31])
def test_counter(modulus: int) -> None:
    m = ModuleBuilder("counter")
    counter = count(m, modulus, m.input("enable", 1), "position")
    m.output("last", counter.last)
    m.output("first", counter.first)
    m.output("value", counter.value)
    before, after = rewritten(m.build())
    cycles = stimulus(["enable"], 10 * modulus, modulus)
    assert run(after, cycles, 2) == run(before, cycles, 2)
    assert all(isinstance(source_of(after, flag), rtl.RegisterOp) for flag in ("last", "first"))


@pytest.mark.parametrize("room", [2, 3, 5, 16])
def test_up_and_down(room: int) -> None:
    m = ModuleBuilder("level")
    bits = room.bit_length()
    held = m.register(bits, "held", reset=0)
    full, some = m.eq(held.value, m.constant(room, bits)), m.ne(held.value, m.constant(0, bits))
    up, down = m.and_(m.input("up", 1), m.not_(full)), m.and_(m.input("down", 1), some)
    one = m.constant(1, bits)
    held.drive(m.mux(up, m.add(held.value, one), m.sub(held.value, one)), m.xor(up, down))
    m.output("full", full)
    m.output("some", some)
    m.output("held", held.value)
    before, after = rewritten(m.build())
    cycles = stimulus(["up", "down"], 60 * room, room)
    assert run(after, cycles, 1) == run(before, cycles, 1)
    assert all(isinstance(source_of(after, flag), rtl.RegisterOp) for flag in ("full", "some"))


@pytest.mark.parametrize("modulus", [3, 6, 8])
def test_tables_of_a_counter(modulus: int) -> None:
    m = ModuleBuilder("counter")
    position = count(m, modulus, m.input("enable", 1), "position").value
    bits = (modulus - 1).bit_length()
    for mask in range(1 << modulus):
        m.output(f"mask_{mask}", m.table(position, [mask >> place & 1 for place in range(modulus)], 1))
    m.output("wide", m.table(position, [place * 3 % 4 for place in range(1 << bits)], 2))
    before, after = rewritten(m.build())
    cycles = stimulus(["enable"], 10 * modulus, modulus)
    assert run(after, cycles, 2) == run(before, cycles, 2)
    assert isinstance(source_of(after, "mask_5"), rtl.RegisterOp)
    assert isinstance(source_of(after, "wide"), rtl.TableOp)


@pytest.mark.parametrize("start", [0, 2, 5])
def test_counter_that_does_not_begin_at_zero(start: int) -> None:
    """From 6 it goes on at 2; it is never beyond, where it would come to 0 after 7."""
    m = ModuleBuilder("counter")
    position = m.register(3, "position", reset=start)
    last = m.eq(position.value, m.constant(6, 3))
    position.drive(m.mux(last, m.constant(2, 3), m.add(position.value, m.constant(1, 3))), m.input("enable", 1))
    for value in range(8):
        m.output(f"is_{value}", m.eq(position.value, m.constant(value, 3)))
    before, after = rewritten(m.build())
    cycles = stimulus(["enable"], 80, start)
    assert run(after, cycles, 1) == run(before, cycles, 1)


def test_a_counter_that_starts_beyond_its_end_comes_to_zero() -> None:
    """It counts from 7 to 0 once: what is never reached in the loop is reached on the way there."""
    m = ModuleBuilder("counter")
    position = m.register(3, "position", reset=7)
    last = m.eq(position.value, m.constant(4, 3))
    position.drive(m.mux(last, m.constant(1, 3), m.add(position.value, m.constant(1, 3))))
    m.output("is_zero", m.eq(position.value, m.constant(0, 3)))
    m.output("is_seven", m.eq(position.value, m.constant(7, 3)))
    before, after = rewritten(m.build())
    assert run(after, [{}] * 20, 1) == run(before, [{}] * 20, 1)


def test_what_is_no_counter_is_compared_where_it_was() -> None:
    m = ModuleBuilder("loaded")
    held = m.register(4, "held", reset=0)
    held.drive(m.input("data", 4), m.input("load", 1))
    m.output("is_five", m.eq(held.value, m.constant(5, 4)))
    free = m.register(4, "free")
    free.drive(m.add(free.value, m.constant(1, 4)))
    m.output("is_six", m.eq(free.value, m.constant(6, 4)))
    _, after = rewritten(m.build())
    assert all(isinstance(source_of(after, flag), rtl.EqOp) for flag in ("is_five", "is_six"))


UNITS = [op for op in draw_samples(60, 5, "ecp5") if isinstance(op, TransformOp) and op.input_type.beat_bits <= WIDE]


@cache
def unit(number: int) -> tuple[ModuleOp, ModuleOp]:
    return rewritten(unit_for(UNITS[number]).build(UNITS[number]))


@pytest.mark.parametrize("number", range(len(UNITS)), ids=[op.unit_name for op in UNITS])
def test_units_do_the_same_in_every_cycle(number: int) -> None:
    """Whatever comes, be it against the rules of streams."""
    before, after = unit(number)
    drawn = random.Random(number)
    ports = top_of(before).inputs.items()
    cycles = [{name: drawn.getrandbits(width) for name, width in ports} for _ in range(120)]
    assert run(after, cycles, 2) == run(before, cycles, 2)


def test_sampled_units_have_counters() -> None:
    """Else the comparison above would compare what is the same."""
    changed = [str(before) != str(after) for before, after in map(unit, range(len(UNITS)))]
    assert sum(changed) >= len(UNITS) // 2
