"""Without a mutant every check of a pass holds."""

from __future__ import annotations

import pytest

from tests.mutants import checks_designs
from tests.mutants.passes import MUTANTS

# Buffers are tested at length beside their pass.
CHECKS = {m.check.__name__: m.check for m in MUTANTS.values() if m.check is not checks_designs.buffers}


@pytest.mark.parametrize("name", CHECKS)
def test_check_of_a_pass(name: str) -> None:
    assert CHECKS[name]() == ""
