"""Mutants of the hardware that units build: their builders changed, every kind of unit."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.mutants.edits import Edit


@dataclass(frozen=True)
class UnitMutant:
    """A changed builder of units whose names end with `kind` (empty: of any), in the network `case`."""

    kind: str
    case: str
    what: str
    edit: Edit


def _of(module: str, kind: str, rows: Mapping[str, tuple[str, str, str, str, str]]) -> dict[str, UnitMutant]:
    """Mutants of one module of units; each is case, what it does, function, old and new text."""
    return {
        f"{kind or 'control'}_{name}": UnitMutant(kind, case, what, Edit(f"e3ne.units.{module}:{function}", old, new))
        for name, (case, what, function, old, new) in rows.items()
    }


SOURCE = _of(
    "source",
    "source",
    {
        "least_digit_first": (
            "deep", "codes come least significant digit first", "Source.build",
            "given.steps + given.steps - 1 - step", "given.steps + step",
        ),
        "beat_dropped": (
            "deep", "a beat is dropped when no further one comes", "Source.build",
            "full.drive(m.or_(s.valid, m.not_(accept)))", "full.drive(s.valid)",
        ),
        "image_end_missed": (
            "deep", "the rest of the last beat of an image is given", "Source._last_of_beat",
            'm.or_(full, count(m, pixels, leave, "pixel").last)', "full",
        ),
        "slot_kept": (
            "deep", "the place in a beat is not cleared between images", "Source._last_of_beat",
            "slot.drive(m.mux(last,", "slot.drive(m.mux(full,",
        ),
        "shift": (
            "deep", "the beat shifts by a bit instead of a pixel", "Source.build",
            "m.extract(held.value, pixel_bits, used", "m.extract(held.value, 1, used",
        ),
        "ready_ignored": (
            "deep", "a pixel leaves though nobody takes it", "Source.build", "leave = m.and_(full.value, ready)", "leave = full.value",
        ),
        "bubble": (
            "deep", "a beat is taken a cycle too late", "Source.build",
            "accept = m.or_(m.not_(full.value), done)", "accept = m.not_(full.value)",
        ),
        "reset_missing": (
            "deep", "the register that tells whether there is a beat is not reset", "Source.build",
            'm.register(1, "full", reset=0)', 'm.register(1, "full", reset=1)',
        ),
    },
)  # fmt: skip

SINK = _of(
    "sink",
    "sink",
    {
        "sign_dropped": (
            "deep", "results are extended with zeros", "Sink.build", "m.sext(e, container) if", "m.zext(e, container) if",
        ),
        "last_counts_waiting": (
            "fifos_of_3", "beats that wait are counted", "Sink.build", "m.and_(s.valid, pipeline.ready)", "s.valid",
        ),
        "last_late": (
            "deep", "the mark of the last beat comes a beat too late", "Sink.build",
            'pipeline.carry(last, "last", 0, 0))', 'pipeline.carry(pipeline.carry(last, "last", 0, 0), "last", 0, 0))',
        ),
        "last_off_by_one": (
            "fifos_of_3", "an image has a beat more", "Sink.build",
            "count(m, given.beats_per_image,", "count(m, given.beats_per_image + 1,",
        ),
        "lanes_reversed": (
            "deep", "results are in reverse order", "Sink.build", "m.concat(*reversed(wide))", "m.concat(*wide)",
        ),
    },
)  # fmt: skip

RESIZE = _of(
    "resize",
    "resize",
    {
        "beats_reversed": (
            "held", "the beats of a block are given in reverse order", "Resize.build",
            "for number in range(spend)]", "for number in reversed(range(spend))]",
        ),
        "block_dropped": (
            "held", "a block is dropped when no further one comes", "Resize.build",
            "busy.drive(m.or_(s.valid, m.not_(free)))", "busy.drive(s.valid)",
        ),
        "block_overwritten": (
            "deep", "a block moves on though the one before is still there", "Resize.build",
            "move = m.and_(complete.value, free)", "move = complete.value",
        ),
        "complete_forgotten": (
            "deep", "a block that waits is forgotten", "Resize.build",
            "m.or_(m.and_(take, position.last), m.and_(complete.value, m.not_(free)))", "m.and_(take, position.last)",
        ),
        "complete_early": (
            "deep", "a block is complete a beat too early", "Resize.build",
            'count(m, collect, take, "taken_beats")', 'count(m, collect - 1, take, "taken_beats")',
        ),
        "bubble": (
            "held", "a block waits a cycle though the last beat leaves", "Resize.build",
            "m.or_(m.not_(busy.value), m.and_(leave, turn.last))", "m.not_(busy.value)",
        ),
        "lanes_and_steps": (
            "deep", "time steps of a beat are taken in reverse order", "Resize._ordered",
            "m.extract(data, (parallel * taken.lanes + lane) * bits, bits)",
            "m.extract(data, ((taken.parallel - 1 - parallel) * taken.lanes + lane) * bits, bits)",
        ),
    },
)  # fmt: skip

FIFO = _of(
    "fifo",
    "fifo",
    {
        "place_less": (
            "fifos_of_3", "there is room for a beat less", "Fifo.build",
            "m.ne(held.value, m.constant(depth, held_bits))", "m.ne(held.value, m.constant(depth - 1, held_bits))",
        ),
        "overflow": (
            "fifos_of_3", "a full FIFO accepts", "Fifo.build",
            "m.name(m.ne(held.value, m.constant(depth, held_bits)), \"room\")", "m.constant(1, 1)",
        ),
        "ready_ignored": (
            "fifos_of_3", "a beat leaves though nobody takes it", "Fifo.build",
            "m.and_(s.valid, room), m.and_(some, ready)", "m.and_(s.valid, room), some",
        ),
        "read_position": (
            "fifos_of_3", "the place that is read moves with the writing", "Fifo.build",
            "memory.read(count(m, depth, read,", "memory.read(count(m, depth, write,",
        ),
        "one_kept": (
            "fifos_of_1", "the register is written though it is full", "Fifo.build",
            'm.reg(s.data, enable=write, name="stored")', 'm.reg(s.data, enable=s.valid, name="stored")',
        ),
        "waits_for_ready": (
            "fifos_of_2", "valid waits for ready", "_Held.of", "moves = m.or_(m.not_(given.value), ready)", "moves = ready",
        ),
        "spare_overwritten": (
            "fifos_of_2", "the beat behind is overwritten", "_two_beats",
            "m.reg(s.data, enable=m.not_(held.waiting)", "m.reg(s.data, enable=s.valid",
        ),
        "alternating_read": (
            "credit", "the registers are read in the other order", "_alternating", "m.mux(read.value, odd, even)", "m.mux(read.value, even, odd)",
        ),
    },
)  # fmt: skip

REPLAY = _of(
    "replay",
    "replay",
    {
        "times_not_next": (
            "deep", "each time step is read as the first one", "Replay._read_order",
            'm.mux(loops["time"].last, m.constant(0, bits), next_time)', "m.constant(0, bits)",
        ),
        "bank_stays": (
            "deep", "both blocks are written to one bank", "Replay.build",
            'count(m, 2, filled, "write_bank")', 'count(m, 1, filled, "write_bank")',
        ),
        "read_ahead": (
            "deep", "a beat is read in the cycle in which it is written", "Replay.build",
            "m.ult(address, position.value)", "m.ule(address, position.value)",
        ),
        "freed_early": (
            "held", "a block is free after its first repetition", "Replay.build",
            "*(counter.last for counter in loops.values())", "*(counter.last for counter in list(loops.values())[:1])",
        ),
        "full_only": (
            "deep", "a block is read when it is complete only", "Replay.build",
            "pipeline.enter(m.or_(some, here))", "pipeline.enter(some)",
        ),
        "once_more": (
            "images_again", "blocks are given once more", "Replay._read_order",
            '("repeat", op.repeat.value.data)', '("repeat", op.repeat.value.data + 1)',
        ),
        "full_not_counted": (
            "reordered", "a bank that is filled while another is freed is not counted", "Replay.build",
            "m.xor(filled, freed))", "m.or_(filled, freed))",
        ),
    },
)  # fmt: skip

FIRE = {
    **_of(
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
    **_of(
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
    **_of(
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
    **_of(
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
                "return m.extract(m.add(product, m.constant(1 << shift - 1, width_of(product))), shift, self.bits)",
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
    **_of(
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
    **_of(
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

SUM_FRAMES = _of(
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

ARGMAX = _of(
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

POOL = _of(
    "pool",
    "pool",
    {
        "race_not_restarted": (
            "deep", "the race goes on from train to train", "_largest_train",
            "m.or_(first, register.value) for", "register.value for",
        ),
        "all_must_show": (
            "deep", "the largest digit is the smallest", "_largest_train", "largest = m.or_(*shown)", "largest = m.and_(*shown)",
        ),
        "zeros_lose": (
            "deep", "a train that shows 0 is out, though the largest does", "_largest_train",
            "m.and_(a, m.or_(s, m.not_(largest)))", "m.and_(a, s)",
        ),
        "smallest_value": (
            "pools_of_values", "the smaller of two values wins", "largest_value",
            "m.mux(less(m, p[0], p[1]), p[1], p[0])", "m.mux(less(m, p[0], p[1]), p[0], p[1])",
        ),
        "unsigned": (
            "pools_of_values", "values are compared as unsigned numbers", "largest_value", "less(m, p[0], p[1])", "m.ult(p[0], p[1])",
        ),
        "odd_one_left": (
            "pools_of_values", "the window's last value never competes", "largest_value",
            "for i in range(0, len(level), 2)]", "for i in range(0, max(1, len(level) - 1), 2)]",
        ),
    },
)  # fmt: skip

MAX_POOL = _of(
    "max_pool_build",
    "pool",
    {
        "smaller_taken": (
            "running", "equal or smaller values are taken", "MaxPoolBuilder._larger",
            "less(self.m, register.value, value)", "self.m.not_(less(self.m, register.value, value))",
        ),
        "words_not_begun": (
            "running", "words keep the largest value of the image before", "MaxPoolBuilder._larger_of",
            "self.m.or_(first, less(self.m, so_far, value))", "less(self.m, so_far, value)",
        ),
        "waits_ignored": (
            "running", "a result is overwritten while it waits", "MaxPoolBuilder._give",
            "self.offered.drive(self.m.or_(completed, self.waits))", "self.offered.drive(completed)",
        ),
        "window_less": (
            "running", "a row has a window less where columns are left over", "Windows.count",
            "m.eq(number.value, m.constant(windows, window_bits))", "m.eq(number.value, m.constant(windows - 1, window_bits))",
        ),
        "accepts_too_late": (
            "running", "a row is not replaced in the cycle in which it moves on", "MaxPoolBuilder._rows_of_windows",
            "m.or_(m.not_(row_done.value), moves)", "m.not_(row_done.value)",
        ),
    },
)  # fmt: skip

WINDOW = _of(
    "window_taps",
    "window",
    {
        "inside_beyond": (
            "windows", "a row more counts as inside", "Sweep.inside", "< self.size)", "<= self.size)",
        ),
        "stride_ignored": (
            "windows", "windows end at each place", "Sweep.complete", "and rest == 0)", ")",
        ),
        "dilation_ignored": (
            "windows", "the columns of a kernel are next to each other", "WindowBuilder._taps",
            "as_tuple(self.op.dilation)[1] * self.beats", "self.beats",
        ),
        "padding_not_zero": (
            "windows", "padding holds pixels", "WindowBuilder.build",
            "pixel = m.and_(data, m.replicate(inside, self.given.beat_bits))", "pixel = data",
        ),
        "rows_short": (
            "images_again", "the memory of the row above is a word too short", "WindowBuilder._rows_above",
            "self.along.total * self.beats\n", "self.along.total * self.beats - 1\n",
        ),
        "first_beat_taken_late": (
            "windows", "padding is given before its image has come", "WindowBuilder.build",
            "takes = inside if start is None else m.or_(start, m.and_(inside, m.not_(first)))", "takes = inside",
        ),
        "elements_reversed": (
            "windows", "the rows of a window are in reverse order", "WindowBuilder._window", "for row in taps", "for row in reversed(taps)",
        ),
        "taps_shift_while_waiting": (
            "windows", "parts of a window shift when the first is taken", "WindowBuilder.build",
            "m.and_(ready, last_part.value) if self.parts > 1 else ready", "ready",
        ),
    },
)  # fmt: skip

MATVEC = {
    **_of(
        "accumulator",
        "matvec",
        {
            "total_not_begun": (
                "chunks_inside", "totals are not cleared between groups", "_accumulate",
                "m.mux(first, start, total.value)", "total.value",
            ),
            "restart_missing": (
                "deep", "membranes are not cleared between pixels", "_integrate",
                "m.mux(restart, start, m.mux(double, doubled, old))", "m.mux(double, doubled, old)",
            ),
            "held_total_not_begun": (
                "held", "totals of held inputs are not cleared", "_accumulate_groups",
                "m.mux(first, start, m.extract(found, bits * lane, bits))", "m.extract(found, bits * lane, bits)",
            ),
            "held_group_swapped": (
                "held", "totals are written to the place of another group", "_accumulate_groups",
                "memory.write(group,", "memory.write(reading,",
            ),
            "start_wrong": (
                "deep", "the offset of a drive is counted once", "start_values",
                "offset * fold.chunks * _repeated(fold, parallel)", "offset * _repeated(fold, parallel)",
            ),
            "bias_of_lane": (
                "held", "a group has the bias of its other lane", "biases",
                "bias[:, lane]]", "bias[:, lane - 1]]",
            ),
            "given_each_step": (
                "deep", "results are given at the end of each time step", "build_accumulator",
                "gives = m.and_(last_time, last_chunk)", "gives = last_chunk",
            ),
        },
    ),
    **_of(
        "matvec_adder",
        "matvec",
        {
            "sign_kept": (
                "deep", "the sign bit of weights is not inverted", "adder_drive",
                "sign = m.not_(m.extract(value, bits - 1))", "sign = m.extract(value, bits - 1)",
            ),
            "digits_late": (
                "deep", "digits are a stage late", "adder_drive",
                'pipeline.carry(digits, "digits", 1, stage - 1)', 'pipeline.carry(digits, "digits", 1, stage)',
            ),
            "time_weight": (
                "held", "parallel time steps have the weights of each other", "adder_drive",
                "heap.add(m, value, parallel - 1 - time)", "heap.add(m, value, time)",
            ),
            "words_again": (
                "deep", "a group's weights are not read again for a time step", "_address",
                'm.and_(loops["chunk"].last, m.not_(loops["time"].last))', "m.constant(0, 1)",
            ),
        },
    ),
    **_of(
        "matvec_table",
        "matvec",
        {
            "shift_dropped": (
                "wide_tables", "tables that are added at several places are added at the first", "table_drive",
                "for shift in table.shifts:", "for shift in table.shifts[:1]:",
            ),
            "spikes_reversed": (
                "deep", "spikes address tables in reverse order", "table_drive", "in reversed(table.elements)]", "in table.elements]",
            ),
            "remainder_dropped": (
                "deep", "the constant of a heap is missing", "table_drive", "heap.add_constant(column.remainder)", "pass",
            ),
        },
    ),
    **_of(
        "matvec_shared",
        "matvec",
        {
            "sign_of_part": (
                "shared", "sums that are subtracted are added", "shared_drive", "inverted=part.negative", "inverted=False",
            ),
            "offset_dropped": (
                "shared", "the constant that is missing from a sum is not added", "shared_drive",
                "[column.offset for column in columns]", "[0 for column in columns]",
            ),
            "remainder_dropped": (
                "shared", "the constant of a heap is missing", "shared_drive", "heap.add_constant(column.remainder)", "pass",
            ),
        },
    ),
    **_of(
        "handshake",
        "",
        {
            "credit_less": (
                "credit", "a credit pipeline lets a token less in", "CreditPipeline.__init__",
                "m.constant(self._room, self._room.bit_length())", "m.constant(self._room - 1, self._room.bit_length())",
            ),
            "credit_not_returned": (
                "credit", "credit is returned when a token waits, not when it leaves", "CreditPipeline.finish",
                "_step(m, self._inside, self._counted, m.and_(shown, self._taken))", "_step(m, self._inside, self._counted, shown)",
            ),
            "token_passed": (
                "credit_each_cycle", "a token overtakes those that wait", "CreditPipeline.finish",
                "m.and_(come, m.or_(some, m.not_(self._taken)))", "m.and_(come, m.not_(self._taken))",
            ),
            "counter_long": (
                "windows", "counters whose end is no power of two go a step too far", "count",
                "m.constant(modulus - 1, bits)", "m.constant(modulus - 1 if modulus & (modulus - 1) == 0 else modulus, bits)",
            ),
            "outer_loop_always": (
                "windows", "outer loops step with the innermost one", "nest",
                "carry = m.and_(carry, counters[name].last)", "carry = m.and_(carry, carry)",
            ),
        },
    ),
}  # fmt: skip

UNITS: Mapping[str, UnitMutant] = {
    **SOURCE,
    **SINK,
    **RESIZE,
    **FIFO,
    **REPLAY,
    **FIRE,
    **LIF,
    **SUM_FRAMES,
    **ARGMAX,
    **POOL,
    **MAX_POOL,
    **WINDOW,
    **MATVEC,
}
"""By name."""
