"""SystemVerilog by CIRCT's own exporter, run in another process by another Python."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from e3ne.backends.circt import worker
from e3ne.backends.circt.interpreter import Interpreter

STAGES: tuple[worker.Stage, ...] = ("given", "parsed", "verified", "lowered", "exported")


@dataclass(frozen=True)
class Export:
    """How far CIRCT came with a design; why it went no further; else the SystemVerilog of all its modules."""

    stage: worker.Stage
    message: str
    verilog: str

    def reached(self, stage: worker.Stage) -> bool:
        """Whether it came as far as `stage`."""
        return STAGES.index(self.stage) >= STAGES.index(stage)


def export_verilog(designs: Mapping[str, str], interpreter: Interpreter) -> dict[str, Export]:
    """CIRCT's SystemVerilog of designs in CIRCT's dialects, by name; what CIRCT refuses is in the result, too."""
    found: dict[str, Export] = {}
    left = dict(designs)
    while left:
        exports, end = _run(left, interpreter)
        left = {name: text for name, text in left.items() if name not in exports}
        found |= exports
        if left:  # CIRCT has crashed on the first of these
            name = next(iter(left))
            found[name] = Export("given", end, "")
            del left[name]
    return {name: found[name] for name in designs}


def _run(designs: Mapping[str, str], interpreter: Interpreter) -> tuple[dict[str, Export], str]:
    """What one process gives, and how it ended."""
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        request, result = Path(folder) / "request.json", Path(folder) / "result.jsonl"
        request.write_text(json.dumps(worker.Request(designs=dict(designs))), encoding="utf-8")
        # -P: a folder of the caller's may hold something called circt.
        command = [interpreter.path, "-P", worker.__file__, request, result]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = result.read_text(encoding="utf-8").splitlines() if result.exists() else []
    results = [cast(worker.Result, json.loads(line)) for line in lines]
    exports = {each["name"]: Export(each["stage"], each["message"], each["verilog"]) for each in results}
    last = (run.stderr.strip().splitlines() or ["no message"])[-1]
    return exports, f"CIRCT ended with status {run.returncode}: {last}"
