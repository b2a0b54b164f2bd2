"""`python -m tests.hostile`: broken and hostile inputs, each given to the real command.

Each is answered by exit status 2 and one message that names the culprit, in bounded time and memory; no file is made
outside OUT, OUT is whole or not there, and no code is run from data.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from e3ne.verification.table import Row, finish
from tests.hostile.corpus import CASES, SAMPLE
from tests.hostile.run import forget, problems, run, warm_up


def main() -> int:
    """Runs the cases that match; exit status 1 if any is answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description="Broken and hostile inputs.")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="cases to run, as 'mlir/*'")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the rows go")
    parser.add_argument("--sample", action="store_true", help="the few cases that the tests run")
    parser.add_argument("--list", action="store_true", help="print the names alone")
    parser.add_argument("--verbose", action="store_true", help="print every message")
    arguments = parser.parse_args()
    cases = [case for name, case in CASES.items() if fnmatch.fnmatch(name, arguments.only)]
    if arguments.sample:
        cases = [CASES[name] for name in SAMPLE]
    if arguments.list:
        print(*(case.name for case in cases), sep="\n")
        return 0
    start = time.perf_counter()
    warm_up({case.name.partition("/")[0] for case in cases})
    counts, failures = Counter[str](), Counter[str]()
    slowest, greatest = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        for number, case in enumerate(cases):
            folder = Path(root) / f"case{number}"
            outcome = run(case, folder)
            found = problems(case, outcome, folder)
            group = case.name.partition("/")[0]
            counts[group] += 1
            failures[group] += bool(found)
            slowest, greatest = max(slowest, outcome.seconds), max(greatest, outcome.peak)
            for problem in found:
                print(f"{case.name}: {problem}", flush=True)
            if arguments.verbose:
                print(f"{case.name}: {outcome.seconds:.1f} s, {outcome.peak >> 20} MiB: {outcome.message}", flush=True)
            forget(folder)
    rows = [Row(f"hostile inputs: {group}", counts[group], failures[group]) for group in counts]
    if rows:
        rows[-1] = Row(
            rows[-1].what,
            rows[-1].count,
            rows[-1].failures,
            note=f"slowest of all {slowest:.1f} s, most memory {greatest >> 20} MiB",
        )
    return finish("hostile inputs", rows, time.perf_counter() - start, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
