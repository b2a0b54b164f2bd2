"""`dataflow-fold`: decides how many outputs, inputs and time steps each matrix-vector unit processes in a cycle.

A first, simple rule: the fewest lanes with which a layer keeps within the wanted number of cycles an image. What is
decided already (by hand) stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from e3ne.dialects.dataflow import (
    FireOp,
    MatvecOp,
    MaxPoolOp,
    Order,
    PoolOp,
    SourceOp,
    TransformOp,
    WindowOp,
    number,
    producer,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph
from e3ne.units.matvec import Matvec
from e3ne.units.matvec_table import MAXIMAL_FOLD_BITS
from e3ne.units.synapses import divisors
from e3ne.units.window import Window

NEURON_LUTS = 50
"""LUTs of the neuron behind an output lane: 16 to 19 with constant thresholds (Yosys 0.70, xcup), more when folded."""


@dataclass(frozen=True)
class Folding:
    """Lanes of one matrix-vector unit, and the cycles an image that it and its window need then."""

    outputs: int
    inputs: int
    parallel: int
    cycles: int
    lut: float
    stationary: str = "output"

    @property
    def lanes(self) -> int:
        """Weights used in a cycle."""
        return self.outputs * self.inputs * self.parallel


@dataclass(frozen=True)
class DataflowFoldPass(ModulePass):
    """Folds every undecided matvec.

    A layer over one vector has a limit of its own: where its inputs are all needed before its work begins, that adds to
    the latency. It keeps its inputs (`stationary` "input") where they come one by one.
    """

    name = "dataflow-fold"

    interval: int = 1024
    """cycles an image that a layer over pixels may take"""
    dense_interval: int = 0
    """cycles an image that a layer over one vector may take; 0: half of `interval`"""

    def __post_init__(self) -> None:
        """Raises E3neError for numbers of cycles that are none."""
        if self.interval < 1 or self.dense_interval < 0:
            given = f"{self.interval} and {self.dense_interval}"
            raise E3neError(f"{self.name}: interval is 1 or more and dense-interval 0 or more, not {given}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Goes through the layers in order, since a layer's lanes are those that the one before it gives."""
        dense = self.dense_interval or max(1, self.interval // 2)
        for unit in units_of(find_graph(op)):
            if isinstance(unit, MatvecOp) and not unit.is_folded:
                limit = dense if unit.input_type.pixels == 1 else self.interval
                _decide(unit, choose(list(foldings(unit)), limit))


def choose(candidates: list[Folding], limit: int) -> Folding:
    """The fewest LUTs within the limit, then the fewest cycles; the fastest of all when none is within."""
    within = [folding for folding in candidates if folding.cycles <= limit]
    if within:
        return min(within, key=lambda f: (f.lut, f.cycles, f.lanes))
    return min(candidates, key=lambda f: (f.cycles, f.lut, f.lanes))


def foldings(op: MatvecOp) -> Iterator[Folding]:
    """Every folding of a matvec that its input can supply, with its cycles and an estimate of its LUTs.

    The LUTs of what the folding brings with it count too: neurons, a width converter, a replay buffer. Inputs are
    stationary where they come one by one: most of the work is done then when the last one is there.
    """
    given, window = op.input_type, _window(op)
    outputs, natural = op.outputs.value.data, _natural_lanes(op)
    size = 1 if window is None else window.size
    digits, gradual, whole = _digits(op), _comes_gradually(op), _lanes_of_a_pool(op)
    for lanes in divisors(given.channels // size):
        if max(lanes, natural) % min(lanes, natural):
            continue
        for parallel in divisors(given.steps):
            stepping = 0 if window is None else _window_cycles(window, lanes, parallel)
            chunks = given.channels // (lanes * size) * (given.steps // parallel)
            for output_lanes in (n for n in divisors(outputs) if n % whole == 0):
                groups = outputs // output_lanes
                cycles = given.pixels * groups * chunks
                stationary = "input" if gradual and parallel == given.steps else "output"
                _set(op, output_lanes, lanes * size, parallel, stationary)
                lut = Matvec().cost(op).lut + NEURON_LUTS * output_lanes
                if lanes != natural:
                    lut += max(lanes, natural) * given.steps
                if groups > 1 and stationary == "output":
                    lut += 60 + lanes * size * parallel
                # A window waits in place while a pixel is replayed for further groups of outputs.
                waiting = stepping + (cycles - cycles // groups if stepping else 0)
                cycles = max(cycles, waiting, groups * digits)
                if stationary == "input" or not gradual:
                    yield Folding(output_lanes, lanes * size, parallel, cycles, lut, stationary)


def _lanes_of_a_pool(op: MatvecOp) -> int:
    """Output lanes that hold the pixels of one pool window, where these are side by side among the channels."""
    consumers = [use.operation for use in op.output.uses]
    while consumers and isinstance(consumers[0], FireOp):
        consumers = [use.operation for use in consumers[0].output.uses]
    if consumers and isinstance(consumers[0], MaxPoolOp):
        return consumers[0].pixels.value.data
    windows = [consumer for consumer in consumers if isinstance(consumer, WindowOp)]
    pools = [use.operation for window in windows for use in window.output.uses if isinstance(use.operation, PoolOp)]
    return max((pool.size.value.data // window.size for window, pool in zip(windows, pools, strict=False)), default=1)


def _comes_gradually(op: MatvecOp) -> bool:
    """Whether the inputs of a layer over one vector come one by one, so that stationary inputs hide its work.

    They do unless they are the totals of a layer with stationary inputs, which all come at the end.
    """
    unit = producer(op.input)
    while isinstance(unit, TransformOp) and not isinstance(unit, MatvecOp):
        unit = producer(unit.input)
    return op.input_type.pixels == 1 and not (isinstance(unit, MatvecOp) and unit.is_input_stationary)


def _set(op: MatvecOp, outputs: int, inputs: int, parallel: int, stationary: str) -> None:
    op.stationary = StringAttr(stationary)
    op.output_lanes, op.input_lanes, op.parallel_steps = number(outputs), number(inputs), number(parallel)
    op.order = StringAttr((Order.STEPS_OUTER if op.groups > 1 else Order.STEPS_INNER).value)
    op.implementation = StringAttr(_cheaper(op))


def _decide(op: MatvecOp, folding: Folding) -> None:
    _set(op, folding.outputs, folding.inputs, folding.parallel, folding.stationary)
    window = _window(op)
    if window is not None:
        window.lanes = number(folding.inputs // window.size)
        window.parallel_steps = number(folding.parallel)


def _cheaper(op: MatvecOp) -> str:
    """The implementation with fewer LUTs by its cost formula."""
    unit = Matvec()
    if unit.fold(op).address_bits > MAXIMAL_FOLD_BITS:
        return "adder"
    costs: dict[str, float] = {}
    for implementation in ("table", "adder"):
        op.implementation = StringAttr(implementation)
        costs[implementation] = unit.cost(op).lut
    return min(costs, key=lambda name: costs[name])


def _window(op: MatvecOp) -> WindowOp | None:
    unit = producer(op.input)
    return unit if isinstance(unit, WindowOp) else None


def _window_cycles(window: WindowOp, lanes: int, parallel: int) -> int:
    """Steps of a window with a beat of `lanes` channels and `parallel` time steps."""
    given = window.input_type.replaced(lanes=lanes, parallel=parallel)
    rows, columns = Window().over(window, given).swept
    return rows * columns * given.beats_per_pixel


def _digits(op: MatvecOp) -> int:
    """Digits an image that each stage of the neurons behind a matvec finds, one a cycle."""
    consumers = [use.operation for use in op.output.uses]
    while consumers and isinstance(consumers[0], WindowOp | PoolOp | MaxPoolOp):
        consumers = [use.operation for use in consumers[0].output.uses]
    fires = [consumer for consumer in consumers if isinstance(consumer, FireOp)]
    return max((fire.input_type.pixels * fire.span for fire in fires), default=0)


def _natural_lanes(op: MatvecOp) -> int:
    """The lanes in which the input comes before any resizing: those of the last matvec, or the source's."""
    unit = producer(op.input)
    while isinstance(unit, TransformOp) and not isinstance(unit, MatvecOp):
        unit = producer(unit.input)
    if isinstance(unit, MatvecOp):
        return unit.output_lanes.value.data
    assert isinstance(unit, SourceOp)
    return unit.output_type.channels
