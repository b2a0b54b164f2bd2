"""Run a folder of Verilog in Verilator and return the cycle and the value of every beat of every stream."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from e3ne.backends.testbench.build import SIMULATORS, build_simulator, read_sources
from e3ne.backends.testbench.streams import (
    Simulation,
    Stimulus,
    StopReason,
    StreamProbe,
    StreamTrace,
    Violation,
    bytes_of,
)
from e3ne.backends.testbench.wrapper import Wrapper, wrapper_of
from e3ne.errors import E3neError

__all__ = ["Progress", "Simulation", "Stimulus", "StreamProbe", "StreamTrace", "Violation", "simulate"]

Progress = Callable[[int, int], None]
IDLE_CYCLES = 1 << 16


def simulate(
    verilog_dir: Path,
    top: str,
    probes: Sequence[StreamProbe],
    stimulus: Stimulus,
    *,
    input_width: int,
    output_width: int,
    max_cycles: int,
    idle_cycles: int = IDLE_CYCLES,
    build_dir: Path | None = None,
    progress: Progress | None = None,
    saif_dir: Path | None = None,
    seed: int = 1,
    cache: str = SIMULATORS,
) -> Simulation:
    """Simulate `top`, found in the `.v` files of `verilog_dir`, and trace `probes`, `s_axis` and `m_axis`.

    Widths are in bits; `m_axis` data has `tlast` as the bit above `output_width`. The run ends when all of the stimulus
    is used up, its least number of cycles over, and no stream moved for 16 cycles; when nothing moved for `idle_cycles`
    (deadlock; pauses of the stimulus do not count); or after `max_cycles`. `build_dir` keeps the generated files; else
    they are removed. `progress` gets (cycles done, output beats) now and then. Registers without reset start at random
    bits, equal for an equal `seed`. `cache` is the kind of simulators among which this one is kept.
    With `saif_dir`, a folder, all registers start at zeros, and the toggles of all signals go there: `start.saif` has
    those that a trace makes up by starting from zeros, right after reset; `run.saif` these and those of the run.
    Raises E3neError if a tool is missing or Verilator refuses the design, ValueError on a stimulus of the wrong shape.
    """
    wrapper = wrapper_of(top, probes, input_width, output_width)
    check_stimulus(stimulus, input_width)
    simulator = build_simulator(read_sources(verilog_dir, wrapper), build_dir, saif=saif_dir is not None, cache=cache)
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        write_stimulus(stimulus, folder / "stimulus.bin")
        started = time.perf_counter()
        arguments = [str(folder / "stimulus.bin"), str(folder), str(max_cycles), str(idle_cycles)]
        if saif_dir is not None:
            arguments.append(str(saif_dir))
        arguments.append(f"+verilator+seed+{seed}")
        _run_simulator([str(simulator), *arguments], progress)
        return _read_simulation(folder, wrapper, time.perf_counter() - started)


def write_stimulus(stimulus: Stimulus, path: Path) -> None:
    """Write the stimulus file of `harness.cpp`."""
    with path.open("wb") as file:
        file.write(np.array([len(stimulus.beats), len(stimulus.stalls), stimulus.least_cycles], "<i8").tobytes())
        file.write(stimulus.gaps.astype("<i4").tobytes())
        file.write(stimulus.stalls.astype("<i4").tobytes())
        file.write(np.ascontiguousarray(stimulus.beats).tobytes())


def check_stimulus(stimulus: Stimulus, input_width: int) -> None:
    """The stimulus has to fit the port: right number of bytes, no bit above the width, no negative pause."""
    beats, size = stimulus.beats, bytes_of(input_width)
    if beats.ndim != 2 or beats.shape[1] != size or beats.dtype != np.uint8:
        raise ValueError(f"input beats of {input_width} bits are (n, {size}) uint8, not {beats.shape} {beats.dtype}")
    if stimulus.gaps.shape != (len(beats),) or stimulus.stalls.ndim != 1:
        raise ValueError(f"{len(beats)} beats need as many gaps, not {stimulus.gaps.shape}; stalls are a vector")
    if min(stimulus.gaps.min(initial=0), stimulus.stalls.min(initial=0)) < 0:
        raise ValueError("gaps and stalls are not negative")
    if input_width % 8 and (beats[:, -1] >> (input_width % 8)).any():
        raise ValueError(f"an input beat has a bit above its {input_width} bits")


def _run_simulator(command: list[str], progress: Progress | None) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        messages: list[str] = []
        try:
            for line in process.stdout:
                numbers = line.split()
                if len(numbers) == 2 and all(number.isdigit() for number in numbers):
                    if progress is not None:
                        progress(int(numbers[0]), int(numbers[1]))
                else:
                    messages.append(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise E3neError(f"the simulation failed with status {process.returncode}: {''.join(messages[:12]).strip()}")


def _read_simulation(folder: Path, wrapper: Wrapper, seconds: float) -> Simulation:
    stops: dict[str, StopReason] = {"complete": "complete", "deadlock": "deadlock", "max_cycles": "max_cycles"}
    lines = [line.split() for line in (folder / "summary.txt").read_text().splitlines()]
    stop, cycles = stops[lines[0][1]], int(lines[0][2])
    pending: dict[str, int] = {}
    violations: dict[str, list[Violation]] = {probe.name: [] for probe in wrapper.streams}
    for kind, stream, *numbers in lines[1:]:
        if kind == "pending":
            pending[stream] = int(numbers[0])
        else:
            what = "valid dropped" if kind == "valid-dropped" else "data changed"
            violations[stream].append(Violation(stream, int(numbers[0]), int(numbers[1]), what))
    traces: dict[str, StreamTrace] = {}
    for probe in wrapper.streams:
        offers, transfers, data = _read_beats(folder / f"{probe.name}.beats", probe.width)
        traces[probe.name] = StreamTrace(
            offers, transfers, data, pending.get(probe.name), tuple(violations[probe.name])
        )
    return Simulation(traces, cycles, stop, seconds)


def _read_beats(path: Path, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    records = np.fromfile(path, np.uint8).reshape(-1, 16 + bytes_of(width))
    cycles = np.ascontiguousarray(records[:, :16]).view("<i8")
    return cycles[:, 0].astype(np.int64), cycles[:, 1].astype(np.int64), np.ascontiguousarray(records[:, 16:])
