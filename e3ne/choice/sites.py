"""The units of a graph as a chain of decisions: at each site, every legal candidate for the layout that comes in.

Candidates are laid out on a working copy of the graph by the very function that lays out the final one, with the width
converters and replays that they need, and measured by the units' own costs and event graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from xdsl.dialects.builtin import StringAttr
from xdsl.utils.exceptions import VerifyException

from e3ne.analysis.energy import energy_of_unit, least_energy
from e3ne.analysis.event_graph import EventGraph
from e3ne.choice.candidate import GIVEN, TAKEN, Candidate
from e3ne.choice.family import Family
from e3ne.choice.floors import WeightUse, least_cycles
from e3ne.choice.goal import Goal
from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    FlattenOp,
    GraphOp,
    LifOp,
    MatvecOp,
    PoolOp,
    SourceOp,
    StreamType,
    SumFramesOp,
    TransformOp,
    UnitOp,
    WindowOp,
    number,
    producer,
    retype,
    units_of,
)
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH, wants_fifo
from e3ne.passes.dataflow_legalize_streams import insert_resize, lay_out
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for
from e3ne.units.synapses import divisors


@dataclass(eq=False)
class Site:
    """A unit of the working copy, and whether a FIFO stands behind it.

    A site is `open` where something is undecided. It may be `for_width`: the width converter in front of a layer over
    one vector, which is a choice of its own. `goal` says for which family units are measured, and whether their energy
    counts.
    """

    op: UnitOp
    buffered: bool
    fixed: Choice
    goal: Goal
    open: bool = True
    for_width: bool = False
    known: dict[StreamType | None, list[Family]] = field(default_factory=lambda: {})

    def families(self, taken: StreamType | None) -> list[Family]:
        """All candidates for a layout that comes in; None for the source, which nothing comes into."""
        found = self.known.get(taken)
        if found is None:
            if taken is not None:
                retype(self.op.operands[0], taken)
            by_flow: dict[tuple[object, ...], list[Choice]] = {}
            for choice in self._choices(taken):
                by_flow.setdefault(_flow(choice), []).append(choice)
            found = self.known[taken] = [
                Family(
                    self,
                    taken,
                    choices,
                    least_cycles(self.op, self.weights, taken, choices[0]),
                )
                for choices in by_flow.values()
            ]
        return found

    def _choices(self, taken: StreamType | None) -> Iterator[Choice]:
        """The legal choices that agree with what is fixed, and with the width in which a layer's inputs come."""
        op, fixed = self.op, dict(self.fixed)
        if taken is None or not self.open:
            yield {}
        elif self.for_width:
            yield from _widths(op, fixed)
        else:
            legal = unit_for(op).legal_choices(op) if not isinstance(op, MatvecOp) else self._matching(op, taken)
            for choice in legal:
                if all(choice.get(name, value) == value for name, value in fixed.items()):
                    yield {**choice, **fixed}

    def _matching(self, op: MatvecOp, taken: StreamType) -> Iterator[Choice]:
        """The choices of a layer for the width in which its inputs come; a window decides the time steps itself."""
        windowed = isinstance(producer(op.input), WindowOp)
        for (lanes, parallel), choices in self._by_width.items():
            if lanes == taken.lanes and (windowed or parallel == taken.parallel):
                yield from choices

    @cached_property
    def _by_width(self) -> Mapping[tuple[int | str, int | str], Sequence[Choice]]:
        """The legal choices of a layer by inputs and time steps; they do not depend on how its inputs come."""
        found: dict[tuple[int | str, int | str], list[Choice]] = {}
        for choice in unit_for(self.op).legal_choices(self.op):
            found.setdefault((choice["input_lanes"], choice["parallel_steps"]), []).append(choice)
        return found

    @cached_property
    def is_stepping(self) -> bool:
        """Whether the unit goes through more positions than it gives, so that a slow consumer holds it up."""
        return isinstance(self.op, WindowOp)

    @cached_property
    def least_energy(self) -> float:
        """Picojoules an image below which no candidate is; a layer's width converter takes none."""
        return 0.0 if self.for_width else least_energy(self.op)

    @cached_property
    def weights(self) -> WeightUse | None:
        """How a layer uses its weights, where they are what is decided."""
        return WeightUse.of(self.op) if isinstance(self.op, MatvecOp) and not self.for_width else None

    def build(self, taken: StreamType | None, choice: Choice) -> Candidate | None:
        """The candidate of a choice, or None if it does not fit the layout that comes in."""
        op = self.op
        if isinstance(op, SourceOp):
            kept = op.output_type
            retype(op.output, kept.replaced(lanes=kept.channels, parallel=kept.steps))
            return Candidate({}, op.output_type, cost_of_unit(op, self.goal), _events([op]))
        assert taken is not None
        retype(op.operands[0], taken)
        source = op.operands[0]
        if isinstance(op, FlattenOp):
            op.settle()
            return Candidate({}, op.output_type, Cost(), None)
        decide(op, choice)
        try:
            return self._resize(choice) if self.for_width else self._lay_out(choice)
        except VerifyException:
            return None
        finally:
            _undo(op, source)

    def _lay_out(self, choice: Choice) -> Candidate:
        op = self.op
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
        costs = [cost_of_unit(unit, self.goal) for unit in units]
        if self.buffered:
            costs.append(self.fifo_cost(given, MINIMAL_DEPTH))
        depth = op.latency.value.data if isinstance(op, MatvecOp) else 0
        return Candidate(dict(choice), given, sum(costs, Cost()), _events(units), (source.type, _flow(choice)), depth)

    def _resize(self, choice: Choice) -> Candidate:
        op = self.op
        assert isinstance(op, MatvecOp)
        lanes, parallel = int(choice["input_lanes"]), int(choice["parallel_steps"])
        given = op.input_type
        if (given.lanes, given.parallel) == (lanes, parallel):
            return Candidate({}, given, Cost(), None)
        insert_resize(op, lanes, parallel)
        resize = producer(op.input)
        return Candidate({}, op.input_type, cost_of_unit(resize, self.goal), _events([resize]))

    def fifo_cost(self, stream: StreamType, depth: int) -> Cost:
        """The cost of a FIFO behind the unit, for the layout that the unit gives."""
        (given,) = self.op.results
        retype(given, stream)
        (given,) = self.op.results
        fifo = FifoOp("fifo", "", given, depth)
        try:
            return cost_of_unit(fifo, self.goal)
        finally:
            fifo.drop_all_references()


def cost_of_unit(unit: UnitOp, goal: Goal) -> Cost:
    """What a unit with a layout takes on the goal's family; its energy too, if that is what is minimised."""
    cost = unit_for(unit).cost(unit, goal.family)
    return replace(cost, energy=energy_of_unit(unit).total_pj) if goal.objective == "energy" else cost


def sites_of(graph: GraphOp, fixed: Mapping[str, Choice], known: dict[str, Site], goal: Goal) -> list[Site]:
    """The chain of sites; `fixed` holds decisions by unit that are not open any more.

    `known` holds sites of other arrangements of the same network, and of goals for the same family: what is the same
    there need not be measured again.
    """
    sites: list[Site] = []
    for unit in units_of(graph):
        decided = fixed.get(unit.unit_name, {})
        if isinstance(unit, MatvecOp) and not isinstance(producer(unit.input), WindowOp):
            sites.append(Site(unit, False, _width(unit) or decided, goal, for_width=True))
        sites.append(Site(unit, wants_fifo(unit), decided, goal, is_open(unit)))
    return [known.setdefault(_likeness(site), site) for site in sites]


def _likeness(site: Site) -> str:
    """What makes two sites the same: all that the unit says of itself, parameters excepted, which do not change."""
    op = site.op
    said = ", ".join(f"{name} {value}" for name, value in sorted(op.properties.items()))
    types = [str(value.type) for value in (*op.operands, *op.results)]
    measured = site.goal.objective == "energy"
    return f"{op.name} {said} {types} {site.buffered} {site.open} {site.for_width} {measured}"


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


def is_open(op: UnitOp) -> bool:
    """Whether a unit has anything to decide: the windows of pools and folded layers have not."""
    if isinstance(op, MatvecOp):
        return not op.is_folded
    if isinstance(op, WindowOp):
        return not any(isinstance(use.operation, PoolOp) for use in op.output.uses) and not op.lanes.value.data
    return isinstance(op, FireOp | LifOp | SumFramesOp)


def _flow(choice: Choice) -> tuple[object, ...]:
    """What decides how beats flow: everything but where things are kept, and of what they are made.

    A layer that visits spikes takes its beats at another pace than tables and adders, which are alike in this.
    """
    place = ("memory", "weight_memory", "threshold_memory", "state_memory", "implementation")
    flow = [(name, value) for name, value in choice.items() if name not in place]
    return (*flow, choice.get("implementation") == "event")
