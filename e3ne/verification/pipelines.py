"""The pipeline of `e3ne compile` on LeNet-5, each pass executed: `python -m e3ne.verification.pipelines`.

From the float network to Verilog, as `e3ne-opt --verify-semantics` does it; and once more with a pass that makes a
mistake on purpose, which has to be caught.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.transforms import get_all_passes

from e3ne.dialects.parameter import dense_attr, parameter_array, parameters_of
from e3ne.errors import ResultsChangedError
from e3ne.options import Options
from e3ne.passes.pipelines import hardware_stages, network_stages
from e3ne.pipeline_runner import new_context
from e3ne.universe import E3NE_UNIVERSE
from e3ne.verification.semantics.checker import PassChecker
from e3ne.verification.table import Row, finish

MODEL = "lenet5"


@dataclass(frozen=True)
class SwapWeightsPass(ModulePass):
    """A mistake: two weights of the last layer change places."""

    name = "swap-weights"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Changes the last matrix of the module."""
        matrix = [each for each in parameters_of(op) if parameter_array(each).ndim == 2][-1]
        weights = parameter_array(matrix).copy()
        row = weights[0]
        first, second = int(np.argmax(row)), int(np.argmin(row))
        row[[first, second]] = row[[second, first]]
        matrix.value = dense_attr(weights)


def check(passes: tuple[ModulePass, ...], module: ModuleOp, count: int, folder: Path) -> tuple[int, str]:
    """How many passes were compared, and what was found wrong."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        print(line, flush=True)

    try:
        PassPipeline(passes, PassChecker(count, folder, say)).apply(new_context(), module)
    except ResultsChangedError as error:
        return len(said), str(error)
    return len(said), ""


def main() -> int:
    """Exit status 1 where a pass breaks its rule, or the mistake is not caught."""
    parser = argparse.ArgumentParser(description="Execute LeNet-5 before and after each pass of its pipeline.")
    parser.add_argument("--count", type=int, default=8, help="random inputs (default 8)")
    parser.add_argument("--json", type=Path, help="where the rows are written")
    options = parser.parse_args()
    from e3ne.frontends.torch_export import import_module
    from e3ne.models import mnist, zoo

    started = time.perf_counter()
    module = import_module(zoo.load(MODEL), (1, 28, 28), MODEL)
    available = {**get_all_passes(), **E3NE_UNIVERSE.all_passes}
    with tempfile.TemporaryDirectory(prefix="e3ne-") as temporary:
        data = Path(temporary) / "data.npy"
        np.save(data, mnist.train().images[:500])
        network = [name for stage in network_stages(Options(), str(data)) for name in stage.passes]
        hardware = [name for stage in hardware_stages(Options()) for name in stage.passes]
        right = PassPipeline.parse_spec(available, ",".join((*network, *hardware))).passes
        wrong = (*right[: len(network) + 1], SwapWeightsPass())
        folder = Path("build") / "pipelines"
        executed, found = check(right, module.clone(), options.count, folder / "right")
        _, caught = check(wrong, module.clone(), options.count, folder / "wrong")
    for message in (found, caught):
        print(message, file=sys.stderr)
    is_caught = "pass 'swap-weights' breaks its rule" in caught
    rows = [
        Row("passes of LeNet-5's pipeline, by execution", len(right), int(bool(found)), len(right) - executed),
        Row("wrong passes caught, with a reproducer", 1, int(not is_caught)),
    ]
    return finish("passes", rows, time.perf_counter() - started, options.json)


if __name__ == "__main__":
    sys.exit(main())
