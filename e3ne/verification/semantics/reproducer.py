"""What is kept of a pass that changes results: the modules, the input, and the command that shows it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn.parameters import externalise
from e3ne.pipeline_runner import print_module
from e3ne.verification.semantics.programs import Data


@dataclass(frozen=True, eq=False)
class Reproducer:
    """`passes` lead from `start` to `after`; `before` is the module before the last of them."""

    start: ModuleOp
    before: ModuleOp
    after: ModuleOp
    passes: tuple[str, ...]
    count: int
    data: Data | None

    @property
    def command(self) -> str:
        """What shows the difference again, inside the folder."""
        file = "before.mlir" if self.start is self.before else "start.mlir"
        return f"e3ne-opt {file} -p '{','.join(self.passes)}' --verify-semantics={self.count}"

    def write(self, folder: Path, message: str) -> list[str]:
        """Writes all files; those of a former run are replaced. Returns their names."""
        folder.mkdir(parents=True, exist_ok=True)
        modules = {"before": self.before, "after": self.after}
        if self.start is not self.before:
            modules["start"] = self.start
        for name, module in modules.items():
            text = print_module(externalise(module, folder, name))
            (folder / f"{name}.mlir").write_text(text, encoding="utf-8")
        names = [f"{name}.mlir" for name in modules]
        if self.data is not None:
            np.savez_compressed(folder / "input.npz", x=self.data[None])
            names.append("input.npz")
        (folder / "message.txt").write_text(f"{message}\n\n{self.command}\n", encoding="utf-8")
        return [*names, "message.txt"]
