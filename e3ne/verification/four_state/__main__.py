"""`python -m e3ne.verification.four_state`: no unknown bit matters after reset, and all else is as predicted.

Designs around every kind of unit, each way to build it, and the networks of `e3ne fuzz` run in Yosys's simulator, at
full speed and with gaps and back-pressure; every beat of every stream is compared with the cycle model.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from e3ne.errors import E3neError
from e3ne.verification.batch import random_runs
from e3ne.verification.case import SMALL
from e3ne.verification.four_state.simulation import compare
from e3ne.verification.lowering import Lowered
from e3ne.verification.progress import Steps
from e3ne.verification.random_networks import accepted_networks
from e3ne.verification.table import Row, finish
from e3ne.verification.trials import KINDS, sample, trials

IMAGES = 3
OTHERS = 2
"""Designs of a kind beside one for each way of building it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a design: passed if there is no message."""

    message: str
    beats: int


def run_design(design: Lowered, folder: Path) -> Outcome:
    """Both runs of a design; what fails leaves Verilog and waves in `folder`, by the design's name."""
    beats = 0
    for number, run in enumerate(random_runs(design, IMAGES, seed=1)):
        try:
            message, compared = compare(design, run, folder / f"{design.name}-{number}")
        except E3neError as error:
            message, compared = str(error), 0
        if message:
            return Outcome(message, beats)
        beats += compared
    return Outcome("", beats)


def unit_designs(small_luts: bool) -> Iterator[Lowered]:
    """Designs around each kind of unit, for devices with 6-input or with 4-input LUTs."""
    for kind in KINDS:
        found = [each for each in trials(kind, small_luts=small_luts) if not each.case.endswith(SMALL)]
        yield from (trial.lowered() for trial in sample(found, OTHERS))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if any design fails."""
    parser = argparse.ArgumentParser(description="Simulate designs with unknown bits.")
    parser.add_argument("--count", type=int, default=200, help="random networks (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn with (default %(default)s)")
    parser.add_argument("--no-units", action="store_true", help="random networks alone")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the rows are written")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("build/four-state"), help="where failures are written"
    )
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    sets: dict[str, Callable[[], Iterator[Lowered]]] = {
        "random networks": lambda: accepted_networks(options.count, options.seed)
    }
    if not options.no_units:
        sets |= {"units, 6-input LUTs": lambda: unit_designs(False), "units, 4-input LUTs": lambda: unit_designs(True)}
    rows: list[Row] = []
    with Steps() as progress:
        for title, designs in sets.items():
            task = progress.add_task(title, total=options.count if title == "random networks" else None)
            outcomes: list[Outcome] = []
            for design in designs():
                outcomes.append(run_design(design, options.output))
                if outcomes[-1].message:
                    progress.console.print(f"{design.name}: {outcomes[-1].message}", markup=False, soft_wrap=True)
                progress.advance(task)
            failed = sum(bool(outcome.message) for outcome in outcomes)
            beats = sum(outcome.beats for outcome in outcomes)
            rows.append(Row(title, len(outcomes), failed, note=f"{beats:,} beats, every stream; Yosys's simulator"))
    return finish("four-state", rows, time.perf_counter() - start, options.json)


if __name__ == "__main__":
    sys.exit(main())
