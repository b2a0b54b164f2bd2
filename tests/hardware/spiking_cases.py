"""Directed networks of neurons that keep their membranes: every rule, where membranes are kept, every encoding."""

from __future__ import annotations

from collections.abc import Mapping

from e3ne.dialects.snn import DirectAttr, RateAttr
from e3ne.verification.case import Append, Case
from e3ne.verification.decisions import Decisions, Folding


def _spikes(layers: Append, steps: int = 5, **decisions: object) -> Case:
    return Case((2, 4, 5), 1, layers, Decisions(**decisions), RateAttr.of(steps))  # pyright: ignore[reportArgumentType]


RULES: Mapping[str, Case] = {
    "same_subtract_gt": _spikes(lambda n: n.conv(3, (2, 2)).lif().linear(4).lif().sum_steps()),
    "same_subtract_ge": _spikes(lambda n: n.conv(3, (2, 2)).lif(fires="ge", decay=1.0).linear(3).sum_steps()),
    "same_value": _spikes(lambda n: n.conv(3, (2, 2)).lif(reset="value", fires="ge").linear(4).lif(reset="value")),
    "same_none": _spikes(lambda n: n.conv(2, (2, 2)).lif(reset="none")),
    "next_subtract": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="next_step").linear(3).lif(timing="next_step")),
    "next_value": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="next_step", reset="value", resting=False)),
    "next_loses": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="next_step", reset="value", loses_input=True)),
    "compared": _spikes(lambda n: n.conv(3, (2, 2)).lif(timing="compared", gain_bits=5), steps=9),
    "initial_and_reset": _spikes(lambda n: n.conv(3, (2, 2)).lif(reset="value", resting=False, per_channel=True)),
    "least": _spikes(lambda n: n.conv(3, (2, 2)).lif(least=True, per_channel=True).linear(2)),
    "several": _spikes(lambda n: n.conv(3, (2, 2)).lif(fires="ge", several=True, decay=1.0).conv(2, (2, 2))),
    "several_least": _spikes(lambda n: n.conv(3, (2, 2)).lif(fires="ge", several=True, least=True).sum_steps()),
    "synapse": _spikes(lambda n: n.conv(3, (2, 2)).lif(synapse_decay=0.75).linear(3).lif(synapse_decay=0.5)),
    "synapse_next": _spikes(lambda n: n.conv(2, (2, 2)).lif(synapse_decay=0.9, timing="next_step", decay_bits=8)),
    "decays_differ": _spikes(
        lambda n: n.conv(4, (2, 2)).lif(per_channel=True, synapse_decay=0.75, decay_bits=6).linear(3)
    ),
    "no_decay": _spikes(lambda n: n.conv(2, (2, 2)).lif(decay=0.0, decay_bits=0).linear(2)),
    "bias_every_step": _spikes(lambda n: n.conv(2, (2, 2), bias=True).lif().linear(2, bias=True)),
}

RECURRENT: Mapping[str, Case] = {
    "one_beat": _spikes(lambda n: n.linear(5).lif(recurrent_bits=3).linear(3).lif().sum_steps(), steps=7),
    "beat_by_beat": _spikes(
        lambda n: n.linear(6).lif(recurrent_bits=3, per_channel=True, timing="next_step").linear(2).sum_steps(),
        foldings={0: Folding(1, 0, 1)},
    ),
    "chunks": _spikes(
        lambda n: n.conv(3, (2, 2)).lif().linear(6).lif(recurrent_bits=4, synapse_decay=0.5).linear(2).lif(),
        foldings={1: Folding(2, 0, 1)},
    ),
    "behind_each_other": Case(
        (5, 1, 1),
        1,
        lambda n: n.linear(4).lif(recurrent_bits=2).linear(4, bias=True).lif(recurrent_bits=5, reset="value"),
        Decisions({0: Folding(2, 0, 1)}),
        RateAttr.of(6, 3),
    ),
    "one_step": _spikes(lambda n: n.linear(3).lif(recurrent_bits=3).sum_steps(), steps=1),
}

STATES: Mapping[str, Case] = {
    "one_place": Case((3, 1, 1), 1, lambda n: n.linear(4).lif().linear(2).lif(), encoding=RateAttr.of(6)),
    "two_places": _spikes(
        lambda n: n.linear(4).lif(per_channel=True).linear(2).sum_steps(), foldings={0: Folding(2, 0, 1)}
    ),
    "chunks": _spikes(
        lambda n: n.conv(4, (2, 2)).lif(per_channel=True, synapse_decay=0.5).linear(2).lif(),
        foldings={0: Folding(2, 0, 1), 1: Folding(1, 8, 1, implementation="adder")},
    ),
    "in_blocks": _spikes(lambda n: n.conv(4, (2, 2)).lif().conv(3, (2, 2)).lif().sum_steps(), memory="block"),
    "in_luts": _spikes(lambda n: n.conv(4, (2, 2)).lif().conv(3, (2, 2)).lif().sum_steps(), memory="distributed"),
    "one_step": _spikes(lambda n: n.conv(4, (2, 2)).lif().linear(3).sum_steps(), steps=1),
    "fifos": _spikes(lambda n: n.conv(4, (2, 2)).lif().linear(3).sum_steps(), fifo_depth=1),
    "classified": _spikes(lambda n: n.conv(4, (2, 2)).lif().linear(5).lif().sum_steps().argmax()),
}

FRAMES: Mapping[str, Case] = {
    "padded_windows": _spikes(lambda n: n.conv(3, (3, 3), padding=(1, 1, 1, 1)).lif().conv(2, (3, 3)).lif()),
    "strides": _spikes(lambda n: n.conv(2, (3, 2), stride=(2, 1), padding=(2, 0, 1, 1)).lif().linear(2)),
    "max_pool": _spikes(lambda n: n.conv(3, (1, 2)).lif().max_pool((2, 2)).linear(3).lif()),
    "max_pool_first": _spikes(lambda n: n.max_pool((2, 2), (1, 1)).conv(2, (2, 2)).lif()),
    "max_pool_of_membranes": _spikes(lambda n: n.conv(3, (1, 2), bias=True).max_pool((2, 1)).lif()),
    "sum_pool": _spikes(lambda n: n.conv(3, (1, 2)).lif().sum_pool((2, 2)).linear(3).lif().sum_steps()),
    "counts_of_sums": _spikes(lambda n: n.conv(2, (2, 2)).lif().sum_pool((2, 2)).sum_steps()),
    "counts_of_largest": Case((2, 4, 4), 3, lambda n: n.max_pool((2, 2)).sum_steps(), encoding=DirectAttr.of(4, 3)),
    "sums_of_one_frame": Case((2, 3, 3), 3, lambda n: n.conv(2, (2, 2)).fire(4).sum_steps()),
    "several_at_input": Case((2, 3, 3), 2, lambda n: n.conv(2, (2, 2)).lif().sum_steps(), encoding=RateAttr.of(4, 3)),
    "direct": Case((2, 4, 5), 3, lambda n: n.conv(3, (2, 2)).lif().linear(3).sum_steps(), encoding=DirectAttr.of(3, 6)),
    "direct_padded": Case(
        (1, 5, 4), 4, lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1)).lif(), encoding=DirectAttr.of(4, 3)
    ),
    "direct_dense": Case((6, 1, 1), 2, lambda n: n.linear(5).lif().linear(2).sum_steps(), encoding=DirectAttr.of(2, 4)),
    "direct_folded": Case(
        (2, 4, 4),
        3,
        lambda n: n.conv(4, (2, 2)).lif().linear(4).lif(),
        Decisions({0: Folding(2, 4, 3), 1: Folding(2, 6, 1, implementation="adder", weight_memory="block")}),
        DirectAttr.of(3, 4),
    ),
}

SPIKING: Mapping[str, Mapping[str, Case]] = {"rules": RULES, "recurrent": RECURRENT, "states": STATES, "frames": FRAMES}
