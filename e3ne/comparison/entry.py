"""An entry of a comparison: a model in an encoding with some time steps, measured on images; or why there is none."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.activity import spikes, synaptic_operations
from e3ne.compilation import CALIBRATION_IMAGES, Source
from e3ne.dataset import Dataset
from e3ne.design import DATA
from e3ne.dialects.snn import EncodingAttr, TrainType, find_network
from e3ne.errors import E3neError
from e3ne.models import zoo
from e3ne.options import RATES, Options
from e3ne.passes.pipelines import relu_stages
from e3ne.pipeline_runner import read_module, run_passes
from e3ne.report import SPIKE_IMAGES, accuracy
from e3ne.semantics.snn import run_network


@dataclass(frozen=True)
class Entry:
    """A network in one encoding. Numbers are means an image; they are absent where there is a `reason`."""

    encoding: str
    steps: int
    trains: tuple[str, ...] = ()
    """the encodings of the image and of all neurons, each once"""
    tuned: bool = False
    """whether its weights were trained for this precision; all others are calibrated only"""
    accuracy: float | None = None
    """percent of the test images"""
    spikes: float | None = None
    """of the image and of all neurons and pools"""
    synaptic_operations: float | None = None
    """(spike, weight) pairs that meet"""
    reason: str = ""
    """why there is no such network"""


@dataclass(frozen=True)
class Comparison:
    """Makes and measures networks. `own` says that the model is a reference network with its own images."""

    source: Source
    training: Dataset
    test: Dataset
    own: bool
    weight_bits: int
    period: int

    def measure(self, encoding: str, steps: int) -> Entry:
        """The entry of an encoding and a number of time steps; what cannot be made has a reason."""
        options = Options(encoding=encoding, weight_bits=self.weight_bits, period=self.period)
        options = replace(options, **{"time_steps" if encoding in RATES else "steps": steps})
        try:
            options.check()
            module, tuned = self._make(options)
        except E3neError as error:
            return Entry(encoding, steps, reason=str(error))
        network = find_network(module)
        run = run_network(module, self.test.images[:SPIKE_IMAGES], keep=True)
        correct = None
        if self.test.labels is not None:
            correct = accuracy(run_network(module, self.test.images).outputs[0], self.test.labels)
        return Entry(
            encoding,
            steps,
            _trains(module),
            tuned,
            correct,
            round(spikes(run, network), 1),
            round(synaptic_operations(run, network), 1),
        )

    def _make(self, options: Options) -> tuple[ModuleOp, bool]:
        tuned = zoo.tuned(self.source.name, options.weight_bits, options.steps) if self.own else None
        if tuned is not None and options.only_radix:
            return self._run(read_module(tuned), options, tuned=True), True
        return self._run(self.source.reference.clone(), options, tuned=False), False

    def _run(self, module: ModuleOp, options: Options, *, tuned: bool) -> ModuleOp:
        with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
            data = Path(folder) / DATA
            replace(self.training.first(CALIBRATION_IMAGES), labels=None).save(data)
            for stage in relu_stages(options, str(data), tuned=tuned):
                run_passes(module, ",".join(stage.passes))
        return module


def _trains(module: ModuleOp) -> tuple[str, ...]:
    found: list[EncodingAttr] = [
        op.output.type.encoding for op in find_network(module).layers() if isinstance(op.output.type, TrainType)
    ]
    return tuple(dict.fromkeys(str(encoding).removeprefix("#snn.") for encoding in found))
