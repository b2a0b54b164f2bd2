"""Mutants of the printed Verilog of one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TextMutant:
    """The first text that matches `pattern` in a unit's module becomes `text`; both number the same groups."""

    unit: str
    what: str
    pattern: str
    text: str
    case: str = "deep"


_RUNNING, _EVENTS = "running", "events"

TEXT: Mapping[str, TextMutant] = {
    "weight_bit": TextMutant(
        "conv2_matvec",
        "a bit of a weight in memory is wrong",
        r"(weights\[1\] = \d+'h[0-9a-f]*)([0-9a-f]);",
        r"\1{\2}flip;",
    ),
    "weight_address": TextMutant(
        "conv2_matvec", "weights are read at the inverted address", r"(weights\[)([^\]]*)(\];)", r"\1~(\2)\3"
    ),
    "table_bit": TextMutant(
        "linear6_matvec",
        "a bit of a table of partial sums is wrong",
        r"(wire \[63:0\] t\S* = 64'h[0-9a-f]*)([0-9a-f]);",
        r"\1{\2}flip;",
    ),
    "adder_carry": TextMutant(
        "conv2_matvec", "an adder of the heap drops its carries", r"(wire \[3:0\] \w+ = .*) \+ (.*;)", r"\1 ^ \2"
    ),
    "membrane_doubles_not": TextMutant(
        "linear6_matvec", "a membrane is not doubled at a time step", r"\{membrane\[\d+:0\], 1'b0\}", "membrane"
    ),
    "valid_inverted": TextMutant(
        "fire3_fire", "valid is inverted", r"assign m_valid = (.*);", r"assign m_valid = ~(\1);"
    ),
    "ready_ignored": TextMutant(
        "conv2_matvec",
        "the last stage loads though its token waits",
        r"if \(~\(valid_4 & gives_4 & ~m_ready\) & valid_3\)",
        "if (valid_3)",
    ),
    "room_inverted": TextMutant(
        "pool4_pool_fifo", "ready is inverted", r"assign s_ready = ~waiting;", "assign s_ready = waiting;"
    ),
    "overflow": TextMutant("conv2_replay", "a full buffer accepts", r"wire room = (.*);", "wire room = 1'b1;"),
    "threshold_beyond": TextMutant(
        "fire3_fire", "a neuron spikes below its threshold", r"(wire spike = )(.*;)", r"\1~\2"
    ),
    "threshold_word": TextMutant(
        "fire3_fire", "a bit of a threshold is wrong", r"(thresholds\[0\] = \d+'h[0-9a-f]*)([0-9a-f]);", r"\1{\2}flip;"
    ),
    "group_stays": TextMutant(
        "fire3_fire",
        "all groups of channels have the thresholds of one",
        r"next_group <= next_group \+ 1'b1;",
        "next_group <= next_group;",
    ),
    "stage_overwritten": TextMutant(
        "fire3_fire", "a stage takes a value while it has one", r"wire accept_1 = .*;", "wire accept_1 = 1'b1;"
    ),
    "parts_skipped": TextMutant(
        "pool4_window",
        "a window is given in one part instead of three",
        r"wire part_last = .*;",
        "wire part_last = 1'b1;",
    ),
    "parts_swapped": TextMutant(
        "pool4_window", "the parts of a window are in another order", r"m_data = part\[1\] \?", "m_data = ~part[1] ?"
    ),
    "race_without_losers": TextMutant(
        "pool4_pool", "a train that has lost goes on in the race", r"(racing_0 <= )(.*);", r"\g<1>1'b1;"
    ),
    "padding_late": TextMutant(
        "conv2_window",
        "the table of where pixels are has a wrong bit",
        r"(wire \[\d+:0\] t\S* = \d+'[hd][0-9a-f]*)([0-9a-f]);",
        r"\1{\2}flip;",
    ),
    "row_above_kept": TextMutant(
        "conv2_window",
        "rows above the image are those of the image before",
        r"(row0_now <= )t_1\[row\] \? 1'b0 : (.*);",
        r"\1\2;",
    ),
    "row_never_begins": TextMutant(
        "pool4_pool",
        "the largest of a row keeps that of the row before",
        r"(wire \w+ = step & )\(~column_of_window \| (.*)\);",
        r"\1\2;",
        _RUNNING,
    ),
    "least_of_rows": TextMutant(
        "pool4_pool", "the smaller of two rows is kept", r"(\{~so_far\[.*\}) < (n_5)", r"\1 > \2", _RUNNING
    ),
    "result_of_next_window": TextMutant(
        "pool4_pool",
        "the result is read at the place of the next window",
        r"(wire \[1:0\] read_window = ).*;",
        r"\1window_column;",
        _RUNNING,
    ),
    "result_overwritten": TextMutant(
        "pool4_pool", "a result does not wait", r"(wire \w+ = merged) & ~\(completes & \w+\);", r"\1;", _RUNNING
    ),
    "word_of_other_lanes": TextMutant(
        "pool7_pool",
        "words are read at the inverted address",
        r"largest_so_far\[address_0\]",
        "largest_so_far[~address_0]",
        _RUNNING,
    ),
    "dropped_column_kept": TextMutant(
        "pool7_pool",
        "columns beyond the last window are written",
        r"if \((\w+) & inside_0\)",
        r"if (\1)",
        _RUNNING,
    ),
    "spikes_lost": TextMutant(
        "linear3_matvec",
        "a spike of one input is never visited",
        r"(rest <= )inputs & (\w+);",
        r"\g<1>inputs & \2 & 6'd61;",
        _EVENTS,
    ),
    "spike_of_another_input": TextMutant(
        "linear3_matvec",
        "the number of a spike is wrong where all inputs spike",
        r"(wire \[2:0\] number = .*)\};",
        r"\1 ^ (&inputs)};",
        _EVENTS,
    ),
    "room_of_results_ignored": TextMutant(
        "linear3_matvec", "a result comes though the one before waits", r" & ~\(ends & owed\)", "", _EVENTS
    ),
    "result_owed_too_long": TextMutant(
        "linear5_matvec",
        "a result counts as gone when there is none",
        r"(owed <= .*)full & m_ready",
        r"\g<1>valid & m_ready",
        _EVENTS,
    ),
    "doubles_not": TextMutant("linear3_matvec", "membranes do not double", r"(double_ <= ).*;", r"\g<1>1'b0;", _EVENTS),
    "restarts_at_each_step": TextMutant(
        "linear3_matvec",
        "membranes restart at each time step",
        r"(restart <= .*) & \(time_ == .*\);",
        r"\1;",
        _EVENTS,
    ),
    "next_group_again": TextMutant(
        "linear3_matvec", "the weights of a group begin at a wrong place", r"5'h1a", "5'd6", _EVENTS
    ),
    "gives_at_each_spike": TextMutant(
        "linear3_matvec",
        "a result is given at each spike of the last beat",
        r"(wire gives\w* = valid & ending) & ~more;",
        r"\1;",
        _EVENTS,
    ),
    "beat_without_spikes": TextMutant(
        "linear3_matvec",
        "a beat without spikes adds a weight",
        r"some \? (weights\[address\]) : .*;",
        r"\1;",
        _EVENTS,
    ),
    "shifted_as_another_step": TextMutant(
        "linear5_matvec",
        "weights are shifted as in another time step",
        r"(time_taken <= )time_;",
        r"\g<1>~time_;",
        _EVENTS,
    ),
    "last_early": TextMutant(
        "sink",
        "the last beat of an image is not marked, all others are",
        r"(m_last|m_tlast|last_0)( <= )(.*);",
        r"\1\2~(\3);",
    ),
}
"""By name."""
