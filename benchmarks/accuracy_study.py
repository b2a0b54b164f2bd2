"""Accuracies of float and integer networks over splits of the data, kept item by item in a folder."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from safetensors.torch import save_file
from torch import nn

from e3ne.errors import E3neError
from e3ne.files import write_whole
from e3ne.frontends.torch_export import import_module
from e3ne.models import training, tune, zoo
from e3ne.models.labelled_images import LabelledImages

STATE = "accuracy.json"
SCHEMA = 1

Load = Callable[[int], tuple[LabelledImages, LabelledImages]]
"""From the number of a split to its images for training and for tests."""


class Precision(NamedTuple):
    """Bits W of a weight and time steps T."""

    weight_bits: int
    steps: int

    def __str__(self) -> str:
        return f"w{self.weight_bits}t{self.steps}"


@dataclass(frozen=True)
class Recipe:
    """How each network is trained: the float one from random weights, then one fine-tuned from it a precision."""

    network: str
    data: str
    float_epochs: int
    epochs: int
    """of fine-tuning"""
    augmentation: training.Augmentation | None
    seed: int = 0


@dataclass(frozen=True)
class Score:
    """How many of a split's test images a network gets right, and how long it took."""

    right: int
    images: int
    seconds: float
    calibrated: int | None = None
    """right ones of the integer network before fine-tuning; None for a float network"""

    def __post_init__(self) -> None:
        counts = [self.right, self.images] + ([] if self.calibrated is None else [self.calibrated])
        if any(type(count) is not int for count in counts) or not all(0 <= count <= self.images for count in counts):
            raise E3neError(f"{self} is no score: numbers of right images are 0 to that of the images")
        if self.images < 1:
            raise E3neError(f"{self} is no score: there are no images")
        if type(self.seconds) not in (int, float) or not 0 <= self.seconds < np.inf:
            raise E3neError(f"{self} is no score: seconds are not negative")

    @property
    def percent(self) -> float:
        """Of the images, 0 … 100."""
        return 100 * self.right / self.images


@dataclass
class Study:
    """What is measured in a folder; a folder is of one recipe. Items that are done are not measured again.

    Keys are numbers of splits, and ("w3t4", split) of integer networks.
    """

    folder: Path
    recipe: Recipe
    load: Load
    floats: dict[int, Score] = field(default_factory=dict[int, Score])
    integers: dict[tuple[str, int], Score] = field(default_factory=dict[tuple[str, int], Score])

    def measure_float(self, split: int) -> Score:
        """Trains the float network of a split, unless it is there."""
        path = self._checkpoint(split)
        if split not in self.floats or not path.is_file():
            start, (images, unseen) = time.monotonic(), self.load(split)
            recipe = training.Recipe(augmentation=self.recipe.augmentation)
            model = training.initialise(zoo.get(self.recipe.network).factory, self.recipe.seed)
            epochs, seed = self.recipe.float_epochs, self.recipe.seed
            training.fit(model, images.images, images.labels, epochs, seed, recipe, progress=True)
            right = round(training.accuracy(model, unseen.images, unseen.labels) * len(unseen))
            self.folder.mkdir(parents=True, exist_ok=True)
            save_file(model.state_dict(), path)
            self.floats[split] = Score(right, len(unseen), _seconds_since(start))
            self.save()
        return self.floats[split]

    def measure_integer(self, precision: Precision, split: int) -> Score:
        """Fine-tunes the float network of a split at a precision, and runs it as integers, unless that was done."""
        key = (str(precision), split)
        if key not in self.integers:
            self.measure_float(split)
            start, (images, unseen) = time.monotonic(), self.load(split)
            settings = tune.Settings(
                *precision, epochs=self.recipe.epochs, seed=self.recipe.seed, augmentation=self.recipe.augmentation
            )
            entry = zoo.get(self.recipe.network)
            module = import_module(self.float_network(split), entry.input_shape, entry.name)
            before, after = tune.tune(module, settings, images, progress=True)
            stem = f"split{split}_w{precision.weight_bits}_t{precision.steps}"
            tune.write(after, self.folder, stem)
            calibrated, right = (round(tune.integer_accuracy(one, unseen) * len(unseen)) for one in (before, after))
            self.integers[key] = Score(right, len(unseen), _seconds_since(start), calibrated)
            self.save()
        return self.integers[key]

    def float_network(self, split: int) -> nn.Module:
        """The trained float network of a split."""
        return zoo.load(self.recipe.network, self._checkpoint(split))

    def save(self) -> None:
        """Writes all scores, at once; raises `E3neError`."""
        content = {
            "schema": SCHEMA,
            "recipe": asdict(self.recipe),
            "float": {str(split): asdict(score) for split, score in self.floats.items()},
            "integer": {f"{name} {split}": asdict(score) for (name, split), score in self.integers.items()},
        }
        write_whole(self.folder / STATE, json.dumps(content, indent=1) + "\n")

    def _checkpoint(self, split: int) -> Path:
        return self.folder / f"split{split}_float.safetensors"


def resume(folder: Path, recipe: Recipe, load: Load) -> Study:
    """What a folder has, or nothing yet. Raises `E3neError` if it is of another recipe or cannot be read."""
    study, path = Study(folder, recipe, load), folder / STATE
    if not path.exists():
        return study
    try:
        found = cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
        if found["schema"] != SCHEMA:
            raise E3neError(f"{path} has schema {found['schema']}, this e3ne writes {SCHEMA}")
        wanted: Mapping[str, object] = asdict(recipe)
        if differs := [name for name in wanted if found["recipe"].get(name) != wanted[name]]:
            raise E3neError(f"{folder} was measured with another {', '.join(differs)}: choose another folder with -o")
        study.floats = {_number(split): _score(path, split, entry) for split, entry in found["float"].items()}
        for key, entry in found["integer"].items():
            name, split = key.split()
            study.integers[name, _number(split)] = _score(path, key, entry)
            if _number(split) not in study.floats:
                raise E3neError(f"{path} has '{key}', but no float network of that split")
            if re.fullmatch(r"w\d+t\d+", name) is None or study.integers[name, _number(split)].calibrated is None:
                raise E3neError(f"{path} has '{key}', which is no score of an integer network")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise E3neError(f"{path} cannot be read: {error!r}") from error
    return study


def _number(split: str) -> int:
    if not split.isdecimal():
        raise ValueError(f"'{split}' is no number of a split")
    return int(split)


def _score(path: Path, key: str, entry: dict[str, Any]) -> Score:
    try:
        return Score(**entry)
    except E3neError as error:
        raise E3neError(f"{path}, '{key}': {error}") from error


def mean(scores: list[Score]) -> float:
    """Mean of the percentages."""
    return float(np.mean([score.percent for score in scores]))


def _seconds_since(start: float) -> float:
    return round(time.monotonic() - start, 1)
