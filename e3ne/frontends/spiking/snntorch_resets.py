"""snnTorch's two arguments of a reset, for each of its neurons, as the rules of a neuron in one form."""

from __future__ import annotations

from dataclasses import dataclass

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Reset, Timing

_LOSE_INPUT = ("Lapicque", "Synaptic", "RLeaky", "RSynaptic")
"""Those whose delayed reset to zero takes the whole next membrane; Leaky's takes what the step before left."""


@dataclass(frozen=True)
class ResetRule:
    """The fields of a neuron that snnTorch's arguments decide."""

    reset: Reset
    timing: Timing
    loses_input: bool = False


def reset_of(kind: str, mechanism: str, *, delayed: bool) -> ResetRule:
    """The rule of a neuron class by its `reset_mechanism` and `reset_delay`, as measured with snnTorch 1.0.0.

    Raises `E3neError` for RSynaptic without delay, which raises an error in snnTorch itself.
    """
    if kind == "RSynaptic" and not delayed:
        raise E3neError("RSynaptic with reset_delay=False is broken in snnTorch; train it with reset_delay=True")
    match mechanism:
        case "subtract":
            return ResetRule("subtract", "next_step" if delayed else "compared")
        case "zero" if delayed:
            return ResetRule("value", "next_step", loses_input=kind in _LOSE_INPUT)
        case "zero":
            return ResetRule("value", "same_step")
        case "none":
            return ResetRule("none", "same_step")
        case _:
            raise E3neError(f"reset_mechanism '{mechanism}' is not subtract, zero or none")
