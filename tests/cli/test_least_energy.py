"""`e3ne compile --objective energy`: the report shows the energy that was minimised, and that no choice is below."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from e3ne.analysis.activity import operations_by_layer
from e3ne.analysis.energy import energy_of
from e3ne.dataset import Dataset
from e3ne.design import Design
from e3ne.dialects.dataflow import MatvecOp, units_of
from e3ne.dialects.snn import find_network
from e3ne.semantics.dataflow import find_graph
from e3ne.semantics.snn import run_network
from tests.cli.command import compiled, e3ne, entries


def energies(design: Design) -> dict[str, float]:
    """What the report says of the energy of an image."""
    return cast(dict[str, float], design.report["energy"])


@pytest.fixture(scope="module")
def frugal(float_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Design:
    """The tiny network with the least energy."""
    arguments = ("--data", data, "--objective", "energy", "--budget", "lut=1500,uram=0")
    return compiled(float_model, *arguments, out=tmp_path_factory.mktemp("frugal") / "out")


def test_the_value_is_the_energy_of_the_design(frugal: Design) -> None:
    choice = cast(dict[str, object], frugal.report["choice"])
    found = energies(frugal)
    assert choice["objective"] == "energy"
    assert choice["value"] == found["total_pj"] == round(energy_of(find_graph(frugal.module("buffered"))).total_pj, 3)
    assert cast(float, choice["bound"]) <= found["total_pj"]
    assert sum(cast(float, unit["energy_pj"]) for unit in entries(frugal, "units")) == pytest.approx(
        found["total_pj"], abs=0.01
    )
    assert found["addition_pj"] + found["memory_pj"] == pytest.approx(found["total_pj"], abs=0.002)


def test_other_objectives_take_no_less(frugal: Design, tiny: Design) -> None:
    assert energies(frugal)["total_pj"] < energies(tiny)["total_pj"]
    used = cast(dict[str, dict[str, float]], frugal.report["resources"])["estimated"]
    assert used["lut"] <= 1500
    assert used["uram"] == 0


def test_operations_are_counted_on_the_calibration_images(frugal: Design, dataset: Dataset) -> None:
    integer = frugal.module("integer")
    counted = operations_by_layer(run_network(integer, dataset.images, keep=True), find_network(integer))
    graph = find_graph(frugal.module("buffered"))
    kept = {
        unit.layer.data: unit.synaptic_operations.value.data
        for unit in units_of(graph)
        if isinstance(unit, MatvecOp) and unit.synaptic_operations is not None
    }
    assert kept == counted


def test_the_report_shows_value_and_bound(frugal: Design) -> None:
    value = energies(frugal)["total_pj"]
    text = (frugal.folder / "report.md").read_text()
    assert f"The least energy: {value} pJ an image. No choice is below " in text
    assert "its energy, pJ" in text
    shown = e3ne("report", frugal.folder).output
    assert "least energy" in shown
    assert f"{value:,} pJ an image; no choice is below" in " ".join(shown.split())
