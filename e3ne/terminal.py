"""How results and progress are printed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


def terminal() -> Console:
    """Standard output for results; names that users gave are text there, whatever brackets they hold."""
    return Console(markup=False, emoji=False)


@contextmanager
def progress(console: Console) -> Generator[Callable[[str], None]]:
    """Shows what is being done, on stderr, where it does not mix with results."""
    with console.status("") as status:
        yield lambda text: status.update(escape(text))
