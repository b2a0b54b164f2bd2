"""Progress of a check that runs for long: a bar on a terminal, elsewhere, as in a log, a line each minute."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

PAUSE = 60.0
"""Seconds between lines where there is no terminal."""


class Steps(Progress):
    """Tasks of so many steps each, on stderr."""

    def __init__(self, console: Console | None = None, pause: float = PAUSE) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        super().__init__(*columns, console=Console(stderr=True) if console is None else console)
        self._pause = pause
        self._begun = self._said = time.monotonic()

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Steps of a task are done."""
        super().advance(task_id, advance)
        now = time.monotonic()
        if not self.console.is_interactive and now - self._said >= self._pause:
            self._said = now
            (task,) = (each for each in self.tasks if each.id == task_id)
            total = "" if task.total is None else f" of {task.total:,.0f}"
            minutes = (now - self._begun) / 60
            line = f"{task.description}: {task.completed:,.0f}{total}, {minutes:.0f} min"
            self.console.print(escape(line), highlight=False, soft_wrap=True)
