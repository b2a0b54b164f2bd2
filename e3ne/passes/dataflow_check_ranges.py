"""`dataflow-check-ranges`: proves that no integer of a graph overflows, and refuses the graph where one may."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.analysis.stream_ranges import overflows
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph


@dataclass(frozen=True)
class DataflowCheckRangesPass(ModulePass):
    """Changes nothing. Follows intervals from the source to the sink with the actual weights, thresholds and decays.

    What is compared with the bits that are there: membranes of synapses and of integrate-and-fire neurons, sums over
    frames, the elements of all streams, the results in their containers.
    """

    name = "dataflow-check-ranges"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError that lists everything that may overflow."""
        found = overflows(find_graph(op))
        if found:
            raise E3neError("; ".join(each.message() for each in found))
