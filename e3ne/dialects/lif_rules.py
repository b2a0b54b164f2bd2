"""The rules of integrate-and-fire neurons that `snn` and `dataflow` share: their names, and which go together."""

from __future__ import annotations

FIRES = ("gt", "ge")
RESETS = ("subtract", "value", "none")
TIMINGS = ("same_step", "next_step", "compared")


def rule_problem(fires: str, reset: str, timing: str, *, several: bool, loses_input: bool) -> str | None:
    """What is wrong with the rules of a neuron, as a clause; None if nothing is."""
    for name, chosen, legal in (("fires", fires, FIRES), ("reset", reset, RESETS), ("timing", timing, TIMINGS)):
        if chosen not in legal:
            return f"{name} is one of {', '.join(legal)}, not {chosen}"
    if several and (timing, reset, fires) != ("same_step", "subtract", "ge"):
        return "several spikes a step go with fires ge, reset subtract, timing same_step"
    if timing == "compared" and (reset, fires) != ("subtract", "gt"):
        return f"timing compared goes with reset subtract and fires gt, not {reset} and {fires}"
    if loses_input and (timing, reset) != ("next_step", "value"):
        return "loses_input goes with reset value and timing next_step"
    return None
