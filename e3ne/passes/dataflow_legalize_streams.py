"""`dataflow-legalize-streams`: gives every stream its layout, with width converters and replays where they are needed.

Goes from the source to the sink: each unit's folding says which layout it takes, `infer` which one it gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from e3ne.dialects.dataflow import (
    GraphOp,
    MatvecOp,
    Order,
    PoolOp,
    ReplayOp,
    ResizeOp,
    SourceOp,
    SumFramesOp,
    TransformOp,
    WindowOp,
    retype,
    units_of,
)
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph
from e3ne.units.matvec import decide_latency
from e3ne.units.window import DEEPEST_IN_LUTS, Window

BLOCK_MEMORY_BITS = 16384
"""A buffer larger than this goes to block memory: it would take 256 LUTs of 64 bits and more."""


@dataclass(frozen=True)
class DataflowLegalizeStreamsPass(ModulePass):
    """Decides layouts; every matvec must be folded."""

    name = "dataflow-legalize-streams"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError for unfolded layers, naming all of them."""
        graph = find_graph(op)
        open_layers = [u.unit_name for u in units_of(graph) if isinstance(u, MatvecOp) and not u.is_folded]
        if open_layers:
            raise E3neError(f"no folding is decided for {', '.join(open_layers)} (run dataflow-fold first)")
        for unit in units_of(graph):
            match unit:
                case SourceOp():
                    kept = unit.output_type
                    retype(unit.output, kept.replaced(lanes=kept.channels, parallel=kept.steps))
                case TransformOp():
                    lay_out(unit)
                case _:
                    pass


def lay_out(unit: TransformOp) -> None:
    """Decides the layout that a unit takes and gives, for the layout in which its input comes.

    Converters that this needs are inserted in front of the unit. Raises VerifyException where there is no way.
    """
    _adapt(unit)
    unit.settle()
    if isinstance(unit, MatvecOp):
        decide_latency(unit)
    if isinstance(unit, WindowOp):
        _place_rows(unit)


def _adapt(unit: TransformOp) -> None:
    """Inserts what turns the input into the layout that the unit takes."""
    given = unit.input_type
    match unit:
        case WindowOp():
            next_pool = any(isinstance(use.operation, PoolOp) for use in unit.output.uses)
            lanes = unit.lanes.value.data or given.lanes
            one_step = next_pool and unit.parallel_out.value.data != 1
            parallel = unit.parallel_steps.value.data or (1 if one_step else given.parallel)
            insert_resize(unit, lanes, parallel)
        case MatvecOp():
            if given.repeat == 1 and given.order is Order.STEPS_INNER:
                insert_resize(unit, unit.input_lanes.value.data, unit.parallel_steps.value.data)
            if not unit.is_input_stationary:
                _replay(unit)
        case SumFramesOp():
            # It adds up numbers, and a pool or neurons may give them digit by digit.
            insert_resize(unit, given.lanes, given.steps)
        case _:
            pass


def _name(before: TransformOp, kind: str) -> str:
    """A name for a unit in front of `before`: the layer's label and the kind, numbered where that is taken."""
    graph = before.parent_op()
    assert isinstance(graph, GraphOp)
    taken = {unit.unit_name for unit in units_of(graph)}
    name = f"{before.unit_name.rpartition('_')[0] or before.unit_name}_{kind}"
    return next(free for free in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if free not in taken)


def insert_resize(unit: TransformOp, lanes: int, parallel: int) -> None:
    """Converts the input of a unit to a width, if it comes in another one."""
    given = unit.input_type
    if (given.lanes, given.parallel) != (lanes, parallel):
        _insert(unit, ResizeOp(_name(unit, "resize"), unit.layer.data, unit.input, lanes, parallel))


def _replay(unit: MatvecOp) -> None:
    given = unit.input_type
    reorder = unit.reduction is Order.STEPS_OUTER and given.chunks > 1 and given.step_beats > 1
    if given.repeat == unit.groups and (not reorder or given.order is Order.STEPS_OUTER):
        return
    order = Order.STEPS_OUTER if reorder else Order.STEPS_INNER
    bits = 2 * given.beats_per_pixel * given.beat_bits
    memory = "block" if bits > BLOCK_MEMORY_BITS else "distributed"
    _insert(unit, ReplayOp(_name(unit, "replay"), unit.layer.data, unit.input, unit.groups, order, memory))


def _place_rows(unit: WindowOp) -> None:
    """Rows that would take much LUT RAM, or more of it than can be mapped, go to block memory."""
    words = Window().words(unit, unit.input_type)
    too_deep = unit.memory.data == "distributed" and words > DEEPEST_IN_LUTS
    if too_deep or (unit.reach[0] - 1) * words * unit.input_type.beat_bits > BLOCK_MEMORY_BITS:
        unit.memory = StringAttr("block")


def _insert(before: TransformOp, new: Operation) -> None:
    block = before.parent_block()
    assert block is not None
    block.insert_op_before(new, before)
    before.operands[0] = new.results[0]
