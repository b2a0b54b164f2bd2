"""Ways to arrange a graph before its units are built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.errors import E3neError
from e3ne.passes.dataflow_parallelize_pixels import DataflowParallelizePixelsPass
from e3ne.passes.dataflow_pool_before_fire import DataflowPoolBeforeFirePass


@dataclass(frozen=True)
class Arrangement:
    """Rewrites of the graph before units are built: pixels at once, and whether pools stand in front of neurons."""

    pixels: int
    pool_first: bool

    def apply(self, module: ModuleOp) -> None:
        """Rewrites a module in place; raises E3neError where the graph does not allow it."""
        if self.pool_first:
            DataflowPoolBeforeFirePass(interval=1).apply(Context(), module)
        DataflowParallelizePixelsPass(pixels=self.pixels).apply(Context(), module)


def arranged(
    module: ModuleOp, arrangements: Sequence[Arrangement]
) -> tuple[list[tuple[Arrangement, ModuleOp]], list[str]]:
    """Copies of a module, arranged, where that is possible; and why it is not elsewhere."""
    found: list[tuple[Arrangement, ModuleOp]] = []
    problems: dict[str, None] = {}
    for arrangement in arrangements:
        copy = module.clone()
        try:
            arrangement.apply(copy)
        except E3neError as error:
            problems[str(error)] = None
            continue
        found.append((arrangement, copy))
    return found, list(problems)
