"""From a folder of Verilog to a program that simulates it: Verilator, two compiler processes, a linker, and a cache."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from e3ne.backends.testbench.cache import cached_folder, content_key, forget_oldest
from e3ne.backends.testbench.toolchain import FAST, SLOW, Toolchain, find_toolchain, run, run_all, runtime_of
from e3ne.backends.testbench.wrapper import TESTBENCH, Wrapper
from e3ne.errors import E3neError

# Functions are split at 200 statements: GCC takes minutes and gigabytes for a table layer's straight-line code.
_VERILATE = (
    *("--cc", "-O3", "-Wno-fatal", "--x-initial", "unique", "--x-assign", "unique"),
    *("--output-split", "20000", "--output-split-cfuncs", "200"),
)
# Signals of any width and name; of memories only those of one word, which is the least that Verilator takes as a limit.
_SAIF = ("--trace-saif", "--trace-underscore", "--trace-max-width", "0", "--trace-max-array", "1")
# Widths are checked where the wrapper meets the design: a probe of the wrong width would cut data off silently.
_WRONG_WIDTH = re.compile(rf"%Warning-WIDTH\w*: \S*{TESTBENCH}\.v:.*")
SIMULATORS = "simulators"
"""The kind of entries of the cache."""

_BUNDLE_BYTES = 400_000
_SLOW_BYTES = 60_000


@dataclass(frozen=True)
class Sources:
    """All texts of a simulation: the design's Verilog files by name, and the testbench around it."""

    design: dict[str, str]
    wrapper: Wrapper

    @property
    def testbench(self) -> dict[str, str]:
        """The files of the testbench: wrapper, harness, and the table of streams that the harness includes."""
        harness = files("e3ne.backends.testbench").joinpath("harness.cpp").read_text(encoding="utf-8")
        wrapper = self.wrapper
        return {f"{TESTBENCH}.v": wrapper.verilog(), "harness.cpp": harness, "streams.inc": wrapper.stream_table()}


def read_sources(verilog_dir: Path, wrapper: Wrapper) -> Sources:
    """All `.v` files of a folder; E3neError if there is none."""
    design = {path.name: path.read_text(encoding="utf-8") for path in sorted(verilog_dir.glob("*.v"))}
    if not design:
        raise E3neError(f"no Verilog (.v) in {verilog_dir}")
    return Sources(design, wrapper)


def build_simulator(
    sources: Sources, build_dir: Path | None = None, *, saif: bool = False, cache: str = SIMULATORS
) -> Path:
    """The program for a design, from the cache or built now; with `saif` one that can count toggles, and is slower.

    `build_dir` keeps what is made on the way (Verilog, C++), if anything is. Of each kind of `cache` those that were
    used last are kept. Raises E3neError without tools, and with Verilator's first messages if it refuses the Verilog.
    """
    tools = find_toolchain(saif=saif)
    texts = {**{f"rtl/{name}": text for name, text in sources.design.items()}, **sources.testbench}
    key = content_key(
        [
            tools.version,
            *tools.compiler,
            *tools.flags,
            *_options(tools),
            FAST,
            *(x for t in texts.items() for x in t),
        ]
    )

    def fill(entry: Path) -> None:
        if build_dir is not None:
            _build(tools, texts, build_dir.resolve(), entry / "simulator")
            return
        with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
            _build(tools, texts, Path(temporary).resolve(), entry / "simulator")

    simulator = cached_folder(cache, key, fill) / "simulator"
    forget_oldest(cache)
    return simulator


def _build(tools: Toolchain, texts: dict[str, str], folder: Path, simulator: Path) -> None:
    for name in ("rtl", "model"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "rtl").mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    _verilate(tools, [name for name in texts if name.endswith(".v")], folder)
    _compile(tools, folder, simulator)


def _options(tools: Toolchain) -> tuple[str, ...]:
    return (*_VERILATE, *_SAIF) if tools.saif else _VERILATE


def _verilate(tools: Toolchain, verilog: Sequence[str], folder: Path) -> None:
    command = [
        str(tools.verilator),
        *_options(tools),
        "--top-module",
        TESTBENCH,
        "--prefix",
        f"V{TESTBENCH}",
        "--Mdir",
        "model",
    ]
    messages = run([*command, *verilog], "Verilator", folder=folder, environment=tools.environment)
    wrong = [line for line in messages.splitlines() if _WRONG_WIDTH.match(line)]
    if wrong:
        raise E3neError("\n".join(["a stream or port has another width than expected:", *wrong]))


def _compile(tools: Toolchain, folder: Path, simulator: Path) -> None:
    """Compile in bundles: a file costs 0.2 s for its headers alone, and one huge file keeps only one process busy."""
    runtime = runtime_of(tools)
    generated = sorted((folder / "model").glob("*.cpp"))
    # Verilator names code that runs once, at start, __Slow: where there is much of it, it is not worth optimising.
    slow = [path for path in generated if path.stem.endswith("__Slow")]
    if sum(path.stat().st_size for path in slow) < _SLOW_BYTES:
        slow = []
    fast = [path for path in generated if path not in slow]
    commands: list[list[str]] = []
    objects: list[str] = []
    levels = [(SLOW, _bundles(slow)), (FAST, _bundles([folder / "harness.cpp", *fast]))]
    for level, bundles in levels:
        header = runtime.header_flags if level == FAST else ()
        for bundle in bundles:
            name = f"bundle{len(objects)}"
            (folder / f"{name}.cpp").write_text("".join(f'#include "{path}"\n' for path in bundle))
            flags = [*tools.flags, *header, level, "-Imodel", "-I."]
            commands.append([*tools.compiler, *flags, "-c", f"{name}.cpp", "-o", f"{name}.o"])
            objects.append(f"{name}.o")
    run_all(commands, "the C++ compiler", folder=folder)
    link = [*tools.compiler, "-pthread", *objects, *map(str, runtime.objects), "-o", str(simulator)]
    run(link, "the linker", folder=folder)


def _bundles(paths: Sequence[Path]) -> list[list[Path]]:
    """Spread files over bundles of about equal size: two at least, more if they would get long; the longest first."""
    sizes = {path: path.stat().st_size for path in paths}
    count = max(2, round(sum(sizes.values()) / _BUNDLE_BYTES))
    bundles: list[list[Path]] = [[] for _ in range(min(count, len(paths)))]
    loads = [0] * len(bundles)
    for path in sorted(paths, key=lambda path: -sizes[path]):
        lightest = loads.index(min(loads))
        bundles[lightest].append(path)
        loads[lightest] += sizes[path]
    order = sorted(range(len(bundles)), key=lambda index: -loads[index])
    return [bundles[index] for index in order]
