"""The Python interface: `design = e3ne.compile(model, images)`, then `design(images)` and `design.write`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from e3ne.compilation import Compilation, Source, compile_model, write
from e3ne.dataset import Dataset, checked
from e3ne.design import Design, Report
from e3ne.errors import E3neError
from e3ne.options import Options
from e3ne.report import first_report
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import OUTPUT, Plan

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class CompiledDesign:
    """A network as hardware; runs as its cycle model."""

    compilation: Compilation
    plan: Plan
    report: Report

    def __call__(self, images: NDArray[np.floating] | NDArray[np.uint8]) -> NDArray[np.int64]:
        """The results of images (N, C, H, W) of 0 … 1 or bytes: membranes (N, outputs) or classes (N, 1).

        A network over time that was compiled for spikes takes (N, T, C, H, W), or (N, T, F). Outputs that are maps
        come pixel by pixel. Raises E3neError.
        """
        data = checked(images, None, "images")
        if (shape := data.images.shape[1:]) != self.plan.data_shape:
            raise E3neError(f"images of shape {shape}, but {self.plan.name} takes {self.plan.data_shape}")
        found = self.plan.run(self.plan.pack(data.images))[OUTPUT]
        return found.reshape(len(images), -1).astype(np.int64)

    def write(self, folder: str | Path) -> Design:
        """Writes what `e3ne compile -o FOLDER` writes; raises E3neError when that is not possible."""
        return write(self.compilation, self.report, Path(folder))


def compile(
    model: nn.Module,
    images: NDArray[np.floating] | NDArray[np.uint8],
    options: Options | None = None,
    *,
    labels: NDArray[np.integer] | None = None,
    name: str = "network",
) -> CompiledDesign:
    """Compiles a PyTorch module, calibrated on images (N, C, H, W) of 0 … 1 or bytes.

    One with neurons of snnTorch or SpikingJelly may have spikes instead, (N, T, C, H, W) or (N, T, F); with images it
    needs `Options.time_steps`.

    `labels` (N,) make the report tell accuracy, and are needed for fine-tuning. Raises E3neError.
    """
    from e3ne.frontends.torch_export import import_module

    options = options or Options()
    if options.dialect:
        raise E3neError(f"dialect is {options.dialect!r}: only .nir files need one")
    data: Dataset = checked(images, labels, "images")
    module = import_module(model, data.shape, name)
    compilation = compile_model(Source(name, module, module), data, options, lambda _: None)
    buffered = plan(find_graph(compilation.modules["buffered"]))
    return CompiledDesign(compilation, buffered, first_report(compilation, data))
