"""Train a spiking network on the 8,000 training digits: `python -m examples.digits.train snntorch_lif -o FILE`."""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from e3ne.models import mnist, training

NAMES = ("snntorch_lif", "spikingjelly_if")
TIME_STEPS = 8
EPOCHS = 20


class InTime(nn.Module):
    """A spiking network as one that gives scores: the spikes of each class in all time steps, in steps of 1/2."""

    def __init__(self, network: nn.Module, counts: Callable[[nn.Module, torch.Tensor, int], torch.Tensor]) -> None:
        super().__init__()
        self.network, self.counts = network, counts

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 1, 28, 28) to scores (N, 10)."""
        return self.counts(self.network, images, TIME_STEPS) / 2


def main() -> None:
    """Trains, saves the weights and prints the accuracy on the 2,000 digits that were not trained on."""
    parser = argparse.ArgumentParser(prog="python -m examples.digits.train", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="safetensors")
    arguments = parser.parse_args()
    # the weights depend on the number of threads
    torch.set_num_threads(1)
    example = importlib.import_module(f"examples.digits.{arguments.name}")
    model = InTime(training.initialise(example.build, arguments.seed), example.counts)
    digits, unseen = mnist.train(), mnist.test()
    start = time.monotonic()
    losses = training.fit(model, digits.images, digits.labels, arguments.epochs, arguments.seed, progress=True)
    seconds = time.monotonic() - start
    weights = {name: tensor for name, tensor in model.network.state_dict().items() if tensor.numel()}
    # one key only: safetensors writes several in random order
    about = f"{arguments.name}, {arguments.epochs} epochs, seed {arguments.seed}, {TIME_STEPS} time steps"
    save_file(weights, arguments.output, metadata={"training": about})
    share = training.accuracy(model, unseen.images, unseen.labels)
    print(f"{arguments.name}: {arguments.epochs} epochs in {seconds:.0f} s, last loss {losses[-1]:.4f}")
    print(f"accuracy on {len(unseen)} unseen digits: {share:.2%}")


if __name__ == "__main__":
    main()
