"""The units of a graph as a chain of decisions: at each site, every legal candidate for the layout that comes in.

Candidates are laid out on a working copy of the graph by the very function that lays out the final one, with the width
converters and replays that they need, and measured by the units' own costs and event graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from xdsl.dialects.builtin import StringAttr
from xdsl.utils.exceptions import VerifyException

from e3ne.analysis.event_graph import EventGraph, interval_and_latency
from e3ne.analysis.response import Response
from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    FlattenOp,
    GraphOp,
    MatvecOp,
    PoolOp,
    SourceOp,
    StreamType,
    TransformOp,
    UnitOp,
    WindowOp,
    number,
    producer,
    retype,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.passes.dataflow_insert_fifos import wants_fifo
from e3ne.passes.dataflow_legalize_streams import insert_resize, lay_out
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for
from e3ne.units.synapses import divisors

TAKEN, GIVEN = "taken", "given"
FAR = 1 << 24
"""Cycles by which the last beat is late when only what follows it counts."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to build a site's unit, with the converters in front of it, for one layout that comes in.

    `depth` is the delay in cycles in which candidates may differ that are alike otherwise.
    """

    choice: Choice
    given: StreamType
    cost: Cost
    graph: EventGraph | None
    depth: int = 0

    @cached_property
    def response(self) -> Response | None:
        """From arrivals to departures; None for a site that is no hardware."""
        return None if self.graph is None else Response(self.graph, TAKEN, GIVEN)

    @cached_property
    def interval(self) -> int:
        """Cycles between images of the unit alone."""
        return 0 if self.graph is None else interval_and_latency(self.graph, TAKEN, GIVEN)[0]

    @cached_property
    def least_interval(self) -> int:
        """A lower bound of `interval` that needs no schedule."""
        return 0 if self.graph is None else max(p.events * p.interval for p in self.graph.processes)

    @cached_property
    def delays(self) -> tuple[int, int, int]:
        """Cycles (head, tail, full) from the first beat to the first, from the last to the last, and first to last.

        No arrivals make them smaller: what comes between the beats can only delay more.
        """
        if self.response is None:
            return 0, 0, 0
        beats = self.response.beats_taken
        arrivals = np.zeros((2, beats), dtype=np.int64)
        arrivals[1, -1] = FAR
        given = self.response.taken_and_given(arrivals)[1]
        return int(given[0, 0]), int(given[1, -1]) - FAR, int(given[0, -1])


@dataclass(eq=False)
class Site:
    """A unit of the working copy, and whether a FIFO stands behind it.

    A site is `open` where something is undecided. It may be `for_width`: the width converter in front of a layer over
    one vector, which is a choice of its own.
    """

    op: UnitOp
    buffered: bool
    fixed: Choice
    open: bool = True
    for_width: bool = False
    known: dict[StreamType | None, list[Candidate]] = field(default_factory=dict[StreamType | None, list[Candidate]])

    def candidates(self, taken: StreamType | None) -> list[Candidate]:
        """Every candidate for a layout that comes in; None for the source, which nothing comes into."""
        found = self.known.get(taken)
        if found is None:
            found = self.known[taken] = list(_undominated(self._candidates(taken)))
        return found

    def _candidates(self, taken: StreamType | None) -> Iterator[tuple[tuple[object, ...], Candidate]]:
        op = self.op
        if isinstance(op, SourceOp):
            kept = op.output_type
            retype(op.output, kept.replaced(lanes=kept.channels, parallel=kept.steps))
            yield (), Candidate({}, op.output_type, unit_for(op).cost(op), _events([op]))
            return
        assert taken is not None
        retype(op.operands[0], taken)
        source = op.operands[0]
        if isinstance(op, FlattenOp):
            op.settle()
            yield (), Candidate({}, op.output_type, Cost(), None)
            return
        for choice in self._choices(taken):
            decide(op, choice)
            try:
                candidate = _resize(op, choice) if self.for_width else _lay_out(op, choice)
            except (VerifyException, E3neError):
                continue
            finally:
                _undo(op, source)
            yield _timing(op, choice), candidate

    def _choices(self, taken: StreamType) -> Iterator[Choice]:
        """The legal choices that agree with what is fixed, and with the width in which a layer's inputs come."""
        op, fixed = self.op, self.fixed
        if self.for_width:
            yield from _widths(op, fixed)
            return
        if not self.open:
            yield {}
            return
        if isinstance(op, MatvecOp):
            fixed = {**fixed, "input_lanes": taken.lanes, "parallel_steps": taken.parallel}
        for choice in unit_for(op).legal_choices(op):
            if all(choice.get(name, value) == value for name, value in fixed.items()):
                yield {**choice, **fixed}


def sites_of(graph: GraphOp, fixed: Mapping[str, Choice]) -> list[Site]:
    """The chain of sites; `fixed` holds decisions by unit that are not open any more."""
    sites: list[Site] = []
    for unit in units_of(graph):
        decided = fixed.get(unit.unit_name, {})
        if isinstance(unit, MatvecOp) and not isinstance(producer(unit.input), WindowOp):
            sites.append(Site(unit, False, _width(unit) or decided, for_width=True))
        sites.append(Site(unit, wants_fifo(unit), decided, _is_open(unit)))
    return sites


def fifo_cost(site: Site, stream: StreamType, depth: int) -> Cost:
    """The cost of a FIFO behind a site, for the layout that the site gives."""
    (given,) = site.op.results
    retype(given, stream)
    fifo = FifoOp("fifo", "", given, depth)
    cost = unit_for(fifo).cost(fifo)
    fifo.erase()
    return cost


def _lay_out(op: UnitOp, choice: Choice) -> Candidate:
    source = op.operands[0]
    if isinstance(op, TransformOp):
        lay_out(op)
    units: list[UnitOp] = [op]
    while units[0].operands[0] is not source:
        owner = units[0].operands[0].owner
        assert isinstance(owner, UnitOp)
        units.insert(0, owner)
    given = op.output_type if isinstance(op, TransformOp) else source.type
    assert isinstance(given, StreamType)
    costs = [unit_for(unit).cost(unit) for unit in units]
    total = Cost(sum(c.lut for c in costs), sum(c.ff for c in costs), sum(c.bram36 for c in costs))
    depth = op.latency.value.data if isinstance(op, MatvecOp) else 0
    return Candidate(dict(choice), given, total, _events(units), depth)


def _resize(op: UnitOp, choice: Choice) -> Candidate:
    assert isinstance(op, MatvecOp)
    lanes, parallel = int(choice["input_lanes"]), int(choice["parallel_steps"])
    source = op.input
    given = op.input_type
    if (given.lanes, given.parallel) == (lanes, parallel):
        return Candidate({}, given, Cost(), None)
    insert_resize(op, lanes, parallel)
    resize = op.input.owner
    assert isinstance(resize, UnitOp) and source is resize.operands[0]
    return Candidate({}, op.input_type, unit_for(resize).cost(resize), _events([resize]))


def _width(op: MatvecOp) -> Choice:
    """The width that a folded layer asks for."""
    if not op.is_folded:
        return {}
    return {"input_lanes": op.input_lanes.value.data, "parallel_steps": op.parallel_steps.value.data}


def _widths(op: UnitOp, fixed: Choice) -> Iterator[Choice]:
    """The widths in which a layer may take its inputs."""
    assert isinstance(op, MatvecOp)
    given = op.input_type
    for lanes in divisors(given.channels):
        for parallel in divisors(given.steps):
            choice = {"input_lanes": lanes, "parallel_steps": parallel}
            if all(fixed.get(name, value) == value for name, value in choice.items()):
                yield choice


def _undo(op: UnitOp, source: object) -> None:
    while (value := op.operands[0]) is not source:
        inserted = value.owner
        assert isinstance(inserted, UnitOp)
        op.operands[0] = inserted.operands[0]
        inserted.detach()
        inserted.erase()


def _events(units: Sequence[UnitOp]) -> EventGraph:
    names = [TAKEN, *(unit.unit_name for unit in units[:-1]), GIVEN]
    return EventGraph.union(
        [
            unit_for(unit).schedule(unit, taken, given)
            for unit, taken, given in zip(units, names, names[1:], strict=False)
        ]
    )


def decide(op: UnitOp, choice: Choice) -> None:
    """Writes a choice into an operation."""
    for name, value in choice.items():
        op.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)


def _is_open(op: UnitOp) -> bool:
    """Whether a unit has anything to decide: the windows of pools and folded layers have not."""
    if isinstance(op, MatvecOp):
        return not op.is_folded
    if isinstance(op, WindowOp):
        return not any(isinstance(use.operation, PoolOp) for use in op.output.uses) and not op.lanes.value.data
    return isinstance(op, FireOp)


def _timing(op: UnitOp, choice: Choice) -> tuple[object, ...]:
    """What decides how beats flow; candidates that agree in it differ in a constant delay and in cost only."""
    place = ("memory", "weight_memory", "threshold_memory", "implementation")
    return tuple((name, value) for name, value in choice.items() if name not in place)


def _undominated(found: Iterator[tuple[tuple[object, ...], Candidate]]) -> Iterator[Candidate]:
    """Candidates for which no other one flows alike, no later, and costs no more in any resource."""
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for timing, candidate in found:
        alike.setdefault(timing, []).append(candidate)
    for group in alike.values():
        kept: list[Candidate] = []
        for candidate in sorted(group, key=_measures):
            mine = _measures(candidate)
            if not any(all(a <= b for a, b in zip(_measures(other), mine, strict=True)) for other in kept):
                kept.append(candidate)
        yield from kept


def _measures(candidate: Candidate) -> tuple[float, ...]:
    cost = candidate.cost
    return (cost.lut, cost.ff, cost.bram36, candidate.depth)
