"""The argmax: the index of the first of the largest values, for all values.

A pixel passes through the pipeline with all stages moving, whatever was in it before.
"""

from __future__ import annotations

from collections.abc import Sequence

from e3ne.dialects.dataflow import ArgmaxOp
from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.graph import FALSE, TRUE, Graph, Literal
from e3ne.verification.formal.induction import Outcome
from e3ne.verification.formal.solver import Solver
from e3ne.verification.formal.unroll import Unrolled


def prove_argmax(circuit: Circuit, op: ArgmaxOp) -> list[Outcome]:
    """One outcome for each index: wherever it is the first of the largest, it is what is given, and in time."""
    given, bits = op.input_type, op.input_type.element_bits
    levels = max(1, (given.lanes - 1).bit_length()) + (given.chunks > 1)
    unrolled = _one_pixel(circuit, given.chunks, levels)
    values = [
        unrolled.at(chunk, circuit.inputs["s_data"][lane * bits : (lane + 1) * bits])
        for chunk in range(given.chunks)
        for lane in range(given.lanes)
    ]
    last = given.chunks - 1 + levels
    found = unrolled.at(last, circuit.signals["m_data"])
    (valid,) = unrolled.at(last, circuit.signals["m_valid"])
    graph = unrolled.graph
    solver = Solver(graph)
    outcomes: list[Outcome] = []
    for index in range(given.channels):
        largest = [
            less(graph, other, values[index]) if place < index else less(graph, values[index], other) ^ 1
            for place, other in enumerate(values)
            if place != index
        ]
        right = graph.all_of([valid, *(bit ^ (index >> place & 1 ^ 1) for place, bit in enumerate(found))])
        result = solver.find([right ^ 1, *largest])
        name = "proved" if result is None else "skipped" if result is False else "failed"
        method = "counterexample" if name == "failed" else f"SAT, {last + 1} cycles of a pixel"
        outcomes.append(Outcome(f"ok_index_{index}", name, method))
    solver.close()
    return outcomes


def less(graph: Graph, left: Sequence[Literal], right: Sequence[Literal]) -> Literal:
    """Whether one signed number is less than another, bit by bit from the lowest one."""
    result = FALSE
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if place == len(left) - 1:
            a, b = b, a
        result = graph.or_(graph.and_(a ^ 1, b), graph.and_(graph.xor(a, b) ^ 1, result))
    return result


def _one_pixel(circuit: Circuit, chunks: int, levels: int) -> Unrolled:
    """The cycles from the first beat of a pixel until its index is there; all else is free."""
    start = dict.fromkeys(circuit.signals.get("chunk", ()), FALSE)
    unrolled = Unrolled(circuit, start)
    given = {circuit.inputs[name][0]: TRUE for name in ("s_valid", "m_ready")} | {circuit.inputs["rst"][0]: FALSE}
    for _ in range(chunks + levels):
        unrolled.step(given)
    return unrolled
