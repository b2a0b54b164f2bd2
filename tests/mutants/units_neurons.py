"""Mutants of units. Neurons, sums over time, argmax."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from tests.mutants.unit_mutant import of

FIRE = {
    **of(
        "fire_thresholds",
        "fire",
        {
            "rounded_down": (
                "deep", "thresholds are rounded down", "search_thresholds",
                "-((bias - needed) >> fraction_bits)", "((needed - bias) >> fraction_bits)",
            ),
            "ties": (
                "held", "ties go up", "search_thresholds", " + (codes[place] & ties_to_even)", "",
            ),
            "bias_sign": (
                "deep", "the bias is subtracted", "search_thresholds", "(bias - needed)", "(-bias - needed)",
            ),
            "node_order": (
                "held", "the digits of earlier stages address in reverse order", "searched_codes",
                "tested_code(found, before + digits, steps)", "tested_code(found ^ 1 if digits else found, before + digits, steps)",
            ),
            "channels_shifted": (
                "credit", "each lane has the thresholds of the next channel", "layer_thresholds",
                "for theta, bias in zip(thetas, biases, strict=True)", "for theta, bias in zip(thetas[1:] + thetas[:1], biases, strict=True)",
            ),
        },
    ),
    **of(
        "fire_search",
        "fire",
        {
            "greater": (
                "deep", "a neuron fires above its threshold only, not at it", "Stage._search",
                "m.not_(less(m, m.sext(value, wide), m.sext(tau, wide)))", "less(m, m.sext(tau, wide), m.sext(value, wide))",
            ),
            "sign_of_value": (
                "deep", "values are compared as unsigned numbers", "Stage._search",
                "m.not_(less(m, m.sext(value, wide), m.sext(tau, wide)))", "m.ule(m.sext(tau, wide), m.sext(value, wide))",
            ),
            "taken_early": (
                "held", "a value is taken though the last digit waits", "Control.of",
                "m.and_(advance.value, digit.last)", "digit.last",
            ),
            "ahead_swapped": (
                "credit", "the threshold after the other digit is taken", "Stage._ahead",
                'm.mux(digit, after_one, m.reg(low, enable=self.step, name="after_zero"))',
                'm.mux(digit, m.reg(low, enable=self.step, name="after_zero"), after_one)',
            ),
            "ahead_not_loaded": (
                "credit", "a search begins with the threshold of the last one", "Stage._ahead",
                "m.mux(self.load, root, high)", "high",
            ),
        },
    ),
    **of(
        "fire",
        "fire",
        {
            "digits_reversed": (
                "credit", "the digits of a beat are in reverse order", "Fire._beat",
                "for step in range(parallel)", "for step in reversed(range(parallel))",
            ),
            "complete_always": (
                "held", "a beat is given at each digit", "Fire._connect",
                "complete = digit.last if op.pace == op.span else m.table(digit.value, marks, 1)", "complete = m.constant(1, 1)",
            ),
        },
    ),
}  # fmt: skip

LIF = {
    **of(
        "lif_build",
        "lif",
        {
            "greater_or_equal": (
                "same_step", "neurons fire at their threshold, not above it, and the other way round", "LifBuilder._fires",
                '== "gt"', '!= "gt"',
            ),
            "kept_between_images": (
                "same_step", "membranes are not cleared between images", "LifBuilder._lane",
                'm.mux(state.first, self._constant("initial", lane), m.extract(old, 0, bits))', "m.extract(old, 0, bits)",
            ),
            "decay_less": (
                "same_step", "membranes keep a step of the decay less", "LifBuilder._decayed",
                "self._times(wide, words[0])", "self._times(wide, words[0] - 1)",
            ),
            "decay_rounds_up": (
                "same_step", "decays are rounded to the nearest", "LifBuilder._decayed",
                "return m.extract(product, shift, self.bits)",
                "return m.extract(m.add(product, m.constant(1 << shift - 1, widthof(product))), shift, self.bits)",
            ),
            "reset_dropped": (
                "same_step", "a spike does not reset the membrane", "LifBuilder._step",
                "m.mux(spike, m.sub(whole, theta), whole)", "whole",
            ),
            "reset_to_zero": (
                "to_value", "the membrane is reset to 0", "LifBuilder._step",
                'm.mux(spike, self._constant("reset_value", lane), whole)', "m.mux(spike, m.constant(0, self.bits), whole)",
            ),
            "input_lost": (
                "next_step", "the input of the step of a reset counts", "LifBuilder._step",
                "put if op.loses_input is not None else", "put if op.loses_input is None else",
            ),
            "reset_late_only": (
                "compared", "what is subtracted is missing in the comparison", "LifBuilder._step",
                "m.mux(self._fires(membrane, theta), m.sub(whole, theta), whole)", "whole",
            ),
            "least_is_most": (
                "several", "the lower limit is an upper one", "LifBuilder._limited",
                "m.slt(membrane, least)", "m.slt(least, membrane)",
            ),
            "several_above": (
                "several", "several spikes need more than their thresholds", "LifBuilder._several",
                "m.sle(shifted, rest)", "m.slt(shifted, rest)",
            ),
            "synapse_keeps": (
                "chunks_of_neurons", "the synaptic current does not decay", "LifBuilder._lane",
                'm.add(self._decayed("synapse_decay", lane, current), come)', "m.add(current, come)",
            ),
            "current_kept": (
                "chunks_of_neurons", "the synaptic current is not cleared between images", "LifBuilder._lane",
                "m.mux(state.first, m.constant(0, bits), m.extract(old, bits, bits))", "m.extract(old, bits, bits)",
            ),
            "recurrence_dropped": (
                "recurrent", "recurrent connections add nothing", "LifBuilder._fed", "m.add(drive, more) for", "drive for",
            ),
            "signed_digit": (
                "same_step", "a digit -1 of the decay is added", "LifBuilder._times",
                "m.add(result, shifted) if sign > 0 else m.sub(result, shifted)", "m.add(result, shifted)",
            ),
        },
    ),
    **of(
        "lif_recurrence",
        "lif",
        {
            "fed_to_next_image": (
                "recurrent", "the last spikes of an image go to the next one", "Feedback.connect",
                "m.mux(frame.last, start, now)", "now",
            ),
            "sum_kept": (
                "recurrent", "sums are not cleared between frames", "Feedback.connect",
                "m.mux(leaving.last, start, now)", "now",
            ),
            "frame_too_early": (
                "recurrent", "a frame enters though the one before has not left", "Feedback.connect",
                "self.open.drive(ends, m.or_(ends, m.and_(enters, entering.last)))", "self.open.drive(m.constant(1, 1))",
            ),
            "weights_of_next": (
                "recurrent", "a beat's spikes meet the weights of the next lane", "Feedback._weighted",
                "row[lane::lanes]", "row[(lane + 1) % lanes :: lanes]",
            ),
        },
    ),
    **of(
        "frame_state",
        "lif",
        {
            "place_short": (
                "same_step", "the number of places is one too small", "FrameState.of",
                'count(m, places, step, "place")', 'count(m, max(1, places - 1), step, "place")',
            ),
            "written_again": (
                "same_step", "what is kept is written though nothing has come", "FrameState.of",
                "m.and_(pipeline.enable[1], pipeline.valid(0))", "pipeline.enable[1]",
            ),
            "other_chunk": (
                "chunks_of_neurons", "neurons have the parameters of the next channels", "FrameState.of",
                'm.reg(count(m, given.chunks, step, "next_chunk").value,', 'm.reg(m.not_(count(m, given.chunks, step, "next_chunk").value),',
            ),
        },
    ),
}  # fmt: skip

SUM_FRAMES = of(
    "sum_frames",
    "sum",
    {
        "kept_between_images": (
            "same_step", "sums are not cleared between images", "SumFrames.build",
            "m.mux(state.first, m.constant(0, bits), m.extract(state.old, bits * lane, bits))", "m.extract(state.old, bits * lane, bits)",
        ),
        "first_frame_given": (
            "same_step", "the first frame is given, not the last", "SumFrames.build", "m.reg(state.last,", "m.reg(state.first,",
        ),
        "carry_dropped": (
            "same_step", "sums have no carries", "SumFrames.build", "m.add(number, old)", "m.xor(number, old)",
        ),
        "sign_dropped": (
            "recurrent", "membranes are added as unsigned numbers", "SumFrames.build", "number = m.sext(", "number = m.zext(",
        ),
        "digits_reversed": (
            "counted", "numbers of spikes have their digits reversed", "SumFrames.build",
            "m.concat(*digits)", "m.concat(*reversed(digits))",
        ),
        "loaded_while_waiting": (
            "recurrent", "a result is overwritten while it waits", "SumFrames.build",
            'm.reg(new, enable=pipeline.enable[1], name="total")', 'm.reg(new, name="total")',
        ),
    },
)  # fmt: skip

ARGMAX = of(
    "argmax",
    "argmax",
    {
        "tie_high": (
            "classes", "of equal values the last one wins", "_winner",
            "less(m, low[0], high[0])", "m.not_(less(m, high[0], low[0]))",
        ),
        "index_of_loser": (
            "classes", "the index is that of the smaller value", "_winner",
            "m.mux(second, high[1], low[1])", "m.mux(second, low[1], high[1])",
        ),
        "unsigned": (
            "classes", "values are compared as unsigned numbers", "_winner",
            "less(m, low[0], high[0])", "m.ult(low[0], high[0])",
        ),
        "best_kept": (
            "classes_in_beats", "the best value is not cleared between images", "_running_best",
            "m.or_(first, less(m, best_value.value, value))", "less(m, best_value.value, value)",
        ),
        "base_wrong": (
            "classes_in_beats", "indices of later beats are one too large", "Argmax.build",
            "(i * given.lanes)", "(i * given.lanes + (i > 0))",
        ),
        "given_early": (
            "classes_in_beats", "the class is given with the first beat", "Argmax.build", "carry(chunk.last,", "carry(chunk.first,",
        ),
        "tie_of_beats": (
            "ties_in_beats", "of equal values in two beats the last one wins", "_running_best",
            "less(m, best_value.value, value)", "m.not_(less(m, value, best_value.value))",
        ),
    },
)  # fmt: skip
