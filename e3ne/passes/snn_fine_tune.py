"""`snn-fine-tune`: short training with the quantised network in the loop. Learns values, keeps the structure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dataset import read
from e3ne.errors import E3neError
from e3ne.quantization.fine_tune import fine_tune


@dataclass(frozen=True)
class SnnFineTunePass(ModulePass):
    """Trains a calibrated network on the images and labels of `data` (.npz with `x` and `y`).

    Its weights, biases and scales become those with which the integer network classifies best. `augment` turns, scales,
    shears and shifts every image by a little, which suits digits; `threads` is PyTorch's, whose sums depend on it.
    """

    name = "snn-fine-tune"

    data: str
    epochs: int = 20
    seed: int = 0
    learning_rate: float = 2e-3
    augment: bool = False
    threads: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises `E3neError` for wrong options, data without labels, and networks that are not calibrated."""
        dataset = read(Path(self.data))
        if dataset.labels is None:
            raise E3neError(f"snn-fine-tune: {self.data} has no labels; training needs an .npz with x and y")
        fine_tune(
            op,
            dataset.images,
            dataset.labels,
            epochs=self.epochs,
            seed=self.seed,
            learning_rate=self.learning_rate,
            augment=self.augment,
            threads=self.threads,
            progress=True,
        )
