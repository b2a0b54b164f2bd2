"""The front, precisions, the state's file, the order of tasks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from e3ne.errors import E3neError
from e3ne.exploration.clock import Clock, TimeUpError
from e3ne.exploration.hardware import tasks_for
from e3ne.exploration.mixed import Step, lowered
from e3ne.exploration.point import Network, Point, Precision, pareto
from e3ne.exploration.state import STATE, State, resume

POINT = Point("a", "t4w3", "area, interval 64", 90.0, 100, 50, 1000, 2000, 3.0, 5.0, 7.0, 8.0, 9.0, 10.0, "e3ne")
NETWORK = Network("t4w3", 4, 3, "", False, 90.0, 7.0, {"conv": 12.5})


def test_front_keeps_what_is_best_in_any_measure() -> None:
    better = [
        replace(POINT, name="accurate", accuracy=91.0, latency=200),
        replace(POINT, name="quick", latency=99, lut=2000),
        replace(POINT, name="small", lut=999, interval=60),
        replace(POINT, name="frugal", energy_nj=4.9, lut=3000),
    ]
    worse = [replace(POINT, name="worse", latency=101), replace(POINT, name="equal")]
    front = pareto([POINT, *better, *worse])
    assert {point.name for point in front} == {"a", "accurate", "quick", "small", "frugal"}
    assert [point.latency for point in front] == sorted(point.latency for point in front)


def test_flip_flops_and_blocks_are_no_measures() -> None:
    assert pareto([POINT, replace(POINT, name="b", ff=1, bram36=0.0)]) == [POINT]


def test_names_of_precisions() -> None:
    mixed = Precision(4, 4).with_layer("fc", 2).with_layer("conv", 3)
    assert mixed.name == "t4w4-conv=3-fc=2"
    assert mixed.layers == "conv=3,fc=2"
    assert mixed.with_layer("fc", 3).layers == "conv=3,fc=3"


def test_layers_are_lowered_one_at_a_time() -> None:
    start = Precision(4, 4, (("a", 2),))
    assert [each.layers for each in lowered(start, ["a", "b"], [2, 3, 4])] == ["a=2,b=3"]
    assert [each.layers for each in lowered(Precision(4, 4), ["a", "b"], [2, 4])] == ["a=2", "b=2"]


def test_the_least_loss_for_a_lut_comes_first() -> None:
    precision = Precision(4, 4)
    steps = [Step(precision, 0.2, 100), Step(precision, 0.1, 100), Step(precision, 0.0, 10), Step(precision, -0.1, 20)]
    assert sorted(steps, key=lambda step: step.rank) == [steps[3], steps[2], steps[1], steps[0]]


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    about: dict[str, object] = {"model": "net", "device": "xcvu13p"}
    state = State(tmp_path, about, 99.0, {"t4w3": NETWORK}, [POINT], {"t4w3": ["area, interval 64"]}, ["t4w3"], 1.5)
    state.save()
    assert resume(tmp_path, about) == state
    with pytest.raises(E3neError, match="another device"):
        resume(tmp_path, {**about, "device": "xc7z020"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 2}'])
def test_a_broken_state_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / STATE).write_text(text)
    with pytest.raises(E3neError, match=STATE):
        resume(tmp_path, {"model": "net"})


def test_a_budget_of_latency_is_one_that_was_enough() -> None:
    assert [task.goal.objective for task in tasks_for([], 64, "xcvu13p")] == ["area"] * 16
    tasks = tasks_for([POINT], 64, "xcvu13p")
    (fast,) = [task for task in tasks if task.goal.objective == "latency"]
    assert (fast.goal.lut, fast.trial) == (1000, 75)
    # A design that keeps 50 cycles keeps 128 as well, at its area, blocks included.
    assert next(task for task in tasks if task.goal.interval == 128).trial == 1000 + 1 + 3 * 60


def test_time_is_bounded() -> None:
    clock = Clock(60)
    with pytest.raises(TimeUpError), clock.limit(0.05):
        time.sleep(10)
    with pytest.raises(TimeUpError):
        Clock(0).check()
