"""Verilog of the cells of an FPGA family: Yosys's simulation models, and own ones of what it knows by name alone."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from e3ne.devices.families import Family
from e3ne.errors import E3neError
from e3ne.verification.block_ram_models import models

_FILES: dict[Family, tuple[str, ...]] = {
    "xcup": ("xilinx/cells_sim.v",),
    "ecp5": ("lattice/common_sim.vh", "lattice/ccu2c_sim.vh"),
}
_WORD = re.compile(r"\w+")
_MODULE = re.compile(r"^\s*(?:\(\*[^\n]*\*\)\s*)*module\s+(\\?\S+?)\s*[(#;].*?^\s*endmodule", re.MULTILINE | re.DOTALL)


def cell_models(family: Family) -> dict[str, str]:
    """Each cell's module by its name, with what it instantiates in other modules of the same.

    Raises E3neError without pyosys, and for a family whose cells are not simulated.
    """
    if family not in _FILES:
        raise E3neError(f"cells of {family} are not simulated; families: {', '.join(_FILES)}")
    spec = importlib.util.find_spec("pyosys")
    if spec is None or spec.origin is None:
        raise E3neError("Yosys not found: install it with pip install 'e3ne[synth]'")
    share = Path(spec.origin).parent / "share"
    own = models(family)
    texts = [own, *((share / file).read_text(encoding="utf-8") for file in _FILES[family])]
    found: dict[str, str] = {}
    for text in texts:
        for match in _MODULE.finditer(text):
            found.setdefault(match.group(1), match.group(0))
    return found


def with_parts(names: Iterable[str], known: Mapping[str, str]) -> str:
    """Modules of some names, and those that they instantiate."""
    wanted, texts = list(names), dict[str, str]()
    while wanted:
        name = wanted.pop()
        if name not in texts:
            texts[name] = known[name]
            wanted += [other for other in set(_WORD.findall(texts[name])) & known.keys() if other != name]
    return "\n".join(texts[name] for name in sorted(texts)) + "\n"
