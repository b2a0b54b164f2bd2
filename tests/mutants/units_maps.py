"""Mutants of units. Pools, windows and synapses."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from tests.mutants.unit_mutant import of

POOL = of(
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

MAX_POOL = of(
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

WINDOW = of(
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
    **of(
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
    **of(
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
    **of(
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
    **of(
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
    **of(
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
