"""The `shared` implementation of the matrix-vector unit: constant weights, and sums that several outputs have.

All weights are there at once. Sums and outputs are built alike, of tables as in e3ne.units.matvec_table and a heap of
bits; a sum that an output uses is a number that comes to its heap some levels later, and inverted if it is subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.bit_heap import BitHeap
from e3ne.units.common_sums import Sum
from e3ne.units.drive import Column, Drive
from e3ne.units.handshake import Pipeline
from e3ne.units.matvec_table import output_tables
from e3ne.units.shared_plan import SharedPlan, elements_of


def shared_drive(
    m: ModuleBuilder, pipeline: Pipeline, beat: SSAValue, plan: SharedPlan, parallel: int, lut_inputs: int
) -> Drive:
    """Tables in stage 0, then as many levels as the last output needs."""
    inputs: dict[int, SSAValue] = {}
    found: list[tuple[SSAValue, int]] = []

    def summed(row: Sum, column: Column, levels: int) -> SSAValue:
        heap = BitHeap(column.width, lut_inputs)
        for table in output_tables(elements_of(row.weights, parallel), lut_inputs).tables:
            digits = [inputs.setdefault(e, m.extract(beat, e)) for e in reversed(table.elements)]
            looked_up = m.table(m.concat(*digits), [int(word) for word in table.words.reshape(-1)], table.bits)
            value = m.reg(looked_up, enable=pipeline.enable[0], name="partial")
            for shift in table.shifts:
                heap.add(m, value, shift)
        for part in row.parts:
            value, level = found[part.number]
            heap.add(m, value, part.shift, level=level, inverted=part.negative)
        heap.add_constant(column.remainder)
        return heap.total(m, pipeline, 1, levels)

    for row, (column, levels) in zip(plan.sharing.sums, plan.heaps, strict=True):
        found.append((summed(row, column, levels), levels))
    columns: Sequence[Column] = plan.shape.columns
    sums = [summed(row, column, plan.shape.levels) for row, column in zip(plan.sharing.outputs, columns, strict=True)]
    return Drive(sums, [column.offset for column in columns], plan.shape.levels)
