"""Synthesis of sample units: each through its own builder, several in one run of Yosys, results kept in the cache."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.synthesis.cells import Family
from e3ne.backends.synthesis.yosys import synthesise_apart
from e3ne.backends.testbench.cache import cached_folder, content_key
from e3ne.backends.verilog.target import print_verilog
from e3ne.dialects.dataflow import UnitOp
from e3ne.passes.pipelines import rtl_passes
from e3ne.pipeline_runner import run_passes
from e3ne.units.features import Features
from e3ne.units.registry import unit_for

BATCH = 6
"""Units in one run of Yosys: its start takes as long as a small unit, its memory grows with what it has read."""

RESULT = "resources.json"


@dataclass(frozen=True)
class Measured:
    """A unit's parts, and what synthesis made of it."""

    name: str
    features: Features
    lut: int
    ff: int
    bram36: float


def tool_version() -> str:
    """The synthesis tool and its version."""
    return f"Yosys {version('pyosys')}"


def measure(ops: Sequence[UnitOp], family: Family) -> Iterator[Measured]:
    """Synthesises units, in batches of a few: raises E3neError as `synthesise_apart` does."""
    for start in range(0, len(ops), BATCH):
        batch = ops[start : start + BATCH]
        texts = {op.unit_name: _verilog(op, family) for op in batch}
        keys = {name: content_key([tool_version(), family, text]) for name, text in texts.items()}
        found = _cached(texts, keys, family)
        for op in batch:
            counts = found[op.unit_name]
            yield Measured(
                op.unit_name,
                unit_for(op).features(op),
                int(counts["lut"]),
                int(counts["ff"]),
                counts["bram36"],
            )


def _verilog(op: UnitOp, family: Family) -> str:
    """The module of a unit, as a whole design would have it."""
    module = ModuleOp([unit_for(op).build(op)])
    run_passes(module, ",".join(rtl_passes(family)))
    return "\n".join(print_verilog(module).values())


def _cached(texts: dict[str, str], keys: dict[str, str], family: Family) -> dict[str, dict[str, float]]:
    """LUTs, flip-flops and blocks by unit; what has been synthesised before is not again."""
    from e3ne.backends.testbench.cache import cache_root

    known = {name: cache_root() / "calibration" / key / RESULT for name, key in keys.items()}
    missing = [name for name, path in known.items() if not path.is_file()]
    if missing:
        with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
            for name in missing:
                Path(folder, f"{name}.v").write_text(texts[name], encoding="utf-8")
            found = synthesise_apart(Path(folder), missing, family)
        for name, resources in found.items():
            counts = {"lut": resources.lut, "ff": resources.ff, "bram36": resources.bram36}
            cached_folder(
                "calibration",
                keys[name],
                lambda folder, counts=counts: _write(folder / RESULT, json.dumps(counts)),
            )
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in known.items()}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
