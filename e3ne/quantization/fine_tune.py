"""Quantisation-aware fine-tuning: short training with the quantised network in the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import find_network, shape_of
from e3ne.errors import E3neError

if TYPE_CHECKING:
    from e3ne.models.training import Augmentation


MOST_LEARNING_RATE = 1e6
"""Any updates beyond that overflow."""


def fine_tune(
    module: ModuleOp,
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    epochs: int = 20,
    seed: int = 0,
    learning_rate: float = 2e-3,
    threads: int = 1,
    augmentation: Augmentation | None = None,
    progress: bool = False,
) -> list[float]:
    """Train the calibrated network of `module` (float form) to classify images as it will once it is quantised.

    It learns from the labels and from the scores of the float network that it starts as.

    `images` (N, C, H, W) in 0 ... 1, `labels` (N,) from 0 to the number of scores - 1. Weights, biases, weight scales
    and neuron scales of the module are replaced by the learned ones; its structure and its numbers of bits and steps
    stay. `augmentation` transforms every image at random. `snn-quantize` then gives the integer network that the
    training saw. Gives the mean loss of each epoch.
    The result depends on the arguments only (`threads` is that of torch, whose sums depend on it).

    Raises `E3neError` with every problem of the network (not calibrated, quantised already, ...), of the data, or of
    the options, or where what is learned is no longer finite; the module is untouched then.
    """
    import torch

    from e3ne.models import training
    from e3ne.quantization.distillation import Distillation
    from e3ne.quantization.trainable_network import DIVERGED, make_trainable

    problems = [
        f"{name} is {value}; it must be positive and finite"
        for name, value in _positive(epochs, learning_rate, threads)
    ]
    if MOST_LEARNING_RATE < learning_rate < np.inf:
        problems.append(f"learning rate is {learning_rate}; at most {MOST_LEARNING_RATE:g} is possible")
    problems += _data_problems(module, images, labels)
    if problems:
        raise E3neError("fine-tuning: " + "; ".join(problems))
    tuned = make_trainable(find_network(module))
    recipe = training.Recipe(learning_rate=learning_rate, augmentation=augmentation)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        loss = Distillation.from_original(tuned.model)
        losses = training.fit(tuned.model, images, labels, epochs, seed, recipe, progress, loss)
    finally:
        torch.set_num_threads(before)
    if not np.isfinite(losses).all():
        raise E3neError(DIVERGED)
    tuned.write_back()
    module.verify()
    return losses


def _positive(epochs: int, learning_rate: float, threads: int) -> list[tuple[str, float]]:
    options = (("epochs", epochs), ("learning rate", learning_rate), ("threads", threads))
    return [(name, value) for name, value in options if not (np.isfinite(value) and value > 0)]


def _data_problems(module: ModuleOp, images: NDArray[np.float32], labels: NDArray[np.int64]) -> list[str]:
    network = find_network(module)
    wanted = shape_of(network.image.type)
    problems: list[str] = []
    if images.ndim != len(wanted) + 1 or images.shape[1:] != wanted:
        problems.append(f"the network takes images of shape {list(wanted)}, not {list(images.shape[1:])}")
    if len(images) != len(labels) or len(labels) == 0:
        problems.append(f"there must be one label per image and at least one, not {len(images)} and {len(labels)}")
        return problems
    if len(network.outputs) == 1:
        scores = shape_of(network.outputs[0].type)[0]
        if labels.min() < 0 or labels.max() >= scores:
            problems.append(f"labels are 0 to {scores - 1}, but they go from {labels.min()} to {labels.max()}")
    return problems
