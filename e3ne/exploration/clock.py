"""Time: a bound for all of the exploration, and one for each step of it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


class TimeUpError(Exception):
    """A step took longer than it may."""


@dataclass
class Clock:
    """Counts `seconds` from its making."""

    seconds: float
    start: float = field(default_factory=time.monotonic)

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.seconds - self.passed

    def check(self) -> None:
        """Raises TimeUpError when the time is up."""
        if self.left <= 0:
            raise TimeUpError

    @contextmanager
    def limit(self, seconds: float) -> Generator[None]:
        """Raises TimeUpError in the block after some seconds, at the end of all time at the latest.

        Outside the main thread, and where there is no alarm, the block is not interrupted.
        """
        self.check()
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, min(seconds, max(self.left, 0.01)))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise TimeUpError
