"""The matrix-vector unit: where spikes meet weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from e3ne.analysis.event_graph import EventGraph, Process
from e3ne.dialects.dataflow import STATIONARY, WEIGHT_MEMORIES, MatvecOp, Order, integers_of, number
from e3ne.dialects.rtl.builder import width_of
from e3ne.dialects.rtl.structure import ModuleOp
from e3ne.errors import E3neError
from e3ne.units.accumulator import build_accumulator
from e3ne.units.features import Features
from e3ne.units.flow import elastic
from e3ne.units.handshake import CreditPipeline, InputStream, Pipeline, nest, taken_port
from e3ne.units.interface import Choice, Unit, layout_of
from e3ne.units.layout import Layout, Values
from e3ne.units.matvec_adder import adder_drive
from e3ne.units.matvec_event import EventStages, build_event
from e3ne.units.matvec_event_features import event_features
from e3ne.units.matvec_event_model import MatvecEventModel
from e3ne.units.matvec_features import matvec_features, shape_of, shared_plan, stages_of
from e3ne.units.matvec_shared import shared_drive
from e3ne.units.matvec_table import MAXIMAL_FOLD_BITS, OutputTables, output_tables, table_drive
from e3ne.units.model import UnitModel
from e3ne.units.synapse_module import synapse_module
from e3ne.units.synapses import Fold, divisors
from e3ne.units.weighted_sums import weighted_sums


@dataclass(frozen=True)
class MatvecModel:
    """`weights` (outputs, inputs) times the trains of `taken`; `given` is the layout of the values.

    Each step takes one beat; the last beat of a group of outputs gives their values `latency` cycles later. If a beat
    is `held` for several steps, one for each group of outputs, the first of them takes it, and the steps of the last
    beat of a pixel give. `room` is 0, or how many steps that give may be inside where none waits in the pipeline.
    """

    taken: Layout
    given: Layout
    weights: NDArray[np.int64] = field(metadata={"array": True})
    bias: NDArray[np.int64] = field(metadata={"array": True})
    latency: int
    held: int
    room: int

    def events(self, unit: str, taken: str, given: str) -> EventGraph:
        """`held` steps for each beat taken; those of the last beat of a pixel's repetition give."""
        step = np.arange(self.taken.beats * self.held, dtype=np.int64)
        takes = step % self.held == 0
        gives = (step // self.held + 1) % self.taken.pixel_beats == 0
        graph = elastic(unit, taken, given, takes.astype(np.int64), gives.astype(np.int64), self.latency, self.room)
        # Follows from the steps, and says at a glance how fast a beat follows a beat.
        return EventGraph.union([graph, EventGraph((Process(taken, self.taken.beats, self.held),), ())])

    def compute(self, values: Values) -> Values:
        """V = Σ w·a + bias for each output, from the beats that are there for its group."""
        return weighted_sums(self.taken, self.given, self.weights, self.bias, values)


class Matvec(Unit[MatvecOp]):
    """Tables of constants, with or without shared sums, or adders of gated weights; or one spike after another."""

    operation = MatvecOp

    def legal_choices(self, op: MatvecOp) -> Sequence[Choice]:
        """Foldings that divide the matrix, in both orders, with outputs or inputs stationary, all implementations.

        Tables hold few folds, shared sums one; stationary inputs come with all time steps at once; spikes of one vector
        alone are visited, a time step after the other.
        """
        given = op.input_type
        choices: list[Choice] = []
        for outputs in divisors(op.outputs.value.data):
            for inputs in divisors(given.channels):
                for parallel in divisors(given.steps):
                    folding: dict[str, int | str] = {
                        "output_lanes": outputs,
                        "input_lanes": inputs,
                        "parallel_steps": parallel,
                    }
                    chunks = given.channels // inputs
                    fold = Fold(op.outputs.value.data // outputs, chunks, given.steps // parallel)
                    orders = list(Order) if chunks > 1 and given.steps > parallel else [Order.STEPS_INNER]
                    stationary = STATIONARY if fold.groups > 1 and given.steps == parallel else STATIONARY[:1]
                    for order, kept in product(orders, stationary):
                        arranged = {**folding, "order": order.value, "stationary": kept}
                        if fold.address_bits <= MAXIMAL_FOLD_BITS:
                            choices.append({**arranged, "implementation": "table"})
                        if fold.words == 1:
                            choices.append({**arranged, "implementation": "shared"})
                        by_spikes = kept == "output" and parallel == 1 and not op.why_not_event
                        choices.extend(
                            {**arranged, "implementation": implementation, "weight_memory": memory}
                            for implementation in ("adder", *(["event"] if by_spikes else []))
                            for memory in WEIGHT_MEMORIES
                        )
        return choices

    def features(self, op: MatvecOp) -> Features:
        """Tables or gated weights, heaps, accumulators; or the search for spikes instead of heaps."""
        fold = self.fold(op)
        if op.is_event:
            return event_features(op, fold)
        _require_constants(op, fold)
        return matvec_features(op, fold)

    def fold(self, op: MatvecOp) -> Fold:
        """The folding in numbers."""
        given = op.input_type
        return Fold(
            op.groups,
            given.channels // op.input_lanes.value.data,
            given.steps // op.parallel_steps.value.data,
            op.is_input_stationary and op.groups > 1,
        )

    def latency(self, op: MatvecOp) -> int:
        """The depth of the pipeline in cycles, for the decided folding.

        Raises E3neError if constants cannot serve the folding.
        """
        fold = self.fold(op)
        if op.is_event:
            return EventStages.of(op, fold).latency
        _require_constants(op, fold)
        return stages_of(op, fold)

    def _tables(self, op: MatvecOp) -> list[OutputTables]:
        lanes, parallel = op.input_lanes.value.data, op.parallel_steps.value.data
        matrix = integers_of(op, op.weights)
        return [
            output_tables(w, op.lut_size)
            for w in self.fold(op).lane_weights(matrix, op.output_lanes.value.data, lanes, parallel)
        ]

    def model(self, op: MatvecOp) -> UnitModel:
        """The matrix, and both layouts."""
        matrix = integers_of(op, op.weights)
        bias = np.zeros(matrix.shape[0], dtype=np.int64) if op.bias is None else integers_of(op, op.bias)
        latency = op.latency.value.data or self.latency(op)
        taken, given = layout_of(op.input_type), layout_of(op.output_type)
        if op.is_event:
            return MatvecEventModel(taken, given, matrix, bias, latency)
        return MatvecModel(
            taken,
            given,
            matrix,
            bias,
            latency,
            op.groups if op.is_input_stationary else 1,
            latency + 1 if op.has_credit else 0,
        )

    def build(self, op: MatvecOp) -> ModuleOp:
        """Counters for the folds, the drive of each step, and the accumulators."""
        fold, given = self.fold(op), op.input_type
        if op.is_event:
            return build_event(op, fold)
        lanes, parallel = op.input_lanes.value.data, op.parallel_steps.value.data
        m = synapse_module(op, fold, f"{lanes} inputs x {parallel} time steps")
        latency = self.latency(op)
        s = InputStream.of(m, given.beat_bits)
        pipeline = (CreditPipeline if op.has_credit else Pipeline)(m, latency, taken_port(m))
        step = m.wire(1)
        inner = [("chunk", fold.chunks), ("time", fold.step_beats)]
        order = inner if op.reduction is Order.STEPS_INNER else inner[::-1]
        groups = ("group", fold.groups)
        loops = nest(m, [*order, groups] if fold.held else [groups, *order], step.value)
        first = loops["group"].first if fold.held else m.constant(1, 1)
        valid = m.or_(s.valid, m.not_(first))
        step.assign(m.name(m.and_(valid, pipeline.ready), "step"))
        s.accept(m, m.and_(pipeline.ready, first))
        pipeline.enter(valid, m.and_(loops["chunk"].last, loops["time"].last))
        load = m.and_(pipeline.enable[0], first)
        matrix = integers_of(op, op.weights)
        shape = shape_of(op, fold)
        if op.implementation.data == "adder":
            digits = m.reg(s.data, enable=load, name="digits")
            drive = adder_drive(m, pipeline, digits, fold, loops, matrix, op, step.value, shape)
        elif op.implementation.data == "shared":
            drive = shared_drive(m, pipeline, s.data, shared_plan(op, fold), parallel, op.lut_size)
        elif fold.held:
            digits = m.reg(s.data, enable=load, name="digits")
            drive = table_drive(m, pipeline, digits, 1, fold, loops, self._tables(op), shape, op.lut_size)
        else:
            drive = table_drive(m, pipeline, s.data, 0, fold, loops, self._tables(op), shape, op.lut_size)
        values = build_accumulator(m, pipeline, drive, fold, loops, op)
        assert all(width_of(value) == op.value_bits.value.data for value in values)
        return m.build()


def _require_constants(op: MatvecOp, fold: Fold) -> None:
    implementation = op.implementation.data
    few = fold.address_bits <= MAXIMAL_FOLD_BITS
    if implementation == "table" and not few:
        wrong, right = "tables cannot hold", "adder"
    elif implementation == "shared" and fold.words > 1:
        wrong, right = "shared sums cannot serve", "table or adder" if few else "adder"
    else:
        return
    raise E3neError(
        f"unit {op.unit_name}: {wrong} {fold.groups} groups of outputs x {fold.chunks} chunks of inputs; "
        f"the implementation must be {right}"
    )


def decide_latency(op: MatvecOp) -> None:
    """Writes the pipeline's depth into the operation, where it is a decision that everything below obeys."""
    op.properties["latency"] = number(Matvec().latency(op))
