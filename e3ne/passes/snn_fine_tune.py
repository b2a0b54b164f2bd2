"""`snn-fine-tune`: short training with the quantised network in the loop. Learns values, keeps the structure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dataset import read
from e3ne.errors import E3neError
from e3ne.passes.effects import Effect
from e3ne.quantization.fine_tune import fine_tune


@dataclass(frozen=True)
class SnnFineTunePass(ModulePass):
    """Trains a calibrated network on the images and labels of `data` (.npz with `x` and `y`).

    It learns from the labels and from the scores of the float network that it starts as. Its weights, biases and
    scales become those with which the integer network classifies best.
    """

    name = "snn-fine-tune"
    effect: ClassVar[Effect] = Effect.TRAINS

    data: str
    """images and labels, .npz with `x` and `y`"""
    epochs: int = 20
    """passes over the images"""
    seed: int = 0
    """of the order of the images"""
    learning_rate: float = 2e-3
    """of the optimiser at its start"""
    augment: bool = False
    """turn, scale, shear and shift every image by a little, which suits digits"""
    threads: int = 1
    """of PyTorch, whose sums depend on their number"""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises `E3neError` for wrong options, data without labels, and networks that are not calibrated."""
        from e3ne.models import training

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
            augmentation=training.Augmentation() if self.augment else None,
            threads=self.threads,
            progress=True,
        )
