"""Fine-tune a reference network at a precision: `python -m e3ne.models.tune NAME --weight-bits W --steps T`."""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import externalise
from e3ne.errors import E3neError
from e3ne.frontends.model_source import load_model
from e3ne.models import mnist, zoo
from e3ne.models.labelled_images import LabelledImages
from e3ne.models.training import Augmentation
from e3ne.passes.layer_encodings import EncodingChoice
from e3ne.passes.snn_calibrate import calibrate
from e3ne.passes.snn_fold_batch_norm import SnnFoldBatchNormPass
from e3ne.passes.snn_quantize import SnnQuantizePass
from e3ne.pipeline_runner import print_module
from e3ne.quantization.fine_tune import fine_tune
from e3ne.semantics.snn import NetworkRun, run_float, run_network

CALIBRATION_DIGITS = 1_000


@dataclass(frozen=True)
class Settings:
    """What a tuned network depends on, beside the checkpoint that it starts from."""

    weight_bits: int
    steps: int
    epochs: int = 40
    seed: int = 0
    learning_rate: float = 2e-3
    threads: int = 1
    augmentation: Augmentation | None = Augmentation()


def tune(
    module: ModuleOp, settings: Settings, training: LabelledImages, *, progress: bool = False
) -> tuple[ModuleOp, ModuleOp]:
    """The float network `module`, which is changed, calibrated; and the same after fine-tuning on `training`.

    Both are in the annotated float form, ready for `snn-quantize`.
    """
    SnnFoldBatchNormPass().apply(Context(), module)
    images = training[:CALIBRATION_DIGITS].images
    calibrate(module, images, EncodingChoice(steps=settings.steps), weight_bits=settings.weight_bits)
    tuned = module.clone()
    fine_tune(
        tuned,
        training.images,
        training.labels,
        epochs=settings.epochs,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        threads=settings.threads,
        augmentation=settings.augmentation,
        progress=progress,
    )
    return module, tuned


def quantised(module: ModuleOp) -> ModuleOp:
    """The integer form of an annotated float module, which stays as it is."""
    integer = module.clone()
    SnnQuantizePass().apply(Context(), integer)
    integer.verify()
    return integer


def integer_accuracy(module: ModuleOp, digits: LabelledImages) -> float:
    """The share (0..1) of digits that the integer form of an annotated float module gets right."""
    return _share(run_network(quantised(module), digits.images), digits)


def write(module: ModuleOp, folder: Path, stem: str) -> Path:
    """Writes `stem`.mlir, and its large parameters as `stem`.safetensors beside it; gives the former."""
    path = folder / f"{stem}.mlir"
    path.write_text(print_module(externalise(module, folder, stem)), encoding="utf-8")
    return path


def main() -> int:
    """The command; exit status 2 for a mistake of the user's."""
    parser = argparse.ArgumentParser(
        prog="python -m e3ne.models.tune",
        description="Fine-tune a reference network with the integer network in the loop, on the training digits.",
    )
    parser.add_argument("name", help=f"one of: {', '.join(entry.name for entry in zoo.entries())}")
    parser.add_argument("--weight-bits", type=int, required=True, metavar="W")
    parser.add_argument("--steps", type=int, required=True, metavar="T", help="time steps of every spike train")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--learning-rate", type=float, default=Settings.learning_rate)
    parser.add_argument("--threads", type=int, default=Settings.threads, help="of torch; the weights depend on it")
    parser.add_argument("-o", "--output", type=Path, default=zoo.TUNED, metavar="FOLDER", help="default: the project's")
    options = parser.parse_args()
    settings = Settings(
        options.weight_bits, options.steps, options.epochs, options.seed, options.learning_rate, options.threads
    )
    try:
        _run(options.name, settings, options.output)
    except E3neError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _run(name: str, settings: Settings, folder: Path) -> None:
    if not folder.is_dir():
        raise E3neError(f"-o {folder}: there is no such folder")
    start, unseen = time.monotonic(), mnist.test()
    before, after = tune(load_model(name, None), settings, mnist.train(), progress=True)
    path = write(after, folder, zoo.tuned_stem(name, settings.weight_bits, settings.steps))
    shares = {
        "float": _share(run_float(load_model(name, None), unseen.images), unseen),
        "integer, calibrated": integer_accuracy(before, unseen),
        "integer, fine-tuned": integer_accuracy(after, unseen),
    }
    print(f"{path}: {settings.epochs} epochs in {time.monotonic() - start:.0f} s")
    for kind, share in shares.items():
        print(f"accuracy on {len(unseen)} unseen digits, {kind}: {share:.2%}")


def _share(run: NetworkRun, digits: LabelledImages) -> float:
    return np.count_nonzero(run.outputs[0].argmax(axis=1) == digits.labels) / len(digits)


if __name__ == "__main__":
    sys.exit(main())
