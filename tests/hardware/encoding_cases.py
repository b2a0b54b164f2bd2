"""Directed networks of every encoding of one frame, at the image and between layers: weights, pools, every search."""

from __future__ import annotations

from collections.abc import Mapping

from e3ne.dialects.snn import BipolarAttr, PhaseAttr, RadixAttr, TtfsAttr, TtfsLinearAttr, WeightedAttr
from e3ne.verification.case import Case
from e3ne.verification.decisions import Decisions, Folding, Neurons

KINDS: Mapping[str, WeightedAttr] = {
    "phase": PhaseAttr.of(2, 3),
    "ttfs": TtfsAttr.of(4),
    "linear": TtfsLinearAttr.of(5),
    "bipolar": BipolarAttr.of(3),
}


def _of(kind: WeightedAttr) -> dict[str, Case]:
    """Convolutions, dense layers, both pools, every kind of weights, and neurons in one stage and in many."""
    padding = (1, 1, 1, 1) if kind.has_zero else (0, 0, 0, 0)
    dense = Decisions(
        {
            0: Folding(2, 2, 1, implementation="adder", weight_memory="block"),
            1: Folding(2, 2, kind.bits, implementation="adder"),
            2: Folding(1, 4, 1, implementation="event"),
        },
        {0: Neurons(kind.bits, kind.bits), 1: Neurons(1, 1, "block")},
    )
    return {
        "dense": Case(
            (4, 1, 1),
            0,
            lambda n: n.linear(6).fire(encoding=kind).linear(4, bias=True).fire(encoding=kind).linear(3),
            dense,
            kind,
        ),
        "maps": Case(
            (2, 6, 8),
            0,
            lambda n: (
                n.conv(4, (2, 2), padding=padding, weight_bits=4)
                .fire(encoding=kind)
                .max_pool((2, 2))
                .conv(4, (2, 2), groups=2, bias=True)
                .fire(encoding=kind, per_layer=True)
                .sum_pool((1, 2))
                .linear(2)
            ),
            Decisions(pools_first=kind.has_zero, small_luts=not kind.has_zero),
            kind,
        ),
    }


ENCODINGS: Mapping[str, Case] = {
    **{f"{name}_{part}": case for name, kind in KINDS.items() for part, case in _of(kind).items()},
    "each_layer_another": Case(
        (2, 6, 6),
        3,
        lambda n: (
            n.conv(3, (3, 3), padding=(1, 1, 1, 1))
            .fire(encoding=TtfsAttr.of(5))
            .max_pool((2, 2))
            .conv(4, (2, 2))
            .fire(encoding=BipolarAttr.of(2))
            .linear(5)
            .fire(encoding=PhaseAttr.of(3, 2))
            .linear(4)
            .fire(encoding=RadixAttr.of(4))
            .linear(2)
            .argmax()
        ),
    ),
    "summed_image": Case(
        (2, 4, 4), 0, lambda n: n.sum_pool((2, 2), (2, 2)).conv(2, (2, 2)), encoding=BipolarAttr.of(2)
    ),
    "eight_bits": Case(
        (3, 1, 1), 0, lambda n: n.linear(2).fire(encoding=TtfsAttr.of(8)).linear(2), encoding=TtfsAttr.of(8)
    ),
    "one_step": Case(
        (3, 1, 1), 0, lambda n: n.linear(4).fire(encoding=BipolarAttr.of(1)).linear(2), encoding=TtfsLinearAttr.of(1)
    ),
}
