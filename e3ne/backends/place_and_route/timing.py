"""What nextpnr's JSON report says of a design: its clock, what it uses, and its slowest path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from e3ne.backends.place_and_route.registered import INSTANCE
from e3ne.errors import E3neError

PORTS = "ports"
"""The `unit` of what belongs to no unit: the registers at the ports."""

Kind = Literal["register", "wire", "logic", "carry", "setup"]


@dataclass(frozen=True)
class Usage:
    """How many of a kind of cell a design uses, and how many the part has."""

    used: int
    available: int


@dataclass(frozen=True)
class PathStep:
    """A part of a path: a register's clock-to-output, a wire, a LUT, a carry chain, or the setup at its end.

    `signal` is the net that it drives, by the nearest name of the Verilog's; the setup's is that of its register.
    """

    unit: str
    kind: Kind
    signal: str
    delay_ns: float


@dataclass(frozen=True)
class Routed:
    """A placed and routed design: its clock, 4-input LUTs, flip-flops, 18-kbit memories, and its slowest path.

    `seed` is that of its placement.
    """

    clock_mhz: float
    lut4: Usage
    ff: Usage
    ebr: Usage
    critical_path: tuple[PathStep, ...]
    seed: int = 1

    def units(self) -> list[str]:
        """The units that the slowest path goes through, in its order."""
        found: list[str] = []
        for step in self.critical_path:
            if step.unit not in found[-1:]:
                found.append(step.unit)
        return found


class _End(TypedDict):
    cell: str


_Segment = TypedDict("_Segment", {"type": str, "delay": float, "net": NotRequired[str], "from": _End, "to": _End})
_Path = TypedDict("_Path", {"from": str, "to": str, "path": list[_Segment]})


class _Clock(TypedDict):
    achieved: float


class TimingReport(TypedDict):
    """The JSON of `nextpnr-ecp5 --report`, as far as it is read here."""

    fmax: dict[str, _Clock]
    utilization: dict[str, dict[str, int]]
    critical_paths: list[_Path]


def routed(report: TimingReport, seed: int = 1) -> Routed:
    """The report of a design with one clock, placed from a seed.

    Raises E3neError if it times no path from register to register.
    """
    paths = [
        path["path"]
        for path in report["critical_paths"]
        if path["from"].startswith("posedge") and path["to"].startswith("posedge")
    ]
    if len(paths) != 1 or len(report["fmax"]) != 1:
        raise E3neError(f"nextpnr timed {len(paths)} paths of {len(report['fmax'])} clocks; one of one is needed")
    (clock,) = report["fmax"].values()
    cells = report["utilization"]
    logic, ports = cells["TRELLIS_COMB"], cells["TRELLIS_RAMW"]
    # The write port of LUT RAM takes the two LUTs of a slice.
    lut4 = Usage(logic["used"] + 2 * ports["used"], logic["available"])
    return Routed(
        round(clock["achieved"], 2), lut4, _usage(cells["TRELLIS_FF"]), _usage(cells["DP16KD"]), _steps(paths[0]), seed
    )


def _usage(cell: dict[str, int]) -> Usage:
    return Usage(cell["used"], cell["available"])


def _steps(path: Sequence[_Segment]) -> tuple[PathStep, ...]:
    steps: list[PathStep] = []
    unit = PORTS
    for number, segment in enumerate(path):
        cell = segment["from"]["cell"]
        kind = _kind(segment["type"], cell)
        # Cells that nextpnr adds have no name of the design's: they belong to what drives them.
        unit = unit if cell.startswith("$") else _unit(cell)
        before = steps[-1] if steps else None
        if kind == "wire" and segment["delay"] == 0:
            continue
        driven = next((later["net"] for later in path[number:] if "net" in later), "")
        step = PathStep(unit, kind, _signal(driven or cell), round(segment["delay"], 3))
        if before and before.kind == kind == "carry" and before.unit == unit:
            steps[-1] = PathStep(unit, kind, step.signal, round(before.delay_ns + step.delay_ns, 3))
        else:
            steps.append(step)
    return tuple(steps)


def _kind(kind: str, cell: str) -> Kind:
    if kind == "logic":
        return "carry" if "CCU2_COMB" in cell else "logic"
    return "register" if kind == "clk-to-q" else "setup" if kind == "setup" else "wire"


def _unit(cell: str) -> str:
    """`design.UNIT.…` → UNIT."""
    parts = cell.split(".")
    return parts[1] if len(parts) > 2 and parts[0] == INSTANCE else PORTS


def _signal(name: str) -> str:
    """The name without instances, and without what Yosys puts behind a name of the Verilog's for an unnamed net."""
    inside = name.rpartition(".")[2]
    return re.sub(r"_(LUT4|CCU2C|PFUMX|L6MUX21|TRELLIS_FF|TRELLIS_DPR16X4|DP16KD|PDPW16KD)_.*", "", inside)
