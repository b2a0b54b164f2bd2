"""The sum over frames: spike counts, or what a layer without neurons adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import EventGraph
from e3ne.dialects.dataflow import STATE_MEMORIES, SumFramesOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Features
from e3ne.units.flow import elastic, every
from e3ne.units.frame_state import STAGES, FrameState, frame_state_parts
from e3ne.units.handshake import InputStream, Pipeline, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values, codes_of


@dataclass(frozen=True)
class SumFramesModel:
    """The sum of all frames, `bits` wide, given with the last one."""

    taken: Layout
    bits: int
    latency: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """Each beat passes two stages; those of the last frame give."""
        beats = self.taken.beats
        gives = np.arange(beats) >= beats - beats // self.taken.frames
        return elastic(unit, taken, given, every(beats), gives.astype(np.int64), self.latency)

    def compute(self, values: Values) -> Values:
        """Numbers → their sums."""
        inner = self.taken
        content = inner.spread(values)[:, :, 0]
        numbers = content[..., 0] if inner.steps == 1 else codes_of(content)
        by_frames = numbers.reshape(len(values), inner.frames, -1, inner.channels).astype(np.int64)
        given = replace(inner, frames=1, steps=1, parallel=1, bits=-self.bits)
        return given.gather(by_frames.sum(axis=1)[:, :, None, :, None])


class SumFrames(Unit[SumFramesOp]):
    """An adder for each lane, and the totals so far."""

    operation = SumFramesOp

    def legal_choices(self, op: SumFramesOp) -> Sequence[Choice]:
        """Where totals are kept."""
        return [{"state_memory": memory} for memory in STATE_MEMORIES]

    def features(self, op: SumFramesOp) -> Features:
        """Totals, and their adders."""
        given, bits = op.input_type, op.output_type.beat_bits
        control, held, memories = frame_state_parts(given, bits, op.state_memory.data)
        return Features(
            "sum_frames",
            control.lut | {"added": bits},
            control.ff | {"held": held, "given": bits, "marks": 1},
            memories,
            given.beats_per_image,
        )

    def model(self, op: SumFramesOp) -> SumFramesModel:
        """Sizes and depth."""
        return SumFramesModel(layout_of(op.input_type), op.value_bits.value.data, STAGES)

    def build(self, op: SumFramesOp) -> ModuleOp:
        """New total = old total, or 0 in the first frame, + number."""
        given, bits = op.input_type, op.value_bits.value.data
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Sums of {op.layer.data} over {given.frames} time steps.",
            parameters={"frames": given.frames, "lanes": given.lanes, "bits": bits},
        )
        s = InputStream.of(m, given.beat_bits)
        pipeline = Pipeline(m, STAGES, taken_port(m))
        state = FrameState.of(m, pipeline, s, given, bits * given.lanes, op.state_memory.data)
        totals: list[SSAValue] = []
        for lane in range(given.lanes):
            old = m.mux(state.first, m.constant(0, bits), m.extract(state.old, bits * lane, bits))
            if given.signed:
                number = m.sext(m.extract(state.data, lane * given.element_bits, given.element_bits), bits)
            else:
                digits = [m.extract(state.data, step * given.lanes + lane) for step in range(given.steps)]
                number = m.zext(m.concat(*digits), bits)
            totals.append(m.add(number, old))
        new = m.concat(*reversed(totals))
        state.keep(new)
        gives = m.reg(state.last, enable=pipeline.enable[1], name="gives")
        pipeline.finish(gives, m.reg(new, enable=pipeline.enable[1], name="total"))
        return m.build()
