"""The module that all implementations of synapses begin with."""

from __future__ import annotations

from e3ne.dialects.dataflow import MatvecOp
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.units.synapses import Fold


def synapse_module(op: MatvecOp, fold: Fold, work: str) -> ModuleBuilder:
    """The empty module of a unit, with a comment that says what it works on in a cycle, and its choices."""
    return ModuleBuilder(
        op.unit_name,
        comment=f"Synapses of {op.layer.data}: {op.outputs.value.data} outputs x {op.input_type.channels} inputs, "
        f"{op.output_lanes.value.data} outputs x {work} a cycle.",
        parameters={
            "implementation": op.implementation.data,
            "groups": fold.groups,
            "chunks": fold.chunks,
            "step beats": fold.step_beats,
            "order": op.order.data,
            "stationary": op.stationary.data,
        },
    )
