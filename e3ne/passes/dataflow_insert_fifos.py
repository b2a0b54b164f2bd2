"""`dataflow-insert-fifos`: buffers between units, as deep as the schedule asks and no deeper.

A FIFO stands behind every unit that gives spike trains to another layer, which also cuts the combinational path of
`ready` there, and in front of neurons that come in bursts from a pool. In front of a pool there is one only behind
neurons that look ahead, behind a running pool only where the schedule asks for it or such neurons follow: `ready` would
pass through three units in one cycle. Where control of a matvec is by credit, two beats stand behind a window and a
replay in front of it for the same path alone: their registers and its own may be far apart. Between such a matvec and a
max pool there is one, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.analysis.backlog import backlog
from e3ne.analysis.event_graph import NEVER, After, EventGraph, Process, ScheduleError, interval_and_latency, solve
from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    FlattenOp,
    GraphOp,
    LifOp,
    MatvecOp,
    MaxPoolOp,
    PoolOp,
    ReplayOp,
    ResizeOp,
    TransformOp,
    UnitOp,
    WindowOp,
    number,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_laid_out_graph, plan
from e3ne.semantics.plan import INPUT, OUTPUT

MINIMAL_DEPTH = 2
"""With two beats a FIFO passes a beat every cycle."""

IMAGES = 24
"""Images whose schedule says how deep FIFOs must be; networks come to their steady state within a few."""

RELEASE = "release"


@dataclass(frozen=True)
class DataflowInsertFifosPass(ModulePass):
    """Inserts FIFOs and sizes each: the least depth with which interval and latency are those of depth `deepest`.

    Where larger ones are enough, they may be as large.
    """

    name = "dataflow-insert-fifos"

    deepest: int = 64
    """beats of a FIFO before it is shrunk, 2 or more"""
    interval: int = 0
    """cycles between images that are enough"""
    latency: int = 0
    """cycles of latency that are enough"""

    def __post_init__(self) -> None:
        """Raises E3neError for a depth with which a FIFO would not pass a beat every cycle."""
        if self.deepest < MINIMAL_DEPTH:
            raise E3neError(f"{self.name}: deepest is {MINIMAL_DEPTH} or more, not {self.deepest}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """FIFOs that are there already keep their depth."""
        graph = find_laid_out_graph(op)
        fifos = insert_deep(graph, self.deepest)
        interval, latency = plan(graph).speed()
        enough = max(interval, self.interval), max(latency, self.latency)
        _fit(graph, fifos, enough)
        for fifo in fifos:
            _shrink(graph, fifo, enough)


def insert_deep(graph: GraphOp, depth: int = 64) -> list[FifoOp]:
    """Inserts every FIFO there is to be; those that may be shallower have `depth` beats, and are returned."""
    fifos = [_insert(unit, depth) for unit in units_of(graph) if wants_fifo(unit)]
    for unit in units_of(graph):
        if isinstance(unit, WindowOp | ReplayOp) and _gives_to_credit(unit):
            _insert(unit, MINIMAL_DEPTH)
    return fifos


def wants_fifo(unit: UnitOp) -> bool:
    """Whether a FIFO belongs behind a unit."""
    if not isinstance(unit, FireOp | LifOp | PoolOp | MaxPoolOp | MatvecOp) or not unit.output.uses:
        return False
    consumer = _consumer(unit)
    if isinstance(unit, MatvecOp):
        # What waits behind the pipeline is chosen late in a cycle, and values are compared early in one.
        return unit.has_credit and isinstance(consumer, MaxPoolOp)
    if isinstance(consumer, FifoOp):
        return False
    return not isinstance(unit, FireOp) or _is_late(unit) or not _pools(consumer)


def _gives_to_credit(unit: WindowOp | ReplayOp) -> bool:
    """Whether a unit gives to a matvec whose control is by credit, or to a replay in front of one."""
    consumer = _consumer(unit)
    if isinstance(consumer, ReplayOp):
        return _gives_to_credit(consumer)
    return isinstance(consumer, MatvecOp) and consumer.has_credit


def _consumer(unit: UnitOp) -> UnitOp:
    """The unit behind, whatever layout it takes: what is wanted does not depend on width converters."""
    (use,) = unit.results[0].uses
    consumer = use.operation
    assert isinstance(consumer, UnitOp)
    return _consumer(consumer) if isinstance(consumer, FlattenOp | ResizeOp) else consumer


def _pools(unit: UnitOp) -> bool:
    """Whether a unit is the window of a max pool: nothing is gained by a buffer in front of it."""
    return isinstance(unit, WindowOp) and isinstance(_consumer(unit), PoolOp | MatvecOp) and unit.lanes.value.data == 0


def _is_late(unit: UnitOp) -> bool:
    """Whether a unit is a neuron whose comparison takes most of a cycle: nothing is to come behind it."""
    return isinstance(unit, FireOp) and unit.looks_ahead


def _insert(unit: UnitOp, depth: int) -> FifoOp:
    assert isinstance(unit, TransformOp)
    fifo = FifoOp(f"{unit.unit_name}_fifo", unit.layer.data, unit.output, depth, "output" if _is_late(unit) else None)
    block = unit.parent_block()
    assert block is not None
    block.insert_op_after(fifo, unit)
    unit.output.replace_uses_with_if(fifo.output, lambda use: use.operation is not fifo)
    return fifo


def _fit(graph: GraphOp, fifos: Sequence[FifoOp], enough: tuple[int, int]) -> None:
    """Gives all FIFOs at once the depth that they need if images come no faster than asked for.

    With room for every beat of some schedule that keeps interval and latency, the hardware, which is never later than
    any schedule that its buffers allow, keeps them too.
    """
    laid_out = plan(graph)
    events, beats = laid_out.event_graph(), laid_out.input_beats
    first = np.where(np.arange(beats) == 0, 0, NEVER)
    release = EventGraph((Process(RELEASE, 1, enough[0]),), (After(INPUT, RELEASE, first, 0),))
    # The slower the beats of an image come, the fewer wait; too slow they come too late.
    spread = max(1, enough[0] // beats)
    while True:
        slow = EventGraph((Process(INPUT, beats, spread),), ())
        times = solve(EventGraph.union([events, release, slow]), IMAGES).times
        if spread == 1 or int(times[OUTPUT][0, -1] - times[INPUT][0, 0]) + 1 <= enough[1]:
            break
        spread //= 2
    for fifo in fifos:
        stage = next(stage for stage in laid_out.stages if stage.name == fifo.unit_name)
        needed = backlog(times[stage.taken].reshape(-1), times[stage.given].reshape(-1))
        fifo.depth = number(max(MINIMAL_DEPTH, needed))


def _shrink(graph: GraphOp, fifo: FifoOp, enough: tuple[int, int]) -> None:
    """Finds the least depth that is enough: a deeper one is too. Mostly there is nothing to gain."""
    low, high = MINIMAL_DEPTH - 1, fifo.depth.value.data
    tried = high - 1
    while high - low > 1:
        fifo.depth = number(tried)
        low, high = (low, tried) if _keeps(graph, enough) else (tried, high)
        tried = (low + high) // 2
    fifo.depth = number(high)
    if high == MINIMAL_DEPTH and isinstance(fifo.input.owner, MaxPoolOp) and not _is_late(_consumer(fifo)):
        _remove_unless_needed(graph, fifo, enough)


def _keeps(graph: GraphOp, enough: tuple[int, int]) -> bool:
    """Whether interval and latency are still as wanted; one image alone often tells."""
    events = plan(graph).event_graph()
    try:
        alone = solve(events, 1).times
        if int(alone[OUTPUT][0, -1] - alone[INPUT][0, 0]) + 1 > enough[1]:
            return False
        # At worst an image begins when the one before it has left everywhere.
        delays = [edge.delay for edge in events.edges] + [process.interval for process in events.processes]
        if max(int(times[0, -1]) for times in alone.values()) + max(delays) <= enough[0]:
            return True
        return interval_and_latency(events, INPUT, OUTPUT)[0] <= enough[0]
    except ScheduleError:
        return False


def _remove_unless_needed(graph: GraphOp, fifo: FifoOp, enough: tuple[int, int]) -> None:
    """A running pool holds a result itself while values go on coming; often no buffer is needed behind it."""
    giver, block = fifo.input.owner, fifo.parent_block()
    assert isinstance(giver, MaxPoolOp)
    assert block is not None
    fifo.output.replace_all_uses_with(giver.output)
    fifo.detach()
    if _keeps(graph, enough):
        fifo.erase()
        return
    block.insert_op_after(fifo, giver)
    giver.output.replace_uses_with_if(fifo.output, lambda use: use.operation is not fifo)
