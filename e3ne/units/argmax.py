"""The argmax: the class with the largest value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import EventGraph
from e3ne.dialects.dataflow import ArgmaxOp
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.adders import tree_depth
from e3ne.units.comparison import less
from e3ne.units.features import Control, Features, comparison_luts
from e3ne.units.flow import elastic, every
from e3ne.units.handshake import InputStream, Pipeline, count, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values


@dataclass(frozen=True)
class ArgmaxModel:
    """The index of the largest of a pixel's values, the lowest on a tie; `latency` cycles after its last beat."""

    taken: Layout
    latency: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """One beat is given for each pixel."""
        steps = self.taken.beats
        gives = (np.arange(steps, dtype=np.int64) + 1) % self.taken.chunks == 0
        return elastic(unit, taken, given, every(steps), gives.astype(np.int64), self.latency)

    def compute(self, values: Values) -> Values:
        """Values → indices."""
        content = self.taken.spread(values)[:, :, 0, :, 0]
        return content.argmax(axis=-1).astype(np.int64)[:, :, None]


class Argmax(Unit[ArgmaxOp]):
    """A tree of comparisons with a register after each level, and the best of the beats so far."""

    operation = ArgmaxOp

    def legal_choices(self, op: ArgmaxOp) -> Sequence[Choice]:
        """There is one way to build it."""
        return [{}]

    def features(self, op: ArgmaxOp) -> Features:
        """A comparison for each pair, level by level, of values and of as many index bits as differ by then."""
        given, index_bits = op.input_type, op.output_type.element_bits
        bits, chunked = given.element_bits, given.chunks > 1
        # The number of a beat is the upper part of an index, the same for all, where lanes are a power of two.
        aligned = given.lanes & (given.lanes - 1) == 0
        lane_bits, beat_bits = (given.lanes - 1).bit_length(), (given.chunks - 1).bit_length()
        control = Control(_stages(op))
        control.count(given.chunks)
        entries, compared, values, selected, indices = given.lanes, 0, 0, 0, 0
        levels = max(1, tree_depth(given.lanes))
        for level in range(levels):
            differing = index_bits if chunked and not aligned else min(lane_bits, level + 1)
            last = level == levels - 1 and not chunked
            selected += entries // 2 * (differing + (0 if last else bits))
            compared += entries // 2
            entries -= entries // 2
            values += 0 if last else entries
            indices += entries * differing + (beat_bits if chunked and aligned else 0)
        compared += chunked
        if chunked:
            control.carry(2, levels)
            control.carry(1, 1)
        return Features(
            "argmax",
            control.lut
            | {
                "selected": selected,
                "compared": compared * comparison_luts(bits),
                "comparisons": compared,
                # Of a pair the LUT that selects computes both.
                "indices": given.lanes % 2 * index_bits if chunked and not aligned else 0,
            },
            control.ff | {"values": (values + chunked) * bits, "indices": indices + chunked * index_bits},
            (),
            given.beats_per_image,
        )

    def model(self, op: ArgmaxOp) -> ArgmaxModel:
        """Sizes and depth."""
        return ArgmaxModel(layout_of(op.input_type), _stages(op))

    def build(self, op: ArgmaxOp) -> ModuleOp:
        """The tournament, then a running best when a pixel takes several beats."""
        given, index_bits = op.input_type, op.output_type.element_bits
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Class of {op.layer.data}: index of the largest of {given.channels} values.",
            parameters={"values": given.channels, "lanes": given.lanes},
        )
        s = InputStream.of(m, given.beat_bits)
        pipeline = Pipeline(m, _stages(op), taken_port(m))
        s.accept(m, pipeline.ready)
        pipeline.enter(s.valid)
        step = m.and_(s.valid, pipeline.ready)
        chunk = count(m, given.chunks, step, "chunk")
        bits, levels = given.element_bits, max(1, tree_depth(given.lanes))
        entries = [(m.extract(s.data, lane * bits, bits), m.constant(lane, index_bits)) for lane in range(given.lanes)]
        if given.chunks > 1:
            words = [(i * given.lanes) & ((1 << index_bits) - 1) for i in range(given.chunks)]
            base = m.table(chunk.value, words, index_bits)
            entries = [(value, m.add(base, index)) for value, index in entries]
        for stage in range(levels):
            pairs = [entries[i : i + 2] for i in range(0, len(entries), 2)]
            winners = [_winner(m, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
            enable = pipeline.enable[stage]
            entries = [
                (m.reg(value, enable=enable, name=f"value_{stage}"), m.reg(index, enable=enable, name=f"index_{stage}"))
                for value, index in winners
            ]
        _, best = entries[0]
        gives: SSAValue | None = None
        if given.chunks > 1:
            best = _running_best(m, pipeline, entries[0], pipeline.carry(chunk.first, "first", 0, levels - 1), levels)
            gives = pipeline.carry(chunk.last, "last", 0, levels)
        pipeline.finish(gives, best)
        return m.build()


def _stages(op: ArgmaxOp) -> int:
    return max(1, tree_depth(op.input_type.lanes)) + (op.input_type.chunks > 1)


def _winner(
    m: ModuleBuilder, low: tuple[SSAValue, SSAValue], high: tuple[SSAValue, SSAValue]
) -> tuple[SSAValue, SSAValue]:
    """The larger of two entries, the first on a tie."""
    second = less(m, low[0], high[0])
    return m.mux(second, high[0], low[0]), m.mux(second, high[1], low[1])


def _running_best(
    m: ModuleBuilder, pipeline: Pipeline, entry: tuple[SSAValue, SSAValue], first: SSAValue, stage: int
) -> SSAValue:
    value, index = entry
    best_value = m.register(width_of(value), "best_value")
    best_index = m.register(width_of(index), "best_index")
    update = m.and_(pipeline.enable[stage], pipeline.valid(stage - 1))
    better = m.and_(update, m.or_(first, less(m, best_value.value, value)))
    best_value.drive(value, better)
    best_index.drive(index, better)
    return best_index.value
