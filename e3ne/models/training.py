"""Training of float networks on images, as a library: `initialise`, `fit`, `accuracy`."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn
from torch.nn import functional

from e3ne.errors import E3neError


@dataclass(frozen=True)
class Augmentation:
    """Bounds of the random affine transform that every training image undergoes, each drawn uniformly in ±bound.

    The defaults were chosen by cross-validation within the 8,000 training digits.
    """

    rotation: float = 18.0
    """degrees"""
    scale: float = 0.18
    """fraction, for height and width apart"""
    shear: float = 0.2
    """columns per row"""
    shift: float = 2.5
    """pixels, for rows and columns apart"""
    mirror: bool = False
    """half of the images are turned left to right as well"""

    def __call__(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """`images` (N, C, H, W), each transformed on its own; zero outside the image."""
        count, _, height, width = images.shape

        def draw(bound: float) -> torch.Tensor:
            return (torch.rand(count, generator=generator) * 2 - 1) * bound

        angle, shear = draw(math.radians(self.rotation)), draw(self.shear)
        scale_x, scale_y = 1 + draw(self.scale), 1 + draw(self.scale)
        shift_x, shift_y = draw(2 * self.shift / width), draw(2 * self.shift / height)
        if self.mirror:
            scale_x = scale_x * torch.where(draw(1) < 0, -1.0, 1.0)
        # rotation · shear · scale, from output to input positions in -1..1, as affine_grid wants it
        cos, sin = angle.cos(), angle.sin()
        row_x = torch.stack([cos * scale_x, (cos * shear - sin) * scale_y, shift_x], 1)
        row_y = torch.stack([sin * scale_x, (sin * shear + cos) * scale_y, shift_y], 1)
        grid = functional.affine_grid(torch.stack([row_x, row_y], 1), list(images.shape), align_corners=False)
        return functional.grid_sample(images, grid, align_corners=False)


@dataclass(frozen=True)
class Recipe:
    """How `fit` trains: AdamW with a learning rate that rises and falls once (OneCycle)."""

    learning_rate: float = 4e-3
    """the highest rate"""
    warm_up: float = 0.15
    """share of all updates before the highest rate"""
    weight_decay: float = 1e-4
    """for parameters of two dimensions or more; biases, scales and thresholds are not decayed"""
    batch: int = 100
    """images per update"""
    augmentation: Augmentation | None = Augmentation()


Criterion = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Images (N, C, H, W), the model's scores (N, classes) and labels (N,) to the mean loss of the batch, []."""


def classification_loss(images: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Cross entropy."""
    return functional.cross_entropy(scores, labels)


def initialise(factory: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A network with random weights that depend on `seed` only; torch's global generator is left as it was."""
    state = torch.random.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        return factory()
    finally:
        torch.random.set_rng_state(state)


def fit(
    model: nn.Module,
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    epochs: int,
    seed: int,
    recipe: Recipe = Recipe(),
    progress: bool = False,
    criterion: Criterion = classification_loss,
) -> list[float]:
    """Train `model` in place to classify `images` (N, C, H, W) as `labels` (N,); give the mean loss of each epoch.

    Order and augmentation of the images depend on `seed` only, so the result is the same for the same model,
    seed and number of torch's threads. `progress` shows a bar with the loss on stderr. The model is left in eval mode.
    Raises `E3neError` when there is nothing to train on.
    """
    if epochs < 1:
        raise E3neError(f"epochs is {epochs}; training takes at least 1")
    if len(images) != len(labels) or len(labels) == 0:
        raise E3neError(f"training takes one label per image and at least one, not {len(images)} and {len(labels)}")
    inputs, targets = torch.as_tensor(images), torch.as_tensor(labels)
    generator = torch.Generator().manual_seed(seed)
    optimizer = _optimizer(model, recipe)
    updates = epochs * math.ceil(len(targets) / recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=updates, pct_start=recipe.warm_up
    )
    losses: list[float] = []
    model.train()
    with _bar(progress) as bar:
        task = bar.add_task("", total=updates, loss=math.nan)
        for _ in range(epochs):
            total = 0.0
            order = torch.randperm(len(targets), generator=generator)
            for first in range(0, len(targets), recipe.batch):
                chosen = order[first : first + recipe.batch]
                batch = inputs[chosen]
                if recipe.augmentation is not None:
                    batch = recipe.augmentation(batch, generator)
                scores = model(batch)
                total += _update(optimizer, criterion(batch, scores, targets[chosen])) * len(chosen)
                schedule.step()
                bar.advance(task)
            losses.append(total / len(targets))
            bar.update(task, loss=losses[-1])
    model.eval()
    return losses


def accuracy(model: nn.Module, images: NDArray[np.float32], labels: NDArray[np.int64], batch: int = 500) -> float:
    """Share (0..1) of `images` (N, C, H, W) whose highest score is at their label; the model is put in eval mode."""
    model.eval()
    right = 0
    with torch.inference_mode():
        for first in range(0, len(labels), batch):
            part = slice(first, first + batch)
            scores = model(torch.as_tensor(images[part])).numpy()
            right += np.count_nonzero(scores.argmax(1) == labels[part])
    return right / len(labels)


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    decayed = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=recipe.learning_rate)


def _update(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    """One gradient step; gives the loss before it."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def _bar(shown: bool) -> Progress:
    columns = TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.4f}")
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not shown)
