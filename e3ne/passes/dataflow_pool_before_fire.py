"""`dataflow-pool-before-fire`: lets a max pool choose among membranes instead of spike trains.

A radix neuron is monotone in its membrane, so both orders give the same trains; but after the pool there are fewer
neurons to fire, one digit a cycle each. Windows side by side need not be gathered then: a `dataflow.max_pool` keeps
the largest value of each while they stream by.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dialects.dataflow import FireOp, MaxPoolOp, PoolOp, TransformOp, WindowOp, as_tuple, is_side_by_side
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph


@dataclass(frozen=True)
class DataflowPoolBeforeFirePass(ModulePass):
    """Moves pools without padding in front of the neurons that would take more than `interval` cycles an image."""

    name = "dataflow-pool-before-fire"

    interval: int = 1024
    """cycles an image that neurons may take; a stage finds a digit a cycle"""

    def __post_init__(self) -> None:
        """Raises E3neError for less than one cycle."""
        if self.interval < 1:
            raise E3neError(f"{self.name}: interval is 1 or more, not {self.interval}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrites fire → window → pool into max_pool → fire, or where windows overlap into window → pool → fire."""
        for pool in [unit for unit in find_graph(op).body.block.ops if isinstance(unit, PoolOp)]:
            window = pool.input.owner
            if not isinstance(window, WindowOp) or any(as_tuple(window.padding)):
                continue
            fire = window.input.owner
            if isinstance(fire, FireOp) and _digits(fire) > self.interval and fire.output.has_one_use():
                _swap(fire, window, pool)


def _digits(fire: FireOp) -> int:
    return fire.input_type.pixels * fire.span


def _swap(fire: FireOp, window: WindowOp, pool: PoolOp) -> None:
    new_pools = _pools(fire, window, pool)
    new_fire = fire.clone()
    new_fire.operands[0] = new_pools[-1].output
    new_fire.settle()
    new_fire.value = pool.value
    block = fire.parent_block()
    assert block is not None
    block.insert_ops_before([*new_pools, new_fire], fire)
    pool.output.replace_all_uses_with(new_fire.output)
    for old in (pool, window, fire):
        old.detach()
        old.erase()


def _pools(fire: FireOp, window: WindowOp, pool: PoolOp) -> list[TransformOp]:
    """What takes the maxima of what the neurons take."""
    name, layer = pool.unit_name, pool.layer.data
    if is_side_by_side(window):
        return [MaxPoolOp(name, layer, fire.input, as_tuple(window.kernel), pool.size.value.data // window.size)]
    new_window = window.clone()
    new_window.operands[0] = fire.input
    new_window.settle()
    return [new_window, PoolOp(name, layer, new_window.output, pool.size.value.data)]
