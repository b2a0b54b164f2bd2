"""Proofs about the printed Verilog hold for small units, and each kind of them fails on a unit that is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from e3ne.dialects.dataflow import LifOp, MatvecOp, PoolOp, StreamType, SumFramesOp, UnitOp, units_of
from e3ne.semantics.dataflow import find_graph
from e3ne.units.interface import Choice
from e3ne.units.matvec import decide_latency
from e3ne.verification.formal.designs import printed
from e3ne.verification.formal.induction import Outcome
from e3ne.verification.formal.rules import prove_unit
from e3ne.verification.lowering import lower
from tests.hardware.spiking_cases import FRAMES, RECURRENT, RULES, STATES
from tests.units.test_argmax import argmax
from tests.units.test_boundary import sink, source
from tests.units.test_fifo import fifo
from tests.units.test_fire import fire
from tests.units.test_matvec import matvec
from tests.units.test_replay import replay
from tests.units.test_resize import resize
from tests.units.test_window import window

WEIGHTS = [[3, -2, 1, 0, 2, 1, -1], [-1, 2, 0, 3, 1, -2, 1]]


def with_latency(stream: StreamType, weights: list[list[int]], choice: Choice) -> MatvecOp:
    op = matvec(stream, weights, None, choice)
    decide_latency(op)
    return op


VALUES = StreamType.of(1, 3, 2, steps=1, bits=-6, lanes=1)

UNITS: dict[str, Callable[[], UnitOp]] = {
    "argmax": lambda: argmax(StreamType.of(1, 1, 4, steps=1, bits=-3, lanes=2)),
    "fifo": lambda: fifo(3, StreamType.of(1, 4, 2, steps=1, lanes=2)),
    "fifo of two": lambda: fifo(2, StreamType.of(1, 4, 2, steps=1, lanes=2)),
    "fire": lambda: fire(VALUES, [5, 7], [2, 3], 1, 3),
    "fire in stages": lambda: fire(
        VALUES, [5, 7], [2, 3], 1, 4, {"stages": 2, "parallel_steps": 2, "threshold_memory": "block"}
    ),
    "fire in four stages": lambda: fire(
        VALUES, [5, 7], [2, 3], 1, 4, {"stages": 4, "parallel_steps": 4, "threshold_memory": "block"}
    ),
    "adders": lambda: with_latency(
        StreamType.of(1, 1, 6, steps=2),
        [[3, -2, 1, 0, 2, 1], [-1, 2, 0, 3, 1, -2]],
        {"output_lanes": 1, "input_lanes": 3, "parallel_steps": 2, "implementation": "adder"},
    ),
    "tables": lambda: with_latency(
        StreamType.of(1, 1, 7, steps=2),
        WEIGHTS,
        {"output_lanes": 1, "input_lanes": 7, "parallel_steps": 1, "implementation": "table"},
    ),
    "replay": lambda: replay(StreamType.of(1, 2, 3, steps=1, lanes=1), 2, memory="distributed"),
    "resize": lambda: resize(StreamType.of(1, 2, 4, steps=2, lanes=2), 4, 2),
    "resize of one beat": lambda: resize(StreamType.of(1, 2, 4, steps=2, lanes=2, parallel=2), 2, 1),
    "sink": lambda: sink(StreamType.of(1, 1, 3, steps=1, bits=-5, lanes=1), 8),
    "source": lambda: source((1, 5, 1), 2, 8),
    "window": lambda: window(StreamType.of(3, 4, 1, steps=1, lanes=1), (3, 3), padding=(1, 1, 1, 1)),
}


def outcomes(name: str, old: str = "", new: str = "") -> list[Outcome]:
    unit = printed("small", UNITS[name]())
    assert old in unit.verilog, unit.verilog
    return list(prove_unit(unit.op, unit.verilog.replace(old, new, 1) if old else unit.verilog))


@pytest.mark.parametrize("name", UNITS)
def test_small_units(name: str) -> None:
    found = outcomes(name)
    assert {each.name: each.method for each in found if each.result != "proved"} == {}


@pytest.mark.parametrize("name", ["one_beat", "synapse", "in_luts", "same_subtract_ge", "sum_pool"])
def test_units_without_rules_for_their_values_keep_the_handshake(name: str) -> None:
    case = (RULES | RECURRENT | STATES | FRAMES)[name]
    design = lower(case.network(name), case.decisions)
    units = [unit for unit in units_of(find_graph(design.graph)) if isinstance(unit, LifOp | SumFramesOp | PoolOp)]
    assert units
    for op in units:
        found = prove_unit(op, printed("small", op).verilog)
        assert [each.name for each in found if each.result == "skipped"] == [f"no rules for the values of {op.name}"]
        assert {each.name: each.method for each in found if each.result not in ("proved", "skipped")} == {}


def test_neurons_without_rules_keep_the_handshake() -> None:
    op = fire(VALUES, [5, 7], [2, 3], 1, 3, even=True)
    found = prove_unit(op, printed("small", op).verilog)
    assert {each.result for each in found} == {"proved", "skipped"}


MUTANTS = [
    ("sink", "assign s_ready = ~(valid_0 & 1'b1 & ~m_ready)", "assign s_ready = 1'b1", "ok_data_stays"),
    ("sink", "valid_0 <= s_valid;", "valid_0 <= s_valid & m_ready;", "ok_offers_what_it_has"),
    ("sink", "assign m_valid = valid_0", "assign m_valid = valid_0 & m_ready", "ok_valid_before_ready"),
    ("sink", "valid_0 <= 1'b0;", "valid_0 <= valid_0;", "ok_reset"),
    ("sink", "{3{held_0[4]}}", "3'd0", "ok_data"),
    ("sink", "beat == 2'd2", "beat == 2'd1", "ok_last"),
    ("sink", "beat <= beat_last ? 2'd0 :", "beat <= beat_last ? 2'd1 :", "ok_counter_beat_step"),
    ("source", "{held[0], held[1]}", "{held[1], held[0]}", "ok_data"),
    ("fifo", "stored[read_position]", "stored[write_position]", "ok_order"),
    ("fifo", "held != 2'd3", "held != 2'd2", "ok_has_room"),
    ("fifo of two", "waiting ? spare : s_data", "s_data", "ok_order"),
    ("resize", "{collected_3[1], collected_3[0]", "{collected_3[0], collected_3[1]", "ok_order"),
    ("replay", "wire n_3 = read_position < write_position", "wire n_3 = 1'b1", "ok_nothing_appears"),
    ("replay", "{write_bank, write_position}", "{1'b0, write_position}", "ok_data"),
    ("fire", "16'hc880", "16'hc882", "keep_spike_0"),
    ("fire", "value <= s_data", "value <= s_data + 6'd1", "ok_digits"),
    ("window", "row0_tap1 <= row0_now", "row0_tap1 <= row1_now", "ok_pixel_0_1"),
    ("window", "s_data & n", "s_data", "ok_padding_2_2"),
    ("argmax", "wire n_3 = {~n[2], n[1:0]} <", "wire n_3 = {~n[2], n[1:0]} <=", "ok_index_0"),
    ("tables", "64'h9933cc99c6c63939", "64'h9933cc99c6c63938", "ok_sum_0"),
    ("tables", "6'h3a", "6'h3b", "ok_sum_0"),
    ("adders", "weights[1] = 9'h50", "weights[1] = 9'h51", "ok_sum_0"),
    ("adders", "address <= address + 2'd1", "address <= address + 2'd2", "ok_address"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "broken"), MUTANTS, ids=[f"{m[0]}-{m[3]}-{i}" for i, m in enumerate(MUTANTS)]
)
def test_a_wrong_unit_fails(name: str, old: str, new: str, broken: str) -> None:
    found = {each.name: each for each in outcomes(name, old, new)}
    assert found[broken].result == "failed"
    # The search for a run ends with the first cycle in which a property fails, be it another one.
    assert any(each.result == "failed" and each.method != "induction fails" for each in found.values())
