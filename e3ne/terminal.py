"""How results are printed."""

from __future__ import annotations

from rich.console import Console


def terminal() -> Console:
    """Standard output for results; names that users gave are text there, whatever brackets they hold."""
    return Console(markup=False, emoji=False)
