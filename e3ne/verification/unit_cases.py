"""Small networks around units that compute: matvecs and their windows, neurons, sums over time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from e3ne.dialects.snn import (
    BipolarAttr,
    DirectAttr,
    EncodingAttr,
    PhaseAttr,
    RadixAttr,
    RateAttr,
    TtfsAttr,
    TtfsLinearAttr,
)
from e3ne.verification.case import Append, Case, on_both_targets, over_time, small_map, vector
from e3ne.verification.decisions import Folding

ENCODINGS: Mapping[str, EncodingAttr] = {
    "radix": RadixAttr.of(4),
    "phase": PhaseAttr.of(2, 2),
    "ttfs": TtfsAttr.of(4),
    "linear": TtfsLinearAttr.of(5),
    "bipolar": BipolarAttr.of(3),
}

MATVEC: Mapping[str, Case] = on_both_targets(
    {
        "dense": vector(4, 2, lambda n: n.linear(3)),
        "biased": vector(3, 4, lambda n: n.linear(2, bias=True)),
        "wide_weights": vector(2, 2, lambda n: n.linear(2, weight_bits=6)),
        "conv": small_map((2, 3, 3), 2, lambda n: n.conv(2, (2, 2))),
        "over_time": vector(4, 1, lambda n: n.linear(2).lif(), RateAttr.of(3)),
    }
) | {
    "several_spikes": vector(4, 1, lambda n: n.linear(2).sum_steps(), RateAttr.of(2, 3)),
    "direct": vector(2, 2, lambda n: n.linear(2).sum_steps(), DirectAttr.of(2, 4)),
    "bipolar": vector(3, 0, lambda n: n.linear(2), BipolarAttr.of(2)),
    "phase": vector(2, 0, lambda n: n.linear(2), PhaseAttr.of(2, 2)),
    "linear": vector(2, 0, lambda n: n.linear(2), TtfsLinearAttr.of(3)),
    "groups": small_map((2, 2, 3), 2, lambda n: n.conv(2, (1, 2), groups=2)),
}

WINDOW: Mapping[str, Case] = on_both_targets(
    {
        "kernel": small_map((2, 3, 4), 4, lambda n: n.conv(2, (2, 2))),
        "padded": small_map((2, 3, 3), 2, lambda n: n.conv(1, (3, 3), stride=(2, 1), padding=(1, 1, 1, 1))),
    }
) | {
    "one_pixel": small_map((3, 2, 2), 2, lambda n: n.conv(2, (1, 1))),
    "dilated": small_map((2, 4, 4), 2, lambda n: n.conv(1, (2, 2), dilation=(2, 3))),
    "column": small_map((2, 4, 1), 2, lambda n: n.conv(2, (3, 1))),
    "row": small_map((2, 1, 4), 2, lambda n: n.conv(2, (1, 3))),
    "over_time": small_map((2, 3, 3), 1, lambda n: n.conv(2, (2, 2)).lif(), RateAttr.of(3)),
    "direct": small_map((2, 3, 3), 2, lambda n: n.conv(2, (2, 2)).lif(), DirectAttr.of(2, 2)),
    "long_rows": small_map((2, 2, 300), 1, lambda n: n.conv(1, (2, 2)).fire(1).conv(1, (1, 2))),
}

FIRE: Mapping[str, Case] = on_both_targets(
    {
        **{
            name: vector(2, 3, lambda n, kind=kind: n.linear(4).fire(encoding=kind).linear(2))
            for name, kind in ENCODINGS.items()
        },
        "folded": vector(
            2, 3, lambda n: n.linear(4).fire(6).linear(2), foldings={0: Folding(2, 2, 1, implementation="adder")}
        ),
    }
) | {
    "pixels": small_map((1, 2, 3), 2, lambda n: n.conv(2, (1, 2)).fire(4).linear(2)),
    "one_threshold": small_map((1, 2, 3), 2, lambda n: n.conv(3, (1, 2)).fire(2, per_layer=True).linear(2)),
    "even": vector(2, 3, lambda n: n.linear(4).fire(4, even=True).linear(2)),
    "eight_digits": vector(2, 4, lambda n: n.linear(2).fire(8).linear(2)),
    "behind_a_pool": small_map(
        (1, 2, 4), 2, lambda n: n.conv(2, (1, 1)).fire(2).max_pool((2, 2)).linear(2), pools_first=True
    ),
}


def _neurons_of(fires: str, reset: str, timing: str) -> Append:
    return lambda n: n.linear(4).lif(fires=fires, reset=reset, timing=timing, gain_bits=4).linear(2)


def _lif() -> dict[str, Case]:
    """Every rule of firing, resetting and timing, whole and folded, and what is stored beside membranes."""
    cases: dict[str, Case] = {}
    for fires, reset, timing in product(
        ("gt", "ge"), ("subtract", "value", "none"), ("same_step", "next_step", "compared")
    ):
        if timing == "compared" and (fires, reset) != ("gt", "subtract"):
            continue  # there is no such rule
        folding = {0: Folding(1, 0, 1)} if len(cases) % 2 else {}
        layers = _neurons_of(fires, reset, timing)
        cases[f"{fires}_{reset}_{timing}"] = vector(3, 1, layers, RateAttr.of(4), foldings=folding)
    return cases | {
        "pixels": over_time(lambda n: n.conv(2, (2, 2)).lif(per_channel=True).linear(2)),
        "synapse": over_time(lambda n: n.conv(2, (2, 2)).lif(synapse_decay=0.75, decay_bits=6)),
        "least": over_time(lambda n: n.conv(2, (2, 2)).lif(least=True, resting=False, reset="value")),
        "several": over_time(lambda n: n.conv(2, (2, 2)).lif(fires="ge", several=True, decay=1.0).sum_steps()),
        "loses": over_time(lambda n: n.conv(2, (2, 2)).lif(timing="next_step", reset="value", loses_input=True)),
        "recurrent": over_time(lambda n: n.linear(4).lif(recurrent_bits=3).linear(2)),
        "recurrent_folded": vector(
            3, 1, lambda n: n.linear(4).lif(recurrent_bits=3), RateAttr.of(4), foldings={0: Folding(2, 0, 1)}
        ),
        "one_step": over_time(lambda n: n.linear(4).lif().linear(2), 1),
        "one_value": vector(1, 1, lambda n: n.linear(1).lif(), RateAttr.of(5)),
        "small_luts": small_map(
            (2, 3, 3), 1, lambda n: n.conv(2, (2, 2)).lif().linear(2), RateAttr.of(4), small_luts=True
        ),
    }


LIF: Mapping[str, Case] = _lif()

SUM_FRAMES: Mapping[str, Case] = on_both_targets(
    {
        "of_spikes": over_time(lambda n: n.linear(4).lif().sum_steps()),
        "of_membranes": over_time(lambda n: n.linear(3).sum_steps()),
        "of_pixels": over_time(lambda n: n.conv(2, (2, 2)).lif().sum_steps()),
        "of_parts": vector(3, 1, lambda n: n.linear(4).sum_steps(), RateAttr.of(4), foldings={0: Folding(2, 0, 1)}),
        "of_direct": vector(3, 2, lambda n: n.linear(3).sum_steps(), DirectAttr.of(3, 3)),
        "of_one": vector(3, 1, lambda n: n.linear(3).sum_steps(), RateAttr.of(1)),
        "classified": over_time(lambda n: n.linear(3).lif().sum_steps().argmax()),
    }
)
