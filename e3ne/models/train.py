"""Train a reference network on the digits: `python -m e3ne.models.train NAME [--epochs N] [--seed S] -o FILE`."""

import argparse
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

from e3ne.errors import E3neError
from e3ne.models import mnist, training, zoo


def train(name: str, epochs: int | None, seed: int, output: Path) -> None:
    """Train network `name` (`epochs`: the registry's by default), write safetensors, print the test accuracy."""
    entry = zoo.get(name)
    if not output.parent.is_dir():
        raise E3neError(f"-o {output}: there is no folder {output.parent}")
    epochs = entry.epochs if epochs is None else epochs
    digits, unseen = mnist.train(), mnist.test()
    model = training.initialise(entry.factory, seed)
    start = time.monotonic()
    losses = training.fit(model, digits.images, digits.labels, epochs, seed, progress=True)
    seconds = time.monotonic() - start
    # one key only: safetensors writes several in random order
    save_file(model.state_dict(), output, metadata={"training": f"{name}, {epochs} epochs, seed {seed}"})
    share = training.accuracy(model, unseen.images, unseen.labels)
    print(f"{name}: {epochs} epochs in {seconds:.0f} s, last loss {losses[-1]:.4f}")
    print(f"accuracy on {len(unseen)} unseen digits: {share:.2%}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e3ne.models.train", description="Train a reference network.")
    parser.add_argument("name", help=f"one of: {', '.join(entry.name for entry in zoo.entries())}")
    parser.add_argument("--epochs", type=int, help="default: as the project's checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of torch; the weights depend on it (default: 1)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="safetensors")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        train(arguments.name, arguments.epochs, arguments.seed, arguments.output)
    except E3neError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
