"""What integrate-and-fire neurons are made of: for each lane sums, comparisons and choices; and what is kept."""

from __future__ import annotations

from e3ne.dialects.dataflow import LifOp, integers_of
from e3ne.units.features import Features, comparison_luts
from e3ne.units.frame_state import frame_state_parts
from e3ne.units.lif_build import signed_digits
from e3ne.units.lif_recurrence import feedback_parts


def lif_features(op: LifOp) -> Features:
    """The parts of the unit for the layout of its streams."""
    given, bits, lanes = op.input_type, op.membrane_bits.value.data, op.input_type.lanes
    numbers = {name: integers_of(op, symbol).tolist() for name, symbol in op.symbols().items()}
    timing, reset = op.timing.data, op.reset.data
    # Without a decay, nothing of a membrane is left for the next step.
    forgets = timing == "same_step" and not any(numbers["decay"]) and op.synapse_decay is None
    control, held, memories = frame_state_parts(given, 0 if forgets else op.state_bits * lanes, op.state_memory.data)
    spike_bits = op.spike_bits.value.data
    several, current = op.several is not None, op.synapse_decay is not None
    comparisons = spike_bits if several else 1 + (timing != "same_step" and reset != "none")
    subtracted = spike_bits if several else (reset == "subtract") * (1 + (timing == "compared"))
    if several and forgets:
        subtracted -= 1
    put = reset == "value" and any(numbers["reset_value"])
    lut = {
        "decayed": sum(_decayed(op, numbers[name]) for name in ("decay", "synapse_decay") if name in numbers),
        "added": 0 if forgets else lanes * bits * (1 + current),
        "compared": lanes * comparisons * comparison_luts(bits),
        "subtracted": lanes * bits * subtracted,
        "reset_bits": 0 if forgets else lanes * bits * (reset == "value") * (1 + (put and timing == "next_step")),
        "limited": lanes * bits if op.least is not None else 0,
        "first": 0 if forgets else lanes * bits * (1 + current),
        "looked_up": sum(_differ(words, lanes) * bits for name, words in numbers.items() if "decay" not in name),
    }
    fed, fed_held = feedback_parts(op)
    if op.is_recurrent:
        control.count(given.chunks, given.chunks, given.frames)
    return Features(
        "recurrent" if op.is_recurrent else "lif",
        control.lut | lut | fed,
        control.ff | {"held": held, "given": lanes * spike_bits} | fed_held,
        memories,
        given.beats_per_image,
    )


def _differ(words: list[int], lanes: int) -> int:
    """The lanes whose channels have different numbers."""
    return sum(len(set(words[lane::lanes])) > 1 for lane in range(lanes)) if len(words) > 1 else 0


def _decayed(op: LifOp, words: list[int]) -> int:
    """Bits of the sums that a decay is made of."""
    lanes, shift = op.input_type.lanes, op.decay_bits.value.data
    wide, total = op.membrane_bits.value.data + shift, 0
    for lane in range(lanes):
        mine = words if len(words) == 1 else words[lane::lanes]
        terms = shift + 1 if len(set(mine)) > 1 else len(signed_digits(mine[0]))
        total += max(0, terms - 1) * wide
    return total
