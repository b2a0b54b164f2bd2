"""Without a mutant every check of a pass holds."""

from __future__ import annotations

import pytest

from tests.mutants.passes import MUTANTS

CHECKS = {mutant.check.__name__: mutant.check for mutant in MUTANTS.values()}


@pytest.mark.parametrize("name", CHECKS)
def test_check_of_a_pass(name: str) -> None:
    assert CHECKS[name]() == ""
