"""Limits that are drawn tighter where the finished design comes to more than the search promised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from e3ne.choice.choose import tightened

LUTS = st.integers(0, 1 << 20).map(lambda eighths: eighths / 8)


@given(LUTS, LUTS, LUTS)
def test_what_came_to_too_much_is_excluded(promised: float, below: float, beyond: float) -> None:
    """However little it was too much, the same choice must not be found again, attempt by attempt."""
    allowed = promised + below
    finished = allowed + beyond
    limit = tightened(allowed, allowed, promised, finished)
    assert limit <= allowed
    assert limit == allowed if beyond == 0 else limit < promised


@given(LUTS, LUTS)
def test_limits_are_never_loosened(limit: float, over: float) -> None:
    assert tightened(limit, limit + 100, limit, limit + 100 + over) <= limit
