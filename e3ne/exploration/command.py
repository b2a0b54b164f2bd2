"""`e3ne explore`."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from itertools import product
from pathlib import Path

from rich.console import Console

from e3ne.compilation import CALIBRATION_IMAGES, Source
from e3ne.dataset import Dataset
from e3ne.dialects.snn import find_network
from e3ne.errors import INTERRUPTED, E3neError
from e3ne.exploration.clock import Clock
from e3ne.exploration.explore import Exploration
from e3ne.exploration.networks import Networks
from e3ne.exploration.output import table_of, write_outputs
from e3ne.exploration.point import Precision
from e3ne.exploration.state import State, require_explorable, resume
from e3ne.model_and_data import source_and_data
from e3ne.options import Options
from e3ne.pipeline_runner import print_module
from e3ne.report import has_classes
from e3ne.terminal import progress, terminal
from e3ne.whole_number import whole_number


def run(arguments: argparse.Namespace) -> int:
    """Explores until the time is up, or Ctrl-C; 130 then. Raises E3neError."""
    precisions = _precisions(arguments)
    options = Options(device=arguments.device)
    options.check()
    if arguments.accuracy_floor is not None and not 0 <= arguments.accuracy_floor <= 100:
        raise E3neError(f"--accuracy-floor is {arguments.accuracy_floor}; supported: 0 to 100 percent")
    folder: Path = arguments.output_folder
    require_explorable(folder)
    if Path(arguments.model).suffix == ".nir":
        raise E3neError(_over_time(arguments.model))
    clock = Clock(60 * arguments.minutes)
    status, finished, state = 0, False, None
    with progress(Console(stderr=True)) as show:
        try:
            show("reading the model")
            source, training, test = source_and_data(arguments, options)
            if source.is_spiking:
                raise E3neError(_over_time(arguments.model))
            if source.is_quantized:
                raise E3neError(f"network '{source.name}' is quantised: there is no precision to explore")
            if not has_classes(find_network(source.reference)):
                test = replace(test, labels=None)
            state = resume(folder, _about(arguments, source, training, test))
            networks = Networks(state, source, training, test, source.own_data, arguments.device)
            exploration = Exploration(
                networks, precisions, _of_compile(arguments), arguments.accuracy_floor, clock, show
            )
            finished = exploration.run()
        except KeyboardInterrupt:
            status = INTERRUPTED
    if state is not None:
        _conclude(state, finished)
    return status


def _over_time(model: str) -> str:
    return (
        f"model '{model}' runs for time steps; e3ne explore tries steps and weights of networks of radix trains alone "
        "(e3ne compile takes this one)"
    )


def _conclude(state: State, finished: bool) -> None:
    written = write_outputs(state)
    console = terminal()
    console.print(table_of(state.front, state))
    more = "nothing is left to try" if finished else "the same command again goes on from here"
    console.print(f"{state.folder}: explore.json {' '.join(written)} points/ networks/; {more}", soft_wrap=True)


def _precisions(arguments: argparse.Namespace) -> list[Precision]:
    steps = _numbers("--steps", arguments.steps, 1)
    widths = _numbers("--weight-bits", arguments.weight_bits, 2)
    return [Precision(count, bits) for count, bits in product(steps, widths)]


def _numbers(option: str, text: str, low: int) -> list[int]:
    """Whole numbers up to 8, separated by commas; raises E3neError."""
    if "=" in text and option == "--steps":
        raise E3neError(
            f"{option} is {text!r}: designs that are explored have the same number of time steps in all layers; only "
            "weights differ by layer there, and that is searched by itself (e3ne compile has --steps-by-layer)"
        )
    found = {whole_number(entry) or 0 for entry in text.split(",")}
    if not all(low <= number <= 8 for number in found):
        raise E3neError(f"{option} is {text!r}; supported: numbers of {low} to 8, separated by commas")
    return sorted(found)


def _about(arguments: argparse.Namespace, source: Source, training: Dataset, test: Dataset) -> dict[str, object]:
    """What an exploration is of; a restarted one must be of the same."""
    images = hashlib.sha256(training.first(CALIBRATION_IMAGES).images.tobytes())
    images.update(test.images.tobytes())
    return {
        "model": source.name,
        "weights": hashlib.sha256(print_module(source.reference).encode()).hexdigest(),
        "images": images.hexdigest(),
        "device": arguments.device,
    }


def _of_compile(arguments: argparse.Namespace) -> list[str]:
    """The model and its images as e3ne compile takes them."""
    found = [str(arguments.model)]
    for name in ("data", "test_data", "input_shape"):
        if (value := getattr(arguments, name)) is not None:
            found += [f"--{name.replace('_', '-')}", str(value)]
    return found
