"""Takes registers behind block memories into the memories, as vendor tools do and Yosys does not.

An output of an 18-kbit memory is late in its cycle (5.8 ns on an ECP5 of speed grade -6), one of its own output
register is not; the data come in the same cycle.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TypedDict, cast

MEMORY = "DP16KD"
FLIP_FLOP = "TRELLIS_FF"

Net = int | str
"""The number of a net, or a constant."""


class Cell(TypedDict):
    """A cell of a netlist of Yosys, as far as it is read here."""

    type: str
    parameters: dict[str, str]
    connections: dict[str, list[Net]]


class Module(TypedDict):
    """A flattened module; all its ports are registered, and so no output of a memory is one of them."""

    cells: dict[str, Cell]


def register_outputs(netlist: Path, top: str) -> int:
    """Rewrites a netlist file; returns how many memories got output registers."""
    design = cast(dict[str, dict[str, Module]], json.loads(netlist.read_text(encoding="utf-8")))
    done = register_module(design["modules"][top])
    netlist.write_text(json.dumps(design), encoding="utf-8")
    return done


def register_module(module: Module) -> int:
    """As `register_outputs`, of a module in place: where every output in use goes to one plain register each."""
    cells = module["cells"]
    readers: dict[Net, list[tuple[str, str]]] = defaultdict(list)
    for name, cell in cells.items():
        for port, nets in cell["connections"].items():
            if not _drives(cell["type"], port):
                for net in nets:
                    readers[net].append((name, port))
    done = 0
    for memory in [cell for cell in cells.values() if cell["type"] == MEMORY]:
        ports = memory["connections"]
        clocks = [ports[clock] for clock in ("CLKA", "CLKB") if isinstance(ports[clock][0], int)]
        used = {port: readers[nets[0]] for port, nets in ports.items() if port.startswith("DO") and readers[nets[0]]}
        found = [read for reads in used.values() for read in reads]
        if len(found) != len(used) or not all(_is_plain(cells[name], port, clocks) for name, port in found):
            continue
        for port, ((name, _),) in used.items():
            ports[port] = cells.pop(name)["connections"]["Q"]
        memory["parameters"] |= {"REGMODE_A": "OUTREG", "REGMODE_B": "OUTREG"}
        ports |= {"OCEA": ["1"], "OCEB": ["1"]}
        done += bool(used)
    return done


def _drives(kind: str, port: str) -> bool:
    """Whether a port of a memory or a flip-flop is an output; that of others does not matter here."""
    return (kind == MEMORY and port.startswith("DO")) or (kind == FLIP_FLOP and port == "Q")


def _is_plain(cell: Cell, port: str, clocks: list[list[Net]]) -> bool:
    """Whether this is the data input of a flip-flop without enable and reset, on the memory's only clock."""
    if cell["type"] != FLIP_FLOP or port != "DI" or [cell["connections"]["CLK"]] * len(clocks) != clocks:
        return False
    always = cell["parameters"]["CEMUX"].strip() == "1" or cell["connections"].get("CE") == ["1"]
    kept = cell["connections"].get("LSR", ["0"]) == ["0"] and cell["parameters"]["LSRMUX"] == "LSR"
    return always and kept and cell["parameters"]["CLKMUX"] == "CLK"
