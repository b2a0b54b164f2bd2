"""The width converter: changes how many lanes and time steps a beat has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process
from e3ne.dialects.dataflow import ResizeOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.handshake import InputStream, count, give, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values


@dataclass(frozen=True)
class ResizeModel:
    """Collects the beats of a block, and gives the block in beats of the other width.

    A block holds all time steps of as many lanes as the wider beat has. It is complete a cycle after its last beat
    was taken, moves on when the block before it has left, and its first beat is valid a cycle later; blocks of a
    single beat move on at once.
    """

    taken: Layout
    given: Layout

    @property
    def block_beats(self) -> tuple[int, int]:
        """Beats taken and beats given for a block."""
        lanes = max(self.taken.lanes, self.given.lanes)
        return (
            lanes // self.taken.lanes * self.taken.step_beats,
            lanes // self.given.lanes * self.given.step_beats,
        )

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Taking, moving on, and giving of each block."""
        collect, spend = self.block_beats
        blocks = self.taken.beats // collect
        block = np.arange(blocks, dtype=np.int64)
        out = np.arange(blocks * spend, dtype=np.int64)
        first_out = np.where(out % spend == 0, out // spend, NEVER)
        if collect == 1:
            return EventGraph(
                (Process(taken, blocks, spend), Process(given, out.size)),
                (After(given, taken, first_out, 1, offers=True), After(taken, given, block * spend - 1, 0)),
            )
        move = f"{unit}.move"
        into = np.arange(blocks * collect, dtype=np.int64)
        first_in = np.where(into % collect == 0, into // collect - 1, NEVER)
        return EventGraph(
            (Process(taken, into.size), Process(move, blocks, max(collect, spend)), Process(given, out.size)),
            (
                After(move, taken, block * collect + collect - 1, 1),
                After(move, given, block * spend - 1, 0),
                # The first beat of the next block may come in the very cycle in which this block moves on.
                After(taken, move, first_in, 0),
                After(given, move, first_out, 1, offers=True),
            ),
        )

    def compute(self, values: Values) -> Values:
        """The same content in the other layout."""
        return self.given.gather(self.taken.spread(values))


class Resize(Unit[ResizeOp]):
    """One register for the block that is collected and one for the block that is given."""

    operation = ResizeOp

    def legal_choices(self, op: ResizeOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def features(self, op: ResizeOp) -> Features:
        """A register for the block collected and one, which shifts, for the block given."""
        taken, given = op.input_type, op.output_type
        lanes = max(taken.lanes, given.lanes)
        collect = lanes // taken.lanes * taken.step_beats
        spend = lanes // given.lanes * given.step_beats
        control = Control(0)
        control.count(collect, spend)
        block = given.beat_bits * spend
        return Features(
            "resize",
            control.lut | {"collected_beats": collect if collect > 1 else 0, "shifted": given.beat_bits * (spend - 1)},
            control.ff | {"unit": 1 + (collect > 1), "blocks": block * (2 if collect > 1 else 1)},
            (),
            max(taken.beats_per_image, given.beats_per_image),
        )

    def model(self, op: ResizeOp) -> ResizeModel:
        """Both layouts."""
        return ResizeModel(layout_of(op.input_type), layout_of(op.output_type))

    def build(self, op: ResizeOp) -> ModuleOp:
        """Collects, moves on, and shifts out."""
        taken, given = op.input_type, op.output_type
        lanes = max(taken.lanes, given.lanes)
        collect = lanes // taken.lanes * taken.step_beats
        spend = lanes // given.lanes * given.step_beats
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Width converter of {op.layer.data}: {taken.lanes} lanes x {taken.parallel} steps to "
            f"{given.lanes} lanes x {given.parallel} steps.",
            parameters={"beats collected": collect, "beats given": spend},
        )
        s = InputStream.of(m, taken.beat_bits)
        ready = taken_port(m)
        busy = m.register(1, "busy", reset=0)
        leave = m.and_(busy.value, ready)
        last = count(m, spend, leave, "given_beats").last
        free = m.name(m.or_(m.not_(busy.value), m.and_(leave, last)), "free")
        if collect == 1:
            move = m.and_(s.valid, free)
            s.accept(m, free)
            block = [s.data]
            busy.drive(m.or_(s.valid, m.not_(free)))
        else:
            complete = m.register(1, "complete", reset=0)
            accept = m.or_(m.not_(complete.value), free)
            s.accept(m, accept)
            take = m.and_(s.valid, accept)
            position = count(m, collect, take, "taken_beats")
            move = m.and_(complete.value, free)
            complete.drive(m.or_(m.and_(take, position.last), m.and_(complete.value, m.not_(free))))
            busy.drive(m.or_(complete.value, m.not_(free)))
            block = self._collected(m, s.data, take, position.value, collect)
        ordered = self._ordered(m, op, block)
        held = m.register(given.beat_bits * spend, "held")
        together = m.concat(*reversed(ordered))
        if spend == 1:
            held.drive(together, move)
        else:
            beat = given.beat_bits
            shifted = m.zext(m.extract(held.value, beat, beat * (spend - 1)), beat * spend)
            held.drive(m.mux(move, together, shifted), m.or_(move, leave))
        give(m, m.extract(held.value, 0, given.beat_bits), busy.value)
        return m.build()

    @staticmethod
    def _collected(
        m: ModuleBuilder, data: SSAValue, take: SSAValue, position: SSAValue, collect: int
    ) -> list[SSAValue]:
        bits = (collect - 1).bit_length()
        return [
            m.reg(data, enable=m.and_(take, m.eq(position, m.constant(beat, bits))), name=f"collected_{beat}")
            for beat in range(collect)
        ]

    @staticmethod
    def _ordered(m: ModuleBuilder, op: ResizeOp, block: Sequence[SSAValue]) -> list[SSAValue]:
        """The elements of a block in the order in which they are given, the first lowest."""
        taken, given = op.input_type, op.output_type
        bits = taken.element_bits
        elements: dict[tuple[int, int], SSAValue] = {}
        for beat, data in enumerate(block):
            chunk, step_beat = divmod(beat, taken.step_beats)
            for parallel in range(taken.parallel):
                for lane in range(taken.lanes):
                    place = (chunk * taken.lanes + lane, step_beat * taken.parallel + parallel)
                    elements[place] = m.extract(data, (parallel * taken.lanes + lane) * bits, bits)
        lanes = max(taken.lanes, given.lanes)
        return [
            elements[chunk * given.lanes + lane, step_beat * given.parallel + parallel]
            for chunk in range(lanes // given.lanes)
            for step_beat in range(given.step_beats)
            for parallel in range(given.parallel)
            for lane in range(given.lanes)
        ]
