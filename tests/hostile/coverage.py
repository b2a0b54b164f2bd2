"""`python -m tests.hostile.coverage --target T --seconds S`: coverage-guided fuzzing of the parsers that are ours.

Needs atheris (`pip install 'e3ne[fuzzing]'`). A parser answers by a result or by E3neError; anything else that comes
out of it is a finding, and its input is kept. Findings are told by where they were raised, one for each place.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

import atheris

from e3ne.errors import E3neError
from tests.hostile.targets import TARGETS, MeaninglessError, Target

MOST_SECONDS = 5.0
"""Of one input: more is a finding."""

PARSERS = (
    *("e3ne.array_file", "e3ne.dataset", "e3ne.event_data", "e3ne.module_text", "e3ne.pipeline_runner"),
    *("e3ne.dialects.external", "e3ne.dialects.snn", "e3ne.dialects.dataflow", "e3ne.dialects.rtl"),
    *("e3ne.frontends.onnx.read", "e3ne.frontends.pt2_file", "e3ne.frontends.spiking.nir_file"),
    *("e3ne.options", "e3ne.passes.layer_encodings"),
)
"""Modules whose coverage guides the fuzzer, with all of e3ne that they import."""


class _Fuzzer:
    """Runs inputs, counts them, and keeps one of each finding."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.executions = self.accepted = 0
        self.findings: dict[str, Path] = {}

    def __call__(self, data: bytes) -> None:
        self.executions += 1
        start = time.perf_counter()
        try:
            self.target.run(data)
            self.accepted += 1
        except (E3neError, MeaninglessError):
            pass
        except Exception as error:
            self._keep(_place(error), data)
        if time.perf_counter() - start > MOST_SECONDS:
            self._keep(f"more than {MOST_SECONDS} seconds", data)

    def _keep(self, what: str, data: bytes) -> None:
        if what in self.findings:
            return
        path = self.folder / f"{hashlib.sha256(data).hexdigest()[:16]}.input"
        path.write_bytes(data)
        self.findings[what] = path
        print(f"finding: {what}: {path}", flush=True)


def _place(error: BaseException) -> str:
    """The kind of an error, and the innermost line of ours that it came through."""
    trace: TracebackType | None = error.__traceback__
    ours = [frame for frame in traceback.extract_tb(trace) if f"{os.sep}e3ne{os.sep}" in frame.filename]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "outside e3ne"
    return f"{type(error).__name__} at {where}: {str(error)[:120]}"


def main() -> None:
    """Fuzzes one target; atheris ends the process. Exit status 1 if there was a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.coverage", description="Fuzz a parser.")
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the row goes")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="where inputs of findings are kept")
    arguments = parser.parse_args()
    with atheris.instrument_imports(include=["e3ne"]):
        for name in PARSERS:
            importlib.import_module(name)
    folder: Path = arguments.findings / arguments.target
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    target = TARGETS[arguments.target]
    for number, seed in enumerate(target.seeds()):
        (seeds / f"seed{number}").write_bytes(seed)
    fuzzer = _Fuzzer(target, folder)
    start = time.perf_counter()
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in target.words))

    def timed(data: bytes) -> None:
        fuzzer(data)
        # libFuzzer would end the process without Python's leave
        if time.perf_counter() - start > arguments.seconds:
            _finish(fuzzer, arguments, time.perf_counter() - start)

    options = [
        "-max_len=4096",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-verbosity=0",
        *([f"-dict={words}"] if target.words else []),
    ]
    atheris.Setup([sys.argv[0], *options, str(seeds)], timed)
    atheris.Fuzz()


def _finish(fuzzer: _Fuzzer, arguments: argparse.Namespace, seconds: float) -> None:
    from e3ne.verification.table import Row, finish

    row = Row(
        f"fuzzed inputs: {arguments.target}",
        fuzzer.executions,
        len(fuzzer.findings),
        note=f"{fuzzer.accepted:,} of them taken",
    )
    status = finish("coverage-guided fuzzing", [row], seconds, arguments.json)
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
