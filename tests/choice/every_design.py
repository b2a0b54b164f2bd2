"""Every design of a small network, one after the other: what the search is compared with.

Nothing of e3ne.choice takes part: all units are given every combination of their legal choices, the graph is laid out
and scheduled by the passes of the pipeline, and its units are asked for their costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr

from e3ne.dialects.dataflow import FireOp, FlattenOp, MatvecOp, PoolOp, UnitOp, WindowOp, number, units_of
from e3ne.passes.convert_snn_to_dataflow import ConvertSnnToDataflowPass
from e3ne.passes.dataflow_insert_fifos import DataflowInsertFifosPass
from e3ne.passes.dataflow_legalize_streams import DataflowLegalizeStreamsPass
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.units.interface import Choice, Cost
from e3ne.units.registry import unit_for

Choices = Mapping[str, Choice]


@dataclass(frozen=True)
class Design:
    """One combination, laid out; FIFOs are as deep as they need to be for the best speed."""

    module: ModuleOp
    choices: Choices
    pixels: int
    pool_first: bool

    @cached_property
    def speed(self) -> tuple[int, int]:
        """Interval and latency."""
        return plan(find_graph(self.module)).speed()

    @cached_property
    def cost(self) -> Cost:
        """The sum over all units."""
        units = [unit for unit in units_of(find_graph(self.module)) if not isinstance(unit, FlattenOp)]
        costs = [unit_for(unit).cost(unit) for unit in units]
        return Cost(sum(c.lut for c in costs), sum(c.ff for c in costs), sum(c.bram36 for c in costs))


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
    """All combinations of legal choices that agree with what is fixed; windows give what the layers behind them take."""
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
    """A copy with decisions, layouts, and FIFOs as deep as they may be."""
    copy = module.clone()
    for unit in units_of(find_graph(copy)):
        for name, value in choices.get(unit.unit_name, {}).items():
            unit.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)
    DataflowLegalizeStreamsPass().apply(Context(), copy)
    DataflowInsertFifosPass().apply(Context(), copy)
    return copy


def every_design(network: ModuleOp, arrangements: Sequence[tuple[int, bool]], fixed: Choices) -> Iterator[Design]:
    """All designs of some arrangements (pixels, pools first)."""
    module = undecided(network)
    for pixels, pool_first in arrangements:
        copy = arranged(module, pixels, pool_first)
        for choices in every_choice(copy, fixed):
            yield Design(laid_out(copy, choices), choices, pixels, pool_first)
