"""The target `cycle-model`: the cycle model as a program of its own that needs NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from e3ne.backends.cycle_model.emit import emit
from e3ne.semantics.dataflow import find_laid_out_graph, plan


@dataclass(frozen=True)
class CycleModelTarget(Target):
    """Prints a dataflow graph with decided layouts as a stand-alone cycle model in Python."""

    name = "cycle-model"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Raises E3neError when the module has no dataflow graph."""
        output.write(emit(plan(find_laid_out_graph(module))))
