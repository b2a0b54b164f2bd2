"""FPGA parts as data: parts.json, from the makers' product tables (an 18-kbit memory counts as half a bram36)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from e3ne.errors import E3neError


@dataclass(frozen=True)
class Part:
    """What an FPGA has: LUTs, flip-flops, 36-kbit memories, UltraRAMs and DSP blocks; `family` as Yosys names it."""

    name: str
    family: str
    lut: int
    ff: int
    bram36: int
    uram: int
    dsp: int


def parts() -> dict[str, Part]:
    """All parts by name."""
    table = json.loads(files("e3ne.devices").joinpath("parts.json").read_text(encoding="utf-8"))
    return {name: Part(name=name, **numbers) for name, numbers in table.items()}


def part(name: str) -> Part:
    """The part of this name; raises E3neError with the names there are."""
    known = parts()
    if name not in known:
        raise E3neError(f"--device: there is no part '{name}'; there are: {', '.join(known)}")
    return known[name]
