"""Mutants of units. Source, sink, and what stands between units."""

# A row is what is changed, and changed text is not broken.
# ruff: noqa: E501

from __future__ import annotations

from tests.mutants.unit_mutant import of

SOURCE = of(
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

SINK = of(
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
        "lost_when_empty": (
            "deep", "a result that comes while the output waits is lost", "Sink.build",
            "Pipeline(m, 1, taken_port(m))\n        s.accept(m, pipeline.ready)\n        pipeline.enter(s.valid)",
            "Pipeline(m, 1, taken := taken_port(m))\n        s.accept(m, pipeline.ready)\n        pipeline.enter(m.and_(s.valid, taken))",
        ),
        "lanes_reversed": (
            "deep", "results are in reverse order", "Sink.build", "m.concat(*reversed(wide))", "m.concat(*wide)",
        ),
    },
)  # fmt: skip

RESIZE = of(
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

FIFO = of(
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

REPLAY = of(
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
