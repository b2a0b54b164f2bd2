"""How beats flow through the common kinds of units, as timed event graphs.

NumPy alone: the cycle-model backend prints this module into the stand-alone model. It is written from the contract
of the units, not from their hardware: the comparison of both is the evidence for either.
"""

from __future__ import annotations

from collections.abc import Sequence

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

    With `room` for a number of steps that give, none waits inside: a step enters when fewer of these are there,
    counting one that gives in the same cycle, and they wait at the end.
    """
    steps = takes.size
    whole, giving = np.arange(steps, dtype=np.int64), positions(gives)
    enter = taken if takes.all() else f"{unit}.enter"
    if room:
        given_before = np.cumsum(gives) - gives
        processes = [Process(taken, int(takes.sum())), Process(enter, steps), Process(given, giving.size)]
        edges = [
            After(given, enter, giving, latency, offers=True),
            After(enter, given, given_before - room, 1),
        ]
        return _union(processes, edges + _taking(taken, enter, takes))
    leave = given if gives.all() else f"{unit}.leave"
    processes = [
        Process(taken, int(takes.sum())),
        Process(enter, steps),
        Process(leave, steps),
        Process(given, giving.size),
    ]
    edges = [
        After(leave, enter, whole, latency, offers=leave == given),
        After(enter, leave, whole - latency, 0),
    ]
    if leave != given:
        edges.append(After(leave, given, ordinals(gives), 0))
        edges.append(After(given, leave, giving, 0))
        edges.append(After(given, enter, giving, latency, offers=True))
        edges.append(After(given, leave, giving - 1, 1, offers=True))
    return _union(processes, edges + _taking(taken, enter, takes))


def _taking(taken: str, enter: str, takes: Cycles) -> list[After]:
    """The steps that take a beat do so as they enter."""
    if enter == taken:
        return []
    return [After(enter, taken, ordinals(takes), 0), After(taken, enter, positions(takes), 0)]


def _union(processes: Sequence[Process], edges: Sequence[After]) -> EventGraph:
    return EventGraph(tuple({process.name: process for process in processes}.values()), tuple(edges))


def every(steps: int) -> Cycles:
    """A mask that is set at each of `steps` steps."""
    return np.ones(steps, dtype=np.int64)
