"""Membranes never leave the range that is computed for them, whatever the drives, and get close to its ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from e3ne.analysis.membranes import LifReach
from e3ne.dialects.lif_rules import FIRES, RESETS, TIMINGS, rule_problem

RULES = [
    (fires, reset, timing, several, loses)
    for fires in FIRES
    for reset in RESETS
    for timing in TIMINGS
    for several in (False, True)
    for loses in (False, True)
    if rule_problem(fires, reset, timing, several=several, loses_input=loses) is None
]


def _reached(
    numbers: dict[str, int], rules: tuple[str, str, str, bool, bool], bits: tuple[int, int], drives: np.ndarray
) -> tuple[list[int], int]:
    """All that one neuron holds, and its most spikes in a step, in plain Python."""
    fires, reset, timing, several, loses = rules
    theta, v, i, held, most = numbers["threshold"], numbers["initial"], 0, [numbers["initial"]], 0

    def spikes(u: int) -> int:
        fired = u > theta if fires == "gt" else u >= theta
        return u // theta if fired and several else int(fired)

    for x in drives.tolist():
        i = ((i * numbers["synapse_decay"] >> bits[0]) if "synapse_decay" in numbers else 0) + (x << bits[1])
        whole = u = (v * numbers["decay"] >> bits[0]) + i
        if timing != "same_step" and spikes(v):
            if reset == "subtract":
                u = whole - theta
            elif reset == "value":
                u = numbers["reset_value"] + (0 if loses else i)
        s = spikes(u)
        held += [i, whole, u]
        v = u
        if timing == "compared" or (timing == "same_step" and reset == "subtract"):
            v = whole - s * theta
        elif timing == "same_step" and reset == "value" and s:
            v = numbers["reset_value"]
        v = max(v, numbers["least"]) if "least" in numbers else v
        held.append(v)
        most = max(most, s)
    return held, most


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_nothing_is_beyond_the_range(data: st.DataObject) -> None:
    draw = data.draw
    rules, steps = draw(st.sampled_from(RULES)), draw(st.integers(1, 12))
    decay_bits, gain_bits = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    several = rules[3]
    theta = draw(st.integers(1 if several else -20, 60))
    numbers = {
        "threshold": theta,
        "decay": draw(st.integers(0, 1 << decay_bits)),
        "initial": draw(st.integers(-40, theta if rules[2] != "same_step" else 80)),
        "reset_value": draw(st.integers(-40, 40)),
    }
    if draw(st.booleans()):
        numbers["synapse_decay"] = draw(st.integers(0, 1 << decay_bits))
    if draw(st.booleans()):
        numbers["least"] = draw(st.integers(-60, theta))
    low, high = sorted((draw(st.integers(-30, 30)), draw(st.integers(-30, 30))))
    reach = LifReach({k: np.full(1, v) for k, v in numbers.items()}, rules[1], rules[2], several, decay_bits, gain_bits)
    found = reach.range(low, high, steps)
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    for drives in (*rng.integers(low, high + 1, (4, steps)), *rng.choice([low, high], (6, steps))):
        held, most = _reached(numbers, rules, (decay_bits, gain_bits), drives)
        assert found.low <= min(held)
        assert max(held) <= found.high
        assert most <= found.most


def test_resets_keep_the_range_narrow() -> None:
    """Without decay and in many steps: the range is that of a few drives, not of their sum."""
    numbers = {"threshold": 100, "decay": 1, "initial": 0, "reset_value": 0, "least": -50}
    # One that is reset in the next step is above the threshold, with the next drive, before it is.
    for reset, timing, most in (
        ("subtract", "same_step", 130),
        ("value", "same_step", 130),
        ("value", "next_step", 160),
    ):
        parameters = {name: np.full(1, value) for name, value in numbers.items()}
        found = LifReach(parameters, reset, timing, False, 0, 0).range(-20, 30, 1000)
        assert (found.low, found.high) == (-70, most)
    parameters = {name: np.full(1, value) for name, value in numbers.items()}
    found = LifReach(parameters, "subtract", "same_step", True, 0, 0).range(-20, 330, 1000)
    assert (found.high, found.most) == (430, 4)
