"""Directed networks whose first convolution computes neighbouring pixels at once."""

from __future__ import annotations

from collections.abc import Mapping

from e3ne.dialects.snn import RateAttr
from e3ne.verification.case import Case
from e3ne.verification.decisions import Decisions

_RADIX: Mapping[str, Case] = {
    f"{name}_{'pool_first' if first else 'fire_first'}": Case(
        shape, 2, network, Decisions(pixels=pixels, pools_first=first)
    )
    for first in (False, True)
    for name, pixels, shape, network in (
        ("pairs", 2, (1, 4, 8), lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1)).fire().max_pool((2, 2)).linear(2)),
        ("triples", 3, (2, 3, 6), lambda n: n.conv(2, (2, 1)).fire().max_pool((2, 3)).linear(2)),
        (
            "even_kernel",
            2,
            (1, 3, 8),
            lambda n: n.conv(3, (1, 4), padding=(0, 1, 0, 2)).fire().max_pool((3, 4)).linear(2),
        ),
        (
            "strided",
            2,
            (1, 4, 8),
            lambda n: n.conv(2, (2, 3), stride=(2, 2), padding=(0, 1, 0, 0)).fire().max_pool((1, 4)).linear(2),
        ),
        (
            "dilated",
            2,
            (1, 3, 8),
            lambda n: (
                n.conv(2, (2, 2), padding=(0, 2, 0, 1), dilation=(1, 3)).fire(per_layer=True).max_pool((2, 2)).linear(2)
            ),
        ),
        (
            "whole_rows",
            4,
            (1, 3, 4),
            lambda n: n.conv(2, (2, 3), padding=(0, 1, 0, 1)).fire().max_pool((2, 4)).linear(2),
        ),
    )
}

_OVER_TIME: Mapping[str, Case] = {
    "pairs_over_time": Case(
        (1, 4, 8),
        1,
        lambda n: n.conv(2, (3, 3), padding=(1, 1, 1, 1)).max_pool((2, 2)).lif().linear(2).lif(),
        Decisions(pixels=2),
        RateAttr.of(5),
    ),
    "triples_over_time": Case(
        (2, 3, 6),
        1,
        lambda n: n.conv(2, (2, 1)).max_pool((2, 3)).lif(per_channel=True).linear(3).sum_steps(),
        Decisions(pixels=3),
        RateAttr.of(4),
    ),
    "several_over_time": Case(
        (2, 4, 8),
        2,
        lambda n: (
            n.conv(3, (2, 3), stride=(2, 2), padding=(0, 1, 0, 0), bias=True)
            .max_pool((1, 4))
            .lif(timing="next_step")
            .linear(2)
            .sum_steps()
        ),
        Decisions(pixels=2),
        RateAttr.of(3, 3),
    ),
}

PIXELS: Mapping[str, Case] = {**_RADIX, **_OVER_TIME}
