"""What `dataflow-set-target` refuses; what it writes is in tests/filecheck."""

from __future__ import annotations

import pytest
from xdsl.context import Context

from e3ne.dialects.dataflow import FifoOp, ReplayOp, WindowOp, units_of
from e3ne.errors import E3neError
from e3ne.passes.dataflow_set_target import DataflowSetTargetPass
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph
from e3ne.verification.networks import NetworkBuilder


def test_targets_that_there_are_not() -> None:
    with pytest.raises(E3neError, match="lut-inputs is 4 or 6, not 5"):
        DataflowSetTargetPass(lut_inputs=5)
    with pytest.raises(E3neError, match="control is one of elastic, credit, not cash"):
        DataflowSetTargetPass(control="cash")
    with pytest.raises(E3neError, match="search is one of direct, ahead, not blind"):
        DataflowSetTargetPass(search="blind")


def test_latencies_follow_from_the_target() -> None:
    module = NetworkBuilder("net", (1, 4, 4), 2, 1).conv(2, (2, 2)).fire(2).linear(2).build()
    run_passes(module, "convert-snn-to-dataflow,dataflow-fold,dataflow-legalize-streams")
    with pytest.raises(E3neError, match=r"unit \w+: its latency is decided already"):
        DataflowSetTargetPass().apply(Context(), module)


def test_two_beats_stand_in_front_of_a_matvec_whose_control_is_by_credit() -> None:
    module = NetworkBuilder("net", (1, 4, 4), 2, 1).conv(2, (2, 2)).fire(2).linear(2).build()
    passes = "convert-snn-to-dataflow,dataflow-fold,{}dataflow-legalize-streams,dataflow-insert-fifos"
    plain = module.clone()
    run_passes(module, passes.format("dataflow-set-target,"))
    run_passes(plain, passes.format(""))
    fifos, others = (
        [unit for unit in units_of(find_graph(each)) if isinstance(unit, FifoOp)] for each in (module, plain)
    )
    (added,) = [fifo for fifo in fifos if isinstance(fifo.input.owner, WindowOp)]
    assert added.depth.value.data == 2
    assert len(fifos) == len(others) + 1


def test_two_beats_stand_on_both_sides_of_a_replay_in_front_of_such_a_matvec() -> None:
    module = NetworkBuilder("net", (1, 6, 6), 2, 1).conv(4, (2, 2)).fire(2).conv(4, (2, 2)).build()
    passes = "dataflow-fold{interval=600},dataflow-set-target,dataflow-legalize-streams,dataflow-insert-fifos"
    run_passes(module, f"convert-snn-to-dataflow,{passes}")
    replays = [unit for unit in units_of(find_graph(module)) if isinstance(unit, ReplayOp)]
    assert replays
    for replay in replays:
        assert isinstance(replay.input.owner, FifoOp)
        (use,) = replay.output.uses
        assert isinstance(use.operation, FifoOp)
