"""The width converter: changes how many lanes and time steps a beat has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process
from e3ne.devices.memories import choosing_luts
from e3ne.dialects.dataflow import ResizeOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.handshake import InputStream, count, give, select, taken_port
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
    """One register for the block that is collected, by shifting, and one for the block that is given, by choosing."""

    operation = ResizeOp

    def legal_choices(self, op: ResizeOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def features(self, op: ResizeOp) -> Features:
        """A register for the block given, and what chooses a beat of it; one for a block that is collected."""
        taken, given = op.input_type, op.output_type
        collect, spend = self.model(op).block_beats
        control = Control(0)
        control.count(collect, spend)
        return Features(
            "resize",
            control.lut | {"collecting": int(collect > 1), "chosen": given.beat_bits * choosing_luts(spend)},
            control.ff | {"unit": 1 + (collect > 1), "blocks": given.beat_bits * spend * (2 if collect > 1 else 1)},
            (),
            max(taken.beats_per_image, given.beats_per_image),
        )

    def model(self, op: ResizeOp) -> ResizeModel:
        """Both layouts."""
        return ResizeModel(layout_of(op.input_type), layout_of(op.output_type))

    def build(self, op: ResizeOp) -> ModuleOp:
        """Collects, moves on, and gives."""
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
        turn = count(m, spend, leave, "given_beats")
        free = m.name(m.or_(m.not_(busy.value), m.and_(leave, turn.last)), "free")
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
            block = self._collected(m, s.data, take, collect)
        ordered = self._ordered(m, op, block)
        held = m.reg(m.concat(*reversed(ordered)), enable=move, name="held")
        # The beat to give is chosen: to shift the block would take a LUT for each of its bits, to load it or the next.
        # The unit by choosing and by shifting, LUTs (Yosys 0.70, xcup): 600 to 150 bits 155 and 457, 64 to 16 21 and
        # 55, 120 to 12 67 and 117, 84 to 6 58 and 88, 64 to 32 36 and 37. So choosing is never dearer.
        beat = given.beat_bits
        beats = [m.extract(held, number * beat, beat) for number in range(spend)]
        give(m, select(m, turn.value, beats), busy.value)
        return m.build()

    @staticmethod
    def _collected(m: ModuleBuilder, data: SSAValue, take: SSAValue, collect: int) -> list[SSAValue]:
        """The beats taken, first to last, once there are `collect` of them: shifting in needs no LUT."""
        block = [data]
        for beat in reversed(range(collect)):
            block.insert(0, m.reg(block[0], enable=take, name=f"collected_{beat}"))
        return block[:-1]

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
