"""The model and the data that a command names."""

from __future__ import annotations

import argparse
from math import prod

from xdsl.dialects.builtin import ModuleOp

from e3ne import dataset
from e3ne.compilation import Source
from e3ne.dataset import Dataset
from e3ne.dialects.snn import find_network, shape_of
from e3ne.errors import E3neError
from e3ne.event_data import Binning
from e3ne.frontends.structure import is_spiking
from e3ne.module_text import MOST_ELEMENTS
from e3ne.options import Options
from e3ne.whole_number import whole_number


def source_and_data(arguments: argparse.Namespace, options: Options) -> tuple[Source, Dataset, Dataset]:
    """The model, the data that it is calibrated or trained with, and those that it is measured on.

    Raises E3neError for what cannot be read, or does not go together.
    """
    from e3ne.frontends.model_source import load_model
    from e3ne.models import zoo

    model: str = arguments.model
    if options.bin_width and arguments.data is None:
        raise E3neError("--bin-width is for address events, but there is no --data")
    binning = Binning(options.time_steps, options.bin_width, is_asked=options.bin_width > 0)
    given = None if arguments.data is None else dataset.read(arguments.data, "--data", binning)
    measured = None if arguments.test_data is None else dataset.read(arguments.test_data, "--test-data", binning)
    reference = load_model(model, _given_shape(_shape(arguments.input_shape), given, measured), options.dialect)
    # A reference network with images of its own: those that it was trained, and perhaps tuned, on.
    own = given is None and model in [entry.name for entry in zoo.entries()]
    if own:
        training, test = dataset.reference(model, training=True), dataset.reference(model, training=False)
    else:
        training = test = given or _random_data(reference, options)
    test = measured or test
    name = find_network(reference).sym_name.data
    tuned = zoo.tuned(name, options.weight_bits, options.steps) if own and _default_training(options) else None
    if tuned is None:
        return Source(name, reference, reference, own_data=own), training, test
    from e3ne.pipeline_runner import read_module

    return Source(name, read_module(tuned), reference, tuned=True, own_data=True), training, test


def _random_data(reference: ModuleOp, options: Options) -> Dataset:
    """Random images; random spikes for networks of integrate-and-fire neurons, if they are to run for some steps."""
    shape = _image_shape(reference)
    if is_spiking(find_network(reference)) and options.time_steps:
        return dataset.random_spikes(shape, options.time_steps)
    return dataset.random(shape)


def _given_shape(
    option: tuple[int, int, int] | None, data: Dataset | None, test: Dataset | None
) -> tuple[int, int, int] | None:
    """(channels, height, width) of an image, wherever it is given; raises E3neError if it is given differently."""
    given = {"--input-shape": option, "--data": data and data.shape, "--test-data": test and test.shape}
    shapes = {name: shape for name, shape in given.items() if shape}
    if len(set(shapes.values())) > 1:
        raise E3neError("images differ in shape: " + ", ".join(f"{name} {shape}" for name, shape in shapes.items()))
    return next(iter(shapes.values()), None)


def _default_training(options: Options) -> bool:
    """Whether the options are those that the tuned reference networks were trained with."""
    changed = options.fine_tune or options.weight_bits_by_layer or not options.only_radix
    return options.granularity == "per_channel" and options.calibration == "mse" and not changed


def _shape(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    sizes = [whole_number(number) or 0 for number in text.split(",")]
    if len(sizes) != 3 or 0 in sizes:
        raise E3neError(f"--input-shape is {text!r}; three positive numbers C,H,W are needed")
    if prod(sizes) > MOST_ELEMENTS:
        raise E3neError(f"--input-shape is {text!r}; at most {MOST_ELEMENTS:,} numbers of an image are supported")
    channels, height, width = sizes
    return channels, height, width


def _image_shape(module: ModuleOp) -> tuple[int, int, int]:
    channels, height, width = shape_of(find_network(module).image.type)
    return channels, height, width
