"""The neuron of one frame: turns a value into a number in binary, most significant digit first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process
from e3ne.dialects.dataflow import THRESHOLD_MEMORIES, FireOp, integers_of
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.units.features import Features
from e3ne.units.fire_features import fire_features
from e3ne.units.fire_search import Control, Search, Stage, Taken
from e3ne.units.handshake import Counter, InputStream, count, give, select, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values, digits_of


@dataclass(frozen=True)
class FireModel:
    """Code = clamp(⌊(V·2^fraction_bits + bias) / threshold⌋, 0, 2^steps − 1), per channel.

    With `ties_to_even` an odd code that is reached exactly becomes the even one below it. Where there are `numbers`,
    ascending from 0, it is rounded down to one of them.

    A value passes through `stages` stages, each of which finds its share of the digits, one a cycle, from the cycle
    after it was taken on. It is taken by a stage when the value before it leaves, to the next stage or with its last
    beat. A beat of `parallel` digits is valid when the last stage has found its share of `parallel` / `stages` digits.
    """

    taken: Layout
    steps: int
    stages: int
    parallel: int
    threshold: NDArray[np.int64] = field(metadata={"array": True})
    bias: NDArray[np.int64] = field(metadata={"array": True})
    fraction_bits: int
    ties_to_even: bool = False
    numbers: NDArray[np.int64] | None = None

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """A value's entry into each stage, what the last stage has found, and the beats."""
        span, pace, beats = self.steps // self.stages, self.parallel // self.stages, self.steps // self.parallel
        entries = [taken, *(f"{unit}.stage{number}" for number in range(1, self.stages))]
        value = np.arange(self.taken.beats, dtype=np.int64)
        beat = np.arange(value.size * beats, dtype=np.int64)
        first = beat % beats == 0
        last, found = entries[-1], f"{unit}.found"
        processes = [Process(entry, value.size, span) for entry in entries] + [Process(given, beat.size)]
        edges = [After(last, given, value * beats - 1, 0)]
        for number in range(1, self.stages):
            entry, following = entries[number - 1], entries[number]
            edges += [After(following, entry, value, span), After(entry, following, value - 1, 0)]
        loaded = np.where(first, beat // beats, NEVER)
        if pace == 1:
            edges.append(After(given, last, loaded, 1, offers=True))
        else:
            processes.append(Process(found, beat.size, pace))
            edges.append(After(found, last, loaded, pace))
            edges.append(After(found, given, np.where(first, NEVER, beat - 1), pace))
            edges.append(After(given, found, beat, 0, offers=True))
        return EventGraph(tuple(processes), tuple(edges))

    def compute(self, values: Values) -> Values:
        """Values → digits."""
        content = self.taken.spread(values)[:, :, :, :, 0]
        scaled = (content << self.fraction_bits) + self.bias
        reached = scaled // self.threshold
        if self.ties_to_even:
            reached = np.where(scaled == reached * self.threshold, reached & ~1, reached)
        codes = np.clip(reached, 0, (1 << self.steps) - 1)
        if self.numbers is not None:
            codes = self.numbers[np.searchsorted(self.numbers, codes, side="right") - 1]
        inner = self.taken
        given = replace(inner, steps=self.steps, bits=1, parallel=self.parallel, repeat=1, outer=False)
        return given.gather(digits_of(codes, self.steps))


class Fire(Unit[FireOp]):
    """A binary search over the values at which the code changes; one comparison a digit, no arithmetic."""

    operation = FireOp

    def legal_choices(self, op: FireOp) -> Sequence[Choice]:
        """Where thresholds are kept, digits of a beat, and stages among which the search is divided.

        What comes out of a block memory is late in its cycle: too late, where thresholds are looked up ahead.
        """
        steps = op.steps.value.data
        memories = ["distributed"] if op.looks_ahead else THRESHOLD_MEMORIES
        return [
            {"threshold_memory": memory, "stages": stages, "parallel_steps": parallel}
            for parallel in range(1, steps + 1)
            for stages in range(1, parallel + 1)
            for memory in memories
            if steps % parallel == 0 and parallel % stages == 0
        ]

    def features(self, op: FireOp) -> Features:
        """For each stage and lane the value, the digits found, and a comparison with what they look up."""
        return fire_features(op)

    def model(self, op: FireOp) -> FireModel:
        """Thresholds and biases of the layer."""
        return FireModel(
            layout_of(op.input_type),
            op.steps.value.data,
            op.stages.value.data,
            op.parallel_steps.value.data,
            integers_of(op, op.threshold),
            integers_of(op, op.bias),
            op.fraction_bits.value.data,
            op.ties_to_even is not None,
            None if op.numbers is None else integers_of(op, op.numbers),
        )

    def build(self, op: FireOp) -> ModuleOp:
        """The stages, behind each other, and the beats of the last one."""
        given = op.input_type
        lanes, bits = given.lanes, given.element_bits
        m = ModuleBuilder(
            op.unit_name,
            comment=f"Neurons of {op.layer.data}: {given.channels} channels, {op.steps.value.data} digits, most "
            f"significant first, {lanes} neurons at once.",
            parameters={
                "steps": op.steps.value.data,
                "value bits": bits,
                "fraction bits": op.fraction_bits.value.data,
            },
        )
        s = InputStream.of(m, given.beat_bits)
        ready = taken_port(m)
        controls = [Control.of(m, op.span, None) for _ in range(op.stages.value.data - 1)]
        controls.append(Control.of(m, op.span, ready if op.pace == 1 else None))
        complete = self._connect(m, op, controls, ready)
        last = controls[-1]
        s.accept(m, controls[0].accept)
        load = m.and_(controls[0].accept, s.valid)
        group = None if given.chunks == 1 else count(m, given.chunks, load, "next_group").value
        taken = Taken(s.valid, group, [m.extract(s.data, lane * bits, bits) for lane in range(lanes)], [None] * lanes)
        searches: Sequence[Search] = ()
        for number, control in enumerate(controls):
            stage = Stage(m, op, number, control, taken)
            searches, taken = stage.searches, stage.passed()
        give(m, self._beat(m, op, searches, last.digit), m.and_(last.busy.value, complete))
        return m.build()

    @staticmethod
    def _connect(m: ModuleBuilder, op: FireOp, controls: Sequence[Control], ready: SSAValue) -> SSAValue:
        """When stages go on; the result is whether the digit that the last one finds completes a beat."""
        for control, following in pairwise(controls):
            free = m.or_(m.not_(control.digit.last), following.accept)
            control.advance.assign(m.and_(control.busy.value, free))
        if op.pace == 1:
            return m.constant(1, 1)
        last, digit = controls[-1], controls[-1].digit
        marks = [int((position + 1) % op.pace == 0) for position in range(op.span)]
        complete = digit.last if op.pace == op.span else m.table(digit.value, marks, 1)
        last.advance.assign(m.and_(last.busy.value, m.or_(m.not_(complete), ready)))
        return complete

    @staticmethod
    def _beat(m: ModuleBuilder, op: FireOp, searches: Sequence[Search], digit: Counter) -> SSAValue:
        """The digits of the beat that is complete, step by step; the digit being found tells which beat that is."""
        parallel, earlier = op.parallel_steps.value.data, op.steps.value.data - op.span
        # With one stage the digits of a beat are always the last ones that were found.
        ends = range(op.pace - 1, op.span if earlier else op.pace, op.pace)
        trains: list[SSAValue] = []
        for search in searches:
            words: list[SSAValue] = []
            for beat, end in enumerate(ends):
                behind = earlier + end + 1 - (beat + 1) * parallel
                words += [m.extract(search.known(m, end), behind, parallel)] * op.pace
            trains.append(select(m, digit.value, words) if len(ends) > 1 else words[0])
        return m.concat(*(m.extract(train, step) for step in range(parallel) for train in reversed(trains)))
