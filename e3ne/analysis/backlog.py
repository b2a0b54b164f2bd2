"""How many beats wait in a buffer, from the cycles in which they come and leave."""

from __future__ import annotations

import numpy as np

from e3ne.analysis.event_graph import Cycles


def backlog(written: Cycles, read: Cycles) -> int:
    """Beats for which a buffer needs room, so that each is written in its cycle: cycles of all beats in order.

    A place is free in the cycle after its beat was read.
    """
    free = np.searchsorted(read, written, side="left")
    return int((np.arange(1, written.size + 1) - free).max(initial=0))
