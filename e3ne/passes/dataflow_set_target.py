"""`dataflow-set-target`: says what kind of device matrix-vector units and neurons are built for."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from e3ne.dialects.dataflow import CONTROLS, LUT_SIZES, SEARCHES, FireOp, MatvecOp, number, units_of
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph


@dataclass(frozen=True)
class DataflowSetTargetPass(ModulePass):
    """Writes LUT size and control into every matvec, and the search into all neurons, before latencies are computed."""

    name = "dataflow-set-target"

    lut_inputs: int = 4
    """inputs of a LUT, which tables and heaps of bits are built for: 4 or 6"""
    control: str = "credit"
    """where steps wait: `elastic` (in the pipeline) or `credit` (behind it; faster, for a LUT RAM of its width)"""
    search: str = "ahead"
    """when neurons look up a threshold: `direct` (as they compare) or `ahead` (in the cycle before; faster, larger)"""

    def __post_init__(self) -> None:
        """Raises E3neError for a target that there is not."""
        if self.lut_inputs not in LUT_SIZES:
            raise E3neError(f"{self.name}: lut-inputs is 4 or 6, not {self.lut_inputs}")
        for name, found, legal in (("control", self.control, CONTROLS), ("search", self.search, SEARCHES)):
            if found not in legal:
                raise E3neError(f"{self.name}: {name} is one of {', '.join(legal)}, not {found}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError, naming the unit, where a latency is decided already."""
        for unit in units_of(find_graph(op)):
            if isinstance(unit, FireOp):
                unit.search = StringAttr(self.search)
            if not isinstance(unit, MatvecOp):
                continue
            if unit.latency.value.data:
                raise E3neError(f"unit {unit.unit_name}: its latency is decided already, for another target")
            unit.lut_inputs = number(self.lut_inputs)
            unit.control = StringAttr(self.control)
