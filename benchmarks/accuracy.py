"""`make bench-accuracy`: integer networks fine-tuned at few bits and steps, beside the float networks they come from.

Every network is trained from random weights on the training images of a split and measured on its test images, the
integer networks by the interpreter of `snn`. On the digits that is an hour; it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy_study import Load, Precision, Recipe, Study, mean, resume
from e3ne.errors import E3neError
from e3ne.models import fashion_mnist, mnist, zoo
from e3ne.models.training import Augmentation
from e3ne.models.tune import Settings


@dataclass(frozen=True)
class Data:
    """Images with what suits them."""

    load: Load
    splits: int
    """how many there are"""
    default_splits: int
    precisions: str
    float_epochs: int | None
    """None: those of the network's checkpoint"""
    epochs: int
    augmentation: Augmentation | None


DATA = {
    "digits": Data(
        mnist.split,
        splits=mnist.SPLITS,
        default_splits=3,
        precisions="w3t4,w3t3,w2t3,w4t4,w2t4,w4t3,w2t2,w3t2,w4t2",
        float_epochs=None,
        epochs=Settings.epochs,
        augmentation=Augmentation(),
    ),
    "fashion-mnist": Data(
        lambda _: (fashion_mnist.train(), fashion_mnist.test()),
        splits=1,
        default_splits=1,
        precisions="w3t4,w4t4",
        float_epochs=10,
        epochs=5,
        augmentation=Augmentation(rotation=3.0, scale=0.05, shear=0.03, shift=1.0, mirror=True),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit status 2 for a mistake of the user's, 130 when it was interrupted."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(1)
    console = Console()
    try:
        data = DATA[options.data]
        splits = data.default_splits if options.splits is None else options.splits
        precisions = _precisions(options.precisions or data.precisions)
        if not 1 <= splits <= data.splits:
            raise E3neError(f"--splits is {splits}; {options.data} has 1 to {data.splits}")
        study = resume(options.output or _folder(options), _recipe(options, data), data.load)
        status = _measure(study, precisions, splits, console)
    except E3neError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console.print(table(study, precisions, splits))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=DATA, default="digits", help="default: digits")
    parser.add_argument(
        "--network",
        default="lenet5",
        help=f"one of {', '.join(entry.name for entry in zoo.entries())} (default: lenet5)",
    )
    parser.add_argument(
        "--splits", type=int, help="of digits, up to 5 (default: 3); Fashion-MNIST has its official one"
    )
    parser.add_argument(
        "--precisions", help="bits of a weight and time steps, as w3t4,w2t3 (default: those of the data)"
    )
    parser.add_argument("--float-epochs", type=int, help="of the float network (default: those of the data)")
    parser.add_argument("--epochs", type=int, help="of fine-tuning (default: those of the data)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and order of the images (default: 0)")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="default: build/accuracy/DATA_NETWORK")
    return parser


def _folder(options: argparse.Namespace) -> Path:
    return Path("build/accuracy") / f"{options.data}_{options.network}"


def _recipe(options: argparse.Namespace, data: Data) -> Recipe:
    usual = data.float_epochs or zoo.get(options.network).epochs
    float_epochs = usual if options.float_epochs is None else options.float_epochs
    epochs = data.epochs if options.epochs is None else options.epochs
    for name, value in (("float-epochs", float_epochs), ("epochs", epochs)):
        if value < 1:
            raise E3neError(f"--{name} is {value}; training takes at least 1")
    return Recipe(options.network, options.data, float_epochs, epochs, data.augmentation, options.seed)


def _precisions(text: str) -> list[Precision]:
    found: list[Precision] = []
    for entry in text.split(","):
        match = re.fullmatch(r"w([2-8])t([1-8])", entry.strip().lower())
        if match is None:
            raise E3neError(f"--precisions has {entry!r}; wWtT is needed, W bits (2 to 8) and T steps (1 to 8): w3t4")
        found.append(Precision(int(match[1]), int(match[2])))
    return list(dict.fromkeys(found))


def _measure(study: Study, precisions: Sequence[Precision], splits: int, console: Console) -> int:
    """Measures what is missing, the first precisions first; 130 if it was interrupted, else 0."""
    try:
        for split in range(splits):
            score = study.measure_float(split)
            console.print(f"split {split}, float: {score.percent:.2f} % of {score.images}")
        for precision in precisions:
            for split in range(splits):
                score = study.measure_integer(precision, split)
                console.print(f"split {split}, {precision}: {score.percent:.2f} % of {score.images}")
    except KeyboardInterrupt:
        console.print(f"interrupted; what is done is in {study.folder}, the same command goes on from there")
        return 130
    return 0


def table(study: Study, precisions: Sequence[Precision], splits: int) -> Table:
    """Accuracy in per cent: mean over the splits that are done, its distance from the float networks', each split."""
    recipe = study.recipe
    result = Table(
        "W",
        "T",
        "mean",
        "to float, points",
        "calibrated only",
        *(f"split {split}" for split in range(splits)),
        title=f"{recipe.network} on {recipe.data}: accuracy in per cent",
    )
    every = [study.floats[split] for split in range(splits) if split in study.floats]
    cells = [f"{study.floats[split].percent:.2f}" if split in study.floats else "" for split in range(splits)]
    result.add_row("float", "", f"{mean(every):.2f}" if every else "", "", "", *cells)
    for precision in precisions:
        done = [split for split in range(splits) if (str(precision), split) in study.integers]
        scores = [study.integers[str(precision), split] for split in done]
        row = [str(precision.weight_bits), str(precision.steps)]
        if scores:
            calibrated = sum(100 * (score.calibrated or 0) / score.images for score in scores) / len(scores)
            distance = mean(scores) - mean([study.floats[split] for split in done])
            row += [f"{mean(scores):.2f}", f"{distance:+.2f}", f"{calibrated:.2f}"]
            by_split = {split: f"{score.percent:.2f}" for split, score in zip(done, scores, strict=True)}
            row += [by_split.get(split, "") for split in range(splits)]
        result.add_row(*row)
    return result


if __name__ == "__main__":
    sys.exit(main())
