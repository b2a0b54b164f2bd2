"""FIFOs are as deep as the schedule asks: with one beat less interval or latency are missed, or nothing moves."""

from __future__ import annotations

import random

import pytest
from xdsl.context import Context

from e3ne.analysis.event_graph import ScheduleError
from e3ne.dialects.dataflow import FifoOp, GraphOp, number, units_of
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH, DataflowInsertFifosPass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.verification.decisions import Decisions, Folding
from e3ne.verification.lowering import lower
from e3ne.verification.networks import NetworkBuilder


def laid_out(seed: int) -> GraphOp:
    """A convolution, pooled before its neurons, and layers of random foldings behind it, without the FIFOs."""
    rng = random.Random(seed)
    shape = (1, rng.choice((4, 6)), rng.choice((12, 16, 20)))
    network = NetworkBuilder("deep", shape, 4, seed=seed).conv(4, (1, 1), weight_bits=3).max_pool((2, 2)).fire()
    network = network.conv(6, (2, 2), weight_bits=3).fire() if rng.random() < 0.7 else network
    network = network.linear(6, weight_bits=3).fire().linear(4, weight_bits=3)
    foldings = {0: Folding(parallel=4), 1: Folding(rng.choice((1, 2, 3, 6)))}
    decisions = Decisions(foldings=foldings, interval=rng.choice((100, 300)), pools_first=True)
    graph = find_graph(lower(network.build(), decisions).graph)
    for fifo in fifos(graph):
        fifo.output.replace_all_uses_with(fifo.input)
        fifo.detach()
        fifo.erase()
    return graph


def fifos(graph: GraphOp) -> list[FifoOp]:
    return [unit for unit in units_of(graph) if isinstance(unit, FifoOp)]


def speed(graph: GraphOp) -> tuple[int, int] | None:
    try:
        return plan(graph).speed()
    except ScheduleError:
        return None


@pytest.mark.parametrize("share", [0.0, 0.1], ids=["as_fast_as_possible", "slower"])
def test_one_beat_less_is_too_few(share: float) -> None:
    deep = 0
    for seed in range(12):
        graph = laid_out(seed)
        module = graph.parent_op()
        assert module is not None
        best = module.clone()
        DataflowInsertFifosPass().apply(Context(), best)
        interval, latency = plan(find_graph(best)).speed()
        limits = round(interval * (1 + share)), round(latency * (1 + share))
        DataflowInsertFifosPass(interval=limits[0], latency=limits[1]).apply(Context(), module)
        kept = speed(graph)
        assert kept is not None
        assert kept[0] <= limits[0]
        assert kept[1] <= limits[1]
        for fifo in fifos(graph):
            depth = fifo.depth.value.data
            if depth > MINIMAL_DEPTH:
                deep += 1
                fifo.depth = number(depth - 1)
                missed = speed(graph)
                assert missed is None or missed[0] > limits[0] or missed[1] > limits[1], fifo.unit_name
                fifo.depth = number(depth)
    assert deep >= (8 if share == 0 else 2)
