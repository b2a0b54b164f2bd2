"""`python -m benchmarks.interop`: one line for each neuron of the SNN libraries and network of them, at all levels."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.interop.compare import Result, measure
from benchmarks.interop.networks import STEPS
from benchmarks.interop.row import Row

LIBRARIES = ("snntorch", "spikingjelly", "norse", "sinabs")
DIFFERENCE, MISTAKE = 1, 2
_ABOUT = ("library", "neuron", "settings", "through", "network")


def main() -> int:
    """Prints the table; exit status 1 if anything differs or fails, 2 if a library or a neuron is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interop", description=__doc__)
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=f"of {', '.join(LIBRARIES)} (default: all)")
    parser.add_argument("--neuron", help="only neurons whose name begins so")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the table goes as JSON, too")
    arguments = parser.parse_args()
    wanted: Sequence[str] = arguments.libraries or LIBRARIES
    if unknown := [name for name in wanted if name not in LIBRARIES]:
        parser.error(f"{', '.join(unknown)}: known are {', '.join(LIBRARIES)}")
    versions = {name: _version(name) for name in wanted}
    if missing := [name for name, found in versions.items() if found is None]:
        sys.stderr.write(f"not installed: {', '.join(missing)} (make interop installs them)\n")
        return MISTAKE
    start = time.monotonic()
    results: list[Result] = []
    with Console(stderr=True).status("") as status:
        for row in _rows(wanted, arguments.neuron or ""):
            for kind in row.kinds:
                status.update(escape(f"{row.library} {row.neuron}, {row.settings}, {row.through}, {kind}"))
                results.append(measure(row, kind))
                if arguments.json:
                    _save(results, versions, arguments.json)
                if not results[-1].is_good:
                    sys.stderr.write(f"{results[-1]}\n")
    if not results:
        sys.stderr.write(f"no neuron begins with {arguments.neuron!r}\n")
        return MISTAKE
    console = Console(width=150)
    console.print(_table(results, versions))
    console.print(_others(results, versions))
    print(_summary(results, time.monotonic() - start))
    return 0 if all(result.is_good for result in results) else DIFFERENCE


def _save(results: Sequence[Result], versions: Mapping[str, str | None], path: Path) -> None:
    entries = [{"version": versions[result.library], **asdict(result)} for result in results]
    path.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _rows(libraries: Sequence[str], neuron: str) -> Iterator[Row]:
    for library in libraries:
        rows: list[Row] = importlib.import_module(f"benchmarks.interop.from_{library}").rows()
        yield from (row for row in rows if row.neuron.startswith(neuron))


def _table(results: Sequence[Result], versions: Mapping[str, str | None]) -> Table:
    """What was compared."""
    table = Table(*_ABOUT, title=f"spikes that differ, {STEPS} steps")
    for column in ("layers", "compared", "spikes", "library\n= snn", "snn\n= cycles", "cycles\n= Verilog"):
        table.add_column(column, justify="right", no_wrap=True)
    for result in results:
        if not (result.failed or result.refused):
            numbers = (result.layers, result.compared, result.spikes)
            levels = (result.library_snn, result.snn_cycles, result.cycles_verilog)
            table.add_row(*_about(result, versions), *(f"{number:,}" for number in (*numbers, *levels)))
    return table


def _others(results: Sequence[Result], versions: Mapping[str, str | None]) -> Table:
    """What was refused, with the reason of the library or of the import, and what failed."""
    table = Table(*_ABOUT, "refused, because")
    for result in results:
        if result.failed or result.refused:
            reason = f"FAILED: {result.failed}" if result.failed else result.refused
            table.add_row(*_about(result, versions), escape(reason))
    return table


def _about(result: Result, versions: Mapping[str, str | None]) -> list[str]:
    return [escape(text) for text in (f"{result.library} {versions[result.library]}", *astuple(result)[1:5])]


def _summary(results: Sequence[Result], seconds: float) -> str:
    compared = [result for result in results if not result.refused and not result.failed]
    differing = [result for result in compared if not result.is_good]
    failed = [result for result in results if result.failed]
    return (
        f"{len(compared)} networks compared at all levels, {len(differing)} differ; "
        f"{sum(result.compared for result in compared):,} neurons and steps with "
        f"{sum(result.spikes for result in compared):,} spikes; "
        f"{len(results) - len(compared) - len(failed)} refused, {len(failed)} failed; {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
