"""The top module is called like the network, and never like a unit or a port."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import StringAttr

from e3ne.dialects.dataflow import units_of
from e3ne.dialects.snn import find_network
from e3ne.module_text import parse_text
from e3ne.pipeline_runner import new_context, run_passes
from e3ne.semantics.dataflow import find_graph
from tests.hostile.mlir_cases import INTEGERS


@pytest.mark.parametrize(
    ("network", "top"),
    [
        ("net", "net"),
        ("clk", "clk_top"),
        ("input_source", "input_source_top"),
        ("e3ne_testbench", "e3ne_testbench_top"),
        ("module", "module_"),
        ("../../x", "_x"),
        ("x" * 10_000, "x" * 48),
        ("fc_matvec", "fc_matvec"),
        ("fc", "fc"),
    ],
)
def test_no_unit_has_the_name_of_the_top_module(network: str, top: str) -> None:
    module = parse_text(INTEGERS, "x.mlir", new_context())
    find_network(module).sym_name = StringAttr(network)
    run_passes(module, "convert-snn-to-dataflow")
    graph = find_graph(module)
    assert graph.sym_name.data == top
    assert top not in [unit.unit_name for unit in units_of(graph)]
