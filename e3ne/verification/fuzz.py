"""Many random networks through all levels, in batches that share a simulator, on several processes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from e3ne.verification.levels import Checked, Failure, check_all
from e3ne.verification.random_networks import random_specification
from e3ne.verification.reproducer import write
from e3ne.verification.shrink import shrunk
from e3ne.verification.specification import Specification

PRINTED_EACH = 4
"""One network in so many is run by the printed cycle model, too."""


@dataclass(frozen=True)
class Fuzz:
    """What is drawn and where failures go; `minutes` of looking for a smaller network are spent on each."""

    seed: int
    count: int
    batch: int
    folder: Path
    minutes: float = 4

    def batches(self) -> list[range]:
        """The numbers of the networks that are simulated together."""
        return [range(start, min(start + self.batch, self.count)) for start in range(0, self.count, self.batch)]

    def run(self, numbers: range) -> list[Result]:
        """One batch; writes a folder for each network that fails."""
        specifications = {f"s{self.seed}n{number}": self.specification(number) for number in numbers}
        printed = [f"s{self.seed}n{number}" for number in numbers if number % PRINTED_EACH == 0]
        found = check_all(specifications, printed=printed)
        return [self._result(name, each, found[name]) for name, each in specifications.items()]

    def specification(self, number: int) -> Specification:
        """The network of a number; depends on nothing but that and the seed."""
        return random_specification(random.Random(f"{self.seed}:{number}"))

    def _result(self, name: str, specification: Specification, checked: Checked) -> Result:
        folder: Path | None = None
        if checked.failure is not None:
            folder = self.folder / name
            write(folder, shrunk(name, specification, checked, 60 * self.minutes))
        return Result(
            name,
            tuple(sorted(set(specification.features()))),
            checked.refused,
            checked.failure,
            folder,
            checked.design is not None,
            checked.printed,
            checked.simulated,
        )


@dataclass(frozen=True)
class Result:
    """What became of one network; a failure has a folder that reproduces it."""

    name: str
    features: tuple[str, ...]
    refused: str
    failure: Failure | None
    folder: Path | None
    compiled: bool
    printed: bool
    simulated: bool


def run_all(fuzz: Fuzz, jobs: int, report: Callable[[Sequence[Result]], None]) -> list[Result]:
    """All batches on `jobs` processes; `report` gets the results of each batch when it is done."""
    results: list[Result] = []

    def take(found: list[Result]) -> None:
        results.extend(found)
        report(found)

    batches = fuzz.batches()
    if jobs == 1 or len(batches) == 1:
        for numbers in batches:
            take(fuzz.run(numbers))
        return results
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(fuzz.run, numbers) for numbers in batches]
        try:
            for future in as_completed(futures):
                take(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results
