"""What passes do to the results of a program: most keep them exactly, and `e3ne-opt --verify-semantics` checks it.

A pass that changes results on purpose says so by a class attribute, `effect: ClassVar[Effect] = Effect.QUANTIZES`, and
is held to the bound that is written there.
"""

from __future__ import annotations

from enum import Enum

from xdsl.passes import ModulePass


class Effect(Enum):
    """What becomes of results; the value is the bound in words."""

    KEEPS = "every result is the same, to the bit"
    ROUNDS = "scores differ by at most 1e-5 of the greatest one"
    QUANTIZES = (
        "weights are off by half a step at most, or clipped; fed with the same codes, at most one in 1,000 of a "
        "layer's codes is not the ideal one, but its neighbour; scores are off by half a unit at most"
    )
    QUANTIZES_SPIKES = "fed with the same spikes, at most 1 in 50 of a layer's neurons and steps fires otherwise"
    CONVERTS_TO_RATE = "the first layer's numbers of spikes are off by half a spike from its clipped activations"
    APPENDS_ARGMAX = "the result is the place of the first greatest score"
    TRAINS = "weights and scales change, and nothing else does"


def effect_of(applied: ModulePass) -> Effect:
    """What a pass declares; without a declaration it keeps results."""
    declared = getattr(applied, "effect", Effect.KEEPS)
    return declared if isinstance(declared, Effect) else Effect.KEEPS
