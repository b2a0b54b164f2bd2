"""Every design of a small network, one after the other: what the search is compared with.

The search takes no part: all units are given every combination of their legal choices, the graph is laid out
and scheduled by the passes of the pipeline, and its units are asked for their costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.utils.exceptions import VerifyException

from e3ne.analysis.energy import energy_of_unit
from e3ne.analysis.event_graph import EventGraph, interval_and_latency, solve
from e3ne.choice.goal import UNLIMITED, Goal, area
from e3ne.dialects.dataflow import (
    FifoOp,
    FireOp,
    FlattenOp,
    MatvecOp,
    PoolOp,
    TransformOp,
    UnitOp,
    WindowOp,
    number,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.passes.convert_snn_to_dataflow import ConvertSnnToDataflowPass
from e3ne.passes.dataflow_insert_fifos import MINIMAL_DEPTH, DataflowInsertFifosPass, wants_fifo
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import INPUT, OUTPUT
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for

Choices = Mapping[str, Choice]

DEEP = 64
"""Beats of a FIFO that holds all that may wait in a small network."""


@dataclass(frozen=True)
class Design:
    """One combination, laid out, with FIFOs whose depth is still open."""

    module: ModuleOp
    choices: Choices
    pixels: int
    pool_first: bool

    def with_fifos(self, depth: int) -> ModuleOp:
        """With FIFOs that are all as deep."""
        for unit in units_of(find_graph(self.module)):
            if isinstance(unit, FifoOp):
                unit.depth = number(depth)
        return self.module

    @cached_property
    def fastest(self) -> EventGraph:
        """The timing with FIFOs that never fill: no other depths make it faster."""
        return plan(find_graph(self.with_fifos(DEEP))).event_graph()

    @cached_property
    def latency(self) -> int:
        """The least latency."""
        times = solve(self.fastest, 1, {}).times
        return int(times[OUTPUT][0, -1] - times[INPUT][0, 0] + 1)

    @cached_property
    def busy(self) -> int:
        """Cycles of the busiest process: no interval is less."""
        return max(process.events * process.interval for process in self.fastest.processes)

    @cached_property
    def interval(self) -> int:
        """The least interval."""
        return interval_and_latency(self.fastest, INPUT, OUTPUT)[0]

    @cached_property
    def least_cost(self) -> Cost:
        """With the shallowest FIFOs."""
        return cost_of(self.with_fifos(MINIMAL_DEPTH))

    def finished(self, goal: Goal) -> tuple[int, int, Cost]:
        """Interval, latency and cost with the FIFOs that the pass inserts; as shallow as limits allow for a sum."""
        copy = self.module.clone()
        for unit in units_of(find_graph(copy)):
            if isinstance(unit, FifoOp):
                unit.output.replace_by(unit.input)
                unit.detach()
                unit.erase()
        limits = (goal.interval, goal.latency) if goal.objective in ("area", "energy") else (0, 0)
        DataflowInsertFifosPass(interval=limits[0], latency=limits[1]).apply(Context(), copy)
        return *plan(find_graph(copy)).speed(), cost_of(copy)

    def may_be_below(self, goal: Goal, value: float) -> bool:
        """Whether the least that the design can come to keeps the limits and is less than a value."""
        least = {"area": area(self.least_cost), "energy": self.least_cost.energy}.get(goal.objective, 0)
        if not goal.affords(self.least_cost) or least >= value:
            return False
        latency = min(goal.latency, value - 1 if goal.objective == "latency" else goal.latency)
        interval = min(goal.interval, value - 1 if goal.objective == "interval" else goal.interval)
        if latency < UNLIMITED and self.latency > latency:
            return False
        return interval >= UNLIMITED or (self.busy <= interval and self.interval <= interval)

    def value(self, goal: Goal) -> float:
        """The objective of the finished design; infinite if a limit is missed."""
        interval, latency, cost = self.finished(goal)
        if interval > goal.interval or latency > goal.latency or not goal.affords(cost):
            return math.inf
        return {"latency": latency, "interval": interval, "area": area(cost), "energy": cost.energy}[goal.objective]


def cost_of(module: ModuleOp) -> Cost:
    """The sum over all units."""
    units = [unit for unit in units_of(find_graph(module)) if not isinstance(unit, FlattenOp)]
    costs = [_cost(unit) for unit in units]
    lut, ff, bram36 = (sum(getattr(c, name) for c in costs) for name in ("lut", "ff", "bram36"))
    return Cost(lut, ff, bram36, energy=sum(c.energy for c in costs))


_COSTS: dict[str, Cost] = {}


def _cost(unit: UnitOp) -> Cost:
    """The cost of a unit, asked for once for equal units of one network."""
    said = f"{unit.properties} {[str(value.type) for value in (*unit.operands, *unit.results)]}"
    if said not in _COSTS:
        _COSTS[said] = replace(unit_for(unit).cost(unit), energy=energy_of_unit(unit).total_pj)
    return _COSTS[said]


def undecided(network: ModuleOp) -> ModuleOp:
    """The dataflow graph of a network."""
    module = network.clone()
    ConvertSnnToDataflowPass().apply(Context(), module)
    return module


def arranged(module: ModuleOp, pixels: int, pool_first: bool) -> ModuleOp:
    """The graph with its pools and pixels rearranged; raises E3neError where that is not possible."""
    copy = module.clone()
    if pool_first:
        DataflowPoolBeforeFirePass(interval=1).apply(Context(), copy)
    DataflowParallelizePixelsPass(pixels=pixels).apply(Context(), copy)
    return copy


def every_choice(module: ModuleOp, fixed: Choices) -> Iterator[Choices]:
    """All combinations of legal choices that agree with what is fixed; windows give what layers behind them take."""
    open_units = {unit.unit_name: unit for unit in units_of(find_graph(module)) if _is_open(unit)}
    legal = [
        [
            choice
            for choice in unit_for(unit).legal_choices(unit)
            if choice.items() >= _within(choice, fixed.get(name, {})).items()
        ]
        for name, unit in open_units.items()
    ]
    for choices in product(*legal):
        combination = dict(zip(open_units, choices, strict=True))
        if all(_fits(unit, combination) for unit in open_units.values()):
            yield combination


def _within(choice: Choice, fixed: Choice) -> Choice:
    return {name: value for name, value in fixed.items() if name in choice}


def _is_open(unit: UnitOp) -> bool:
    if isinstance(unit, WindowOp):
        (use,) = unit.output.uses
        return not isinstance(use.operation, PoolOp)
    return isinstance(unit, MatvecOp | FireOp)


def _fits(unit: UnitOp, choices: Choices) -> bool:
    if not isinstance(unit, MatvecOp) or not isinstance(window := unit.input.owner, WindowOp):
        return True
    given, taken = choices[window.unit_name], choices[unit.unit_name]
    lanes = cast(int, given["lanes"]) * window.size
    return (lanes, given["parallel_out"]) == (taken["input_lanes"], taken["parallel_steps"])


def laid_out(module: ModuleOp, choices: Choices) -> ModuleOp:
    """A copy with decisions, layouts, and FIFOs."""
    copy = module.clone()
    for unit in units_of(find_graph(copy)):
        for name, value in choices.get(unit.unit_name, {}).items():
            unit.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)
    DataflowLegalizeStreamsPass().apply(Context(), copy)
    for unit in units_of(find_graph(copy)):
        if wants_fifo(unit):
            assert isinstance(unit, TransformOp)
            fifo = FifoOp(f"{unit.unit_name}_fifo", unit.layer.data, unit.output, MINIMAL_DEPTH)
            block = unit.parent_block()
            assert block is not None
            block.insert_op_after(fifo, unit)
            unit.output.replace_uses_with_if(fifo.output, lambda use, new=fifo: use.operation is not new)
    return copy


def every_design(module: ModuleOp, arrangements: Sequence[tuple[int, bool]], fixed: Choices) -> Iterator[Design]:
    """All designs of some arrangements (pixels, pools first) of an undecided graph; what is illegal is left out."""
    for pixels, pool_first in arrangements:
        copy = arranged(module, pixels, pool_first)
        for choices in every_choice(copy, fixed):
            try:
                found = laid_out(copy, choices)
            except (VerifyException, E3neError):
                continue
            yield Design(found, choices, pixels, pool_first)
