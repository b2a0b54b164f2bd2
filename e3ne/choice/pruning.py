"""Candidates that no good combination can contain, by the cheapest and the fastest ways through them.

Numbers of a candidate are (measure, head, tail, full) as in e3ne.choice.bounds. The least measure of a chain through a
candidate, and the earliest cycle of its last beat, follow from the sites in front of it and behind it, each minimised
by itself: what fails by one of them is in no combination that is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from e3ne.choice.candidate import Candidate
from e3ne.dialects.dataflow import StreamType

Legal = Mapping[StreamType | None, Sequence[Candidate]]
"""The candidates of a site by the layout that comes in."""

Through = tuple[float, float, float]
"""Least measure, first beat and last beat of the sites in front; or least measure, tail and full of those behind."""


def pruned(
    sites: Sequence[Legal],
    numbers: Callable[[Candidate], tuple[float, float, float, float]],
    is_possible: Callable[[float, float], bool],
) -> list[Legal]:
    """The candidates for which `is_possible(measure, cycle of the last beat)` holds, until all that are left do."""
    while True:
        front, back = _in_front(sites, numbers), _behind(sites, numbers)
        kept: list[Legal] = []
        for number, legal in enumerate(sites):
            before, after = front[number], back[number + 1]
            kept.append(
                {
                    stream: [
                        c
                        for c in candidates
                        if c.given in after and is_possible(*_least(before[stream], numbers(c), after[c.given]))
                    ]
                    for stream, candidates in legal.items()
                    if stream in before
                }
            )
        if sum(map(_count, kept)) == sum(map(_count, sites)):
            return kept
        sites = kept


def _count(legal: Legal) -> int:
    return sum(map(len, legal.values()))


def _least(before: Through, own: tuple[float, float, float, float], after: Through) -> tuple[float, float]:
    measure, head, tail, full = own
    first, last = before[1] + head, max(before[2] + tail, before[1] + full)
    return before[0] + measure + after[0], max(last + after[1], first + after[2])


def _in_front(
    sites: Sequence[Legal], numbers: Callable[[Candidate], tuple[float, float, float, float]]
) -> list[dict[StreamType | None, Through]]:
    """For each site and layout that comes in, what the sites in front come to at least."""
    found: list[dict[StreamType | None, Through]] = [{None: (0, 0, 0)}]
    for legal in sites:
        reached: dict[StreamType | None, Through] = {}
        for stream, (measure, first, last) in found[-1].items():
            for c in legal.get(stream, ()):
                mine, head, tail, full = numbers(c)
                way = measure + mine, first + head, max(last + tail, first + full)
                reached[c.given] = _least_of(reached.get(c.given, way), way)
        found.append(reached)
    return found


def _behind(
    sites: Sequence[Legal], numbers: Callable[[Candidate], tuple[float, float, float, float]]
) -> list[dict[StreamType | None, Through]]:
    """For each site and layout that comes in, what it and the sites behind it come to at least; then nothing."""
    last = {c.given for candidates in sites[-1].values() for c in candidates}
    found: list[dict[StreamType | None, Through]] = [dict.fromkeys(last, (0, 0, 0))]
    for legal in reversed(sites):
        reached: dict[StreamType | None, Through] = {}
        for stream, candidates in legal.items():
            for c in candidates:
                if c.given not in found[-1]:
                    continue
                measure, tail_behind, full_behind = found[-1][c.given]
                mine, head, tail, full = numbers(c)
                way = mine + measure, tail + tail_behind, max(full + tail_behind, head + full_behind)
                reached[stream] = _least_of(reached.get(stream, way), way)
        found.append(reached)
    return found[::-1]


def _least_of(one: Through, other: Through) -> Through:
    return min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2])
