"""Makes a network that fails smaller as long as it fails in the same way, then its images and pauses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from e3ne.verification.batch import Run
from e3ne.verification.levels import Checked, Failure, check_all, check_values, simulate_all
from e3ne.verification.lowering import Lowered, choices_of
from e3ne.verification.smaller import size_of, smaller
from e3ne.verification.specification import Specification

TOGETHER = 6
"""Smaller networks that share a simulator."""


@dataclass(frozen=True, eq=False)
class Finding:
    """A failure, the smallest network that was found for it, and the only run that it takes, if it takes one.

    `alone` says whether it fails without the other networks of its batch.
    """

    name: str
    specification: Specification
    failure: Failure
    design: Lowered | None
    run: Run | None
    alone: bool = True


def shrunk(name: str, specification: Specification, checked: Checked, seconds: float) -> Finding:
    """The smallest network found within some seconds that fails as `checked` did."""
    assert checked.failure is not None
    shrinker = _Shrinker(name, checked.failure.kind, checked.simulated, time.monotonic() + seconds)
    alone = shrinker.failing([specification])
    if alone is None:
        run = None if checked.failure.run is None else checked.runs[checked.failure.run]
        return Finding(name, specification, checked.failure, checked.design, run, alone=False)
    specification, checked = shrinker.smallest(*alone)
    return shrinker.finding(specification, checked)


@dataclass
class _Shrinker:
    name: str
    kind: str
    simulated: bool
    deadline: float

    def failing(self, candidates: list[Specification]) -> tuple[Specification, Checked] | None:
        """The smallest of some networks that fails in the same way."""
        named = {f"{self.name}_{number}": each for number, each in enumerate(candidates)}
        printed = list(named) if self.kind == "printed cycle model" else []
        found = check_all(named, printed=printed, simulate=self.simulated)
        same = [name for name, each in found.items() if each.failure is not None and each.failure.kind == self.kind]
        best = min(same, key=lambda name: size_of(named[name]), default=None)
        return None if best is None else (named[best], found[best])

    def smallest(self, specification: Specification, checked: Checked) -> tuple[Specification, Checked]:
        """No step from the result fails in the same way, unless the time was up."""
        found: tuple[Specification, Checked] | None = specification, checked
        while found is not None:
            specification, checked = found
            found = next((each for each in self._rounds(specification, checked) if each is not None), None)
        return specification, checked

    def _rounds(self, specification: Specification, checked: Checked) -> Iterator[tuple[Specification, Checked] | None]:
        made = None if checked.design is None else choices_of(checked.design, specification.decisions)
        legal = (each for each in smaller(specification, made or {}) if self.is_legal(each))
        while time.monotonic() < self.deadline and (candidates := list(islice(legal, TOGETHER))):
            yield self.failing(candidates)

    def is_legal(self, specification: Specification) -> bool:
        """Whether there is such a network at all; what fails to be built may be what is looked for."""
        if self.kind.startswith("building"):
            return True
        try:
            specification.network(self.name)
        except Exception:  # no network, no candidate
            return False
        return True

    def finding(self, specification: Specification, checked: Checked) -> Finding:
        """With the shortest run."""
        failure, design = checked.failure, checked.design
        assert failure is not None
        if design is None or failure.run is None:
            return Finding(self.name, specification, failure, design, None)
        run, fails = checked.runs[failure.run], self._test(design)
        for candidate in _shorter(run, design):
            if time.monotonic() < self.deadline and (found := fails(candidate)):
                return Finding(self.name, specification, found, design, candidate)
        return Finding(self.name, specification, replace(failure, run=0), design, run)

    def _test(self, design: Lowered) -> Callable[[Run], Failure | None]:
        def fails(run: Run) -> Failure | None:
            if self.simulated:
                found = simulate_all({design.name: (design, [run])})[design.name]
            else:
                found = check_values(design, [run], printed=self.kind == "printed cycle model")
            return found if found is not None and found.kind == self.kind else None

        return fails


def _shorter(run: Run, design: Lowered) -> Iterator[Run]:
    """The shortest first: one image of zeros, one image, several; without pauses, with gaps or stalls, with both."""
    taken, given, count = design.plan.input_beats, design.plan.output_beats, len(run.codes)
    spans = [(start, start + length) for length in range(1, count + 1) for start in range(count - length + 1)]
    for start, end in spans:
        codes = run.codes[start:end]
        gaps, stalls = run.gaps[start * taken : end * taken], run.stalls[start * given : end * given]
        no_gaps, no_stalls = np.zeros_like(gaps), np.zeros_like(stalls)
        if end - start == 1:
            yield Run(np.zeros_like(codes), no_gaps, no_stalls)
        yield Run(codes, no_gaps, no_stalls)
        if stalls.any():
            yield Run(codes, no_gaps, stalls)
        if gaps.any():
            yield Run(codes, gaps, no_stalls)
            yield Run(codes, gaps, stalls)
