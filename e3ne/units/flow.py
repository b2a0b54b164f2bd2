"""How beats flow through the common kinds of units, as timed event graphs.

NumPy alone: the cycle-model backend prints this module into the stand-alone model. It is written from the contract
of the units, not from their hardware: the comparison of both is the evidence for either.
"""

from __future__ import annotations

import numpy as np

from e3ne.analysis.event_graph import NEVER, After, Cycles, EventGraph, Process


def positions(mask: Cycles) -> Cycles:
    """The indices at which a mask is set."""
    return np.flatnonzero(mask).astype(np.int64)


def ordinals(mask: Cycles) -> Cycles:
    """For each set element of a mask how many came before it; NEVER where it is not set."""
    return np.where(mask, np.cumsum(mask) - 1, NEVER)


def elastic(unit: str, taken: str, given: str, takes: Cycles, gives: Cycles, latency: int, room: int = 0) -> EventGraph:
    """A pipeline of `latency` elastic stages through which a fixed sequence of steps passes in order.

    Step n takes a beat of `taken` when it enters if `takes[n]`, and gives a beat of `given` when it leaves if
    `gives[n]`. At most one step enters and one leaves in a cycle. A stage moves on as soon as the next one is free or
    moves itself, so a step may enter in the cycle in which the step `latency` before it leaves.

    With `room` for a number of steps, none waits inside: a step enters when fewer than these are there, counting one
    that leaves in the same cycle, and waits at the end.
    """
    steps = takes.size
    whole = np.arange(steps, dtype=np.int64)
    enter = taken if takes.all() else f"{unit}.enter"
    leave = given if gives.all() else f"{unit}.leave"
    giving = positions(gives)
    processes = [
        Process(taken, int(takes.sum())),
        Process(enter, steps),
        Process(leave, steps),
        Process(given, giving.size),
    ]
    edges = [
        After(leave, enter, whole, latency, offers=leave == given),
        After(enter, leave, whole - room, 1) if room else After(enter, leave, whole - latency, 0),
    ]
    if enter != taken:
        edges.append(After(enter, taken, ordinals(takes), 0))
        edges.append(After(taken, enter, positions(takes), 0))
    if leave != given:
        edges.append(After(leave, given, ordinals(gives), 0))
        edges.append(After(given, leave, giving, 0))
        edges.append(After(given, enter, giving, latency, offers=True))
        edges.append(After(given, leave, giving - 1, 1, offers=True))
    unique = {process.name: process for process in processes}
    return EventGraph(tuple(unique.values()), tuple(edges))


def every(steps: int) -> Cycles:
    """A mask that is set at each of `steps` steps."""
    return np.ones(steps, dtype=np.int64)
