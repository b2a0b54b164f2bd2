"""The sink: gives results as AXI4-Stream beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from e3ne.analysis.event_graph import EventGraph
from e3ne.dialects.dataflow import SinkOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Control, Features
from e3ne.units.flow import elastic, every
from e3ne.units.handshake import InputStream, Pipeline, count, taken_port
from e3ne.units.interface import Choice, Unit
from e3ne.units.layout import Values


@dataclass(frozen=True)
class SinkModel:
    """`beats` beats an image, each held in a register for a cycle; the values do not change."""

    beats: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """A beat is given for each beat taken."""
        return elastic(unit, taken, given, every(self.beats), every(self.beats), 1)

    def compute(self, values: Values) -> Values:
        """The same values."""
        return values


class Sink(Unit[SinkOp]):
    """Extends each value to its container, and marks the last beat of an image."""

    operation = SinkOp

    def legal_choices(self, op: SinkOp) -> Sequence[Choice]:
        """Containers of whole bytes."""
        return [{"container": bits} for bits in (8, 16, 32, 64) if bits >= op.input_type.element_bits]

    def features(self, op: SinkOp) -> Features:
        """A register, and a counter of beats."""
        given = op.input_type
        control = Control(1)
        control.count(given.beats_per_image)
        control.carry(int(given.beats_per_image > 1), 1)
        return Features("sink", control.lut, control.ff | {"held": given.beat_bits}, (), given.beats_per_image)

    def model(self, op: SinkOp) -> SinkModel:
        """The number of beats."""
        return SinkModel(op.input_type.beats_per_image)

    def build(self, op: SinkOp) -> ModuleOp:
        """A register stage; the ports are the AXI4-Stream master's."""
        given, container = op.input_type, op.container.value.data
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Output: {given.channels} results of {given.element_bits} bits, each in {container} bits.",
            parameters={"beats": given.beats_per_image},
        )
        s = InputStream.of(m, given.beat_bits)
        pipeline = Pipeline(m, 1, taken_port(m))
        s.accept(m, pipeline.ready)
        pipeline.enter(s.valid)
        last = count(m, given.beats_per_image, m.and_(s.valid, pipeline.ready), "beat").last
        m.output("m_last", pipeline.carry(last, "last", 0, 0))
        data = pipeline.carry(s.data, "held", 0, 0)
        bits = given.element_bits
        elements = [m.extract(data, lane * bits, bits) for lane in range(given.lanes)]
        wide = [m.sext(e, container) if given.signed else m.zext(e, container) for e in elements]
        pipeline.finish(None, m.concat(*reversed(wide)))
        return m.build()
