"""Labels: choices for the first sites of a chain, their cost, and the cycles in which beats leave the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from e3ne.choice.candidate import Candidate
from e3ne.choice.goal import area
from e3ne.dialects.dataflow import StreamType
from e3ne.units.interface import Cost

Cycles = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Label:
    """Choices for the sites so far; `stream` is the layout in which beats leave the last one.

    The first beat of the input is taken in cycle 0.
    """

    stream: StreamType | None
    cost: Cost
    leaves: Cycles
    candidate: Candidate | None = None
    before: Label | None = None

    @staticmethod
    def start() -> Label:
        """The label in front of the first site."""
        return Label(None, Cost(), np.zeros(1, dtype=np.int64))

    @property
    def first(self) -> int:
        """The cycle in which the first beat leaves."""
        return int(self.leaves[0])

    @property
    def last(self) -> int:
        """The cycle in which the last beat leaves."""
        return int(self.leaves[-1])

    @property
    def latency(self) -> int:
        """Cycles from the first beat taken, in cycle 0, to the last one given, both included."""
        return self.last + 1

    def candidates(self) -> list[Candidate]:
        """What was chosen for each site, the first one first."""
        return [label.candidate for label in self.chain() if label.candidate is not None]

    def chain(self) -> list[Label]:
        """The labels of all sites so far, the first one first."""
        found: list[Label] = []
        label: Label | None = self
        while label is not None and label.candidate is not None:
            found.append(label)
            label = label.before
        return found[::-1]


@dataclass(frozen=True, eq=False)
class Group:
    """Labels of one layout, and their numbers in columns."""

    labels: Sequence[Label]

    @cached_property
    def costs(self) -> Numbers:
        """Shape (labels, 5): LUTs, flip-flops, block RAMs, area, energy."""
        return cost_rows([label.cost for label in self.labels])

    @cached_property
    def first(self) -> Cycles:
        """The cycle in which the first beat leaves, for each label."""
        return np.array([label.leaves[0] for label in self.labels])

    @cached_property
    def last(self) -> Cycles:
        """The cycle in which the last beat leaves, for each label."""
        return np.array([label.leaves[-1] for label in self.labels])


def cost_rows(costs: Sequence[Cost]) -> Numbers:
    """Shape (costs, 5): LUTs, flip-flops, block RAMs, area, energy."""
    return np.array([(c.lut, c.ff, c.bram36, area(c), c.energy) for c in costs], dtype=np.float64).reshape(-1, 5)


def grouped(labels: Sequence[Label]) -> dict[StreamType | None, Group]:
    """Labels by their layout."""
    groups: dict[StreamType | None, list[Label]] = {}
    for label in labels:
        groups.setdefault(label.stream, []).append(label)
    return {stream: Group(members) for stream, members in groups.items()}


class Frontier:
    """Labels of one layout, with what decides whether they replace another one: prices, and the cycles of beats."""

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self._prices = np.empty((16, 0))

    def add(self, label: Label, prices: Numbers) -> None:
        """Adds a label; `prices` (numbers,) are all that should be small."""
        count = len(self.labels)
        if not count:
            self._prices = np.empty((16, prices.size))
        elif count == len(self._prices):
            self._prices = np.concatenate([self._prices, np.empty_like(self._prices)])
        self._prices[count] = prices
        self.labels.append(label)

    def no_worse(self, label: Label, prices: Numbers) -> list[Label]:
        """The labels that cost no more, and whose beats leave no later."""
        if not self.labels:
            return []
        cheap = np.flatnonzero((self._prices[: len(self.labels)] <= prices).all(axis=1))
        return [other for place in cheap if bool(((other := self.labels[place]).leaves <= label.leaves).all())]
