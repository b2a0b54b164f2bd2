"""Candidates that no good combination can contain, by the cheapest and the fastest ways through them.

The least measure of a chain through a candidate, and the earliest cycle of its last beat, follow from the sites in
front of it and behind it, each minimised by itself: what fails by one of them is in no combination that is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from e3ne.choice.candidate import Candidate
from e3ne.dialects.dataflow import StreamType

Legal = Mapping[StreamType | None, Sequence[Candidate]]
"""The candidates of a site by the layout that comes in."""

Through = tuple[float, float, float]
"""Least measure, first beat and last beat of the sites in front; or least measure, tail and full of those behind."""

Rest = tuple[float, float, float, float]
"""Measure, head, tail and full of one candidate: a row of e3ne.choice.bounds.Rests."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A candidate with its numbers, which are asked for once."""

    candidate: Candidate
    given: StreamType
    numbers: Rest


_Ways = Mapping[StreamType | None, Sequence[_Way]]


def pruned(
    sites: Sequence[Legal],
    numbers: Callable[[Candidate], Rest],
    is_possible: Callable[[float, float], bool],
) -> list[Legal]:
    """The candidates for which `is_possible(measure, cycle of the last beat)` holds, until all that are left do."""
    ways: list[_Ways] = [
        {stream: [_Way(c, c.given, numbers(c)) for c in candidates] for stream, candidates in legal.items()}
        for legal in sites
    ]
    while True:
        front, back = _in_front(ways), _behind(ways)
        kept: list[_Ways] = []
        for number, legal in enumerate(ways):
            before, after = front[number], back[number + 1]
            kept.append(
                {
                    stream: [
                        way
                        for way in candidates
                        if way.given in after and is_possible(*_least(before[stream], way.numbers, after[way.given]))
                    ]
                    for stream, candidates in legal.items()
                    if stream in before
                }
            )
        if sum(map(_count, kept)) == sum(map(_count, ways)):
            return [
                {stream: [way.candidate for way in candidates] for stream, candidates in legal.items()}
                for legal in kept
            ]
        ways = kept


def _count(legal: _Ways) -> int:
    return sum(map(len, legal.values()))


def _least(before: Through, own: Rest, after: Through) -> tuple[float, float]:
    measure, first, last = extended(before, own)
    return measure + after[0], max(last + after[1], first + after[2])


def extended(before: Through, own: Rest) -> Through:
    """Sites in front with one more behind them."""
    measure, head, tail, full = own
    return before[0] + measure, before[1] + head, max(before[2] + tail, before[1] + full)


def leaving(
    before: Mapping[StreamType | None, Through], ways: Iterable[tuple[StreamType | None, StreamType, Rest]]
) -> dict[StreamType | None, Through]:
    """For each layout that leaves a site, what it and the sites in front come to at least.

    `before` has the layouts that come in; `ways` are the candidates: layout in, layout out, numbers.
    """
    found: dict[StreamType | None, Through] = {}
    for taken, given, numbers in ways:
        way = extended(before[taken], numbers)
        found[given] = _least_of(found.get(given, way), way)
    return found


def _in_front(sites: Sequence[_Ways]) -> list[dict[StreamType | None, Through]]:
    """For each site and layout that comes in, what the sites in front come to at least."""
    found: list[dict[StreamType | None, Through]] = [{None: (0, 0, 0)}]
    for legal in sites:
        before = found[-1]
        possible = ((taken, way) for taken, ways in legal.items() if taken in before for way in ways)
        found.append(leaving(before, ((taken, way.given, way.numbers) for taken, way in possible)))
    return found


def _behind(sites: Sequence[_Ways]) -> list[dict[StreamType | None, Through]]:
    """For each site and layout that comes in, what it and the sites behind it come to at least; then nothing."""
    last = {each.given for candidates in sites[-1].values() for each in candidates}
    found: list[dict[StreamType | None, Through]] = [dict.fromkeys(last, (0, 0, 0))]
    for legal in reversed(sites):
        reached: dict[StreamType | None, Through] = {}
        for stream, candidates in legal.items():
            for each in candidates:
                if each.given not in found[-1]:
                    continue
                measure, tail_behind, full_behind = found[-1][each.given]
                mine, head, tail, full = each.numbers
                way = mine + measure, tail + tail_behind, max(full + tail_behind, head + full_behind)
                reached[stream] = _least_of(reached.get(stream, way), way)
        found.append(reached)
    return found[::-1]


def _least_of(one: Through, other: Through) -> Through:
    """The least of each number of two ways."""
    return min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2])
