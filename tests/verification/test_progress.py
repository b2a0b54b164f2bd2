"""A log of a long check says how far it is; a terminal shows bars."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from e3ne.verification.progress import Steps


def test_lines_where_there_is_no_terminal() -> None:
    log = io.StringIO()
    with Steps(Console(file=log, width=60), pause=0) as progress:
        some, others = progress.add_task("proofs [unit]", total=1200), progress.add_task("others", total=None)
        progress.advance(some, 1000)
        progress.advance(others)
        lines = log.getvalue().splitlines()
    assert lines == ["proofs [unit]: 1,000 of 1,200, 0 min", "others: 1, 0 min"]


@pytest.mark.parametrize(("terminal", "pause"), [(True, 0.0), (False, 1000.0)])
def test_nothing_beside_the_bars(terminal: bool, pause: float) -> None:
    log = io.StringIO()
    with Steps(Console(file=log, width=60, force_interactive=terminal), pause=pause) as progress:
        progress.advance(progress.add_task("proofs", total=3))
    assert " min" not in log.getvalue()
