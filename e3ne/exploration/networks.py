"""The integer network of each precision: made once, kept in OUT/networks with its accuracy and activity."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.analysis.activity import operations_by_layer, spikes
from e3ne.compilation import CALIBRATION_IMAGES, Source
from e3ne.dataset import Dataset
from e3ne.design import DATA, PARAMETERS
from e3ne.dialects.snn import SynapseOp, find_network
from e3ne.dialects.snn.parameters import externalise
from e3ne.exploration.point import Network, Precision
from e3ne.exploration.state import State
from e3ne.files import write_whole
from e3ne.models import zoo
from e3ne.options import Options
from e3ne.passes.pipelines import network_stages, quantize_stage
from e3ne.pipeline_runner import print_module, read_module, run_passes
from e3ne.report import SPIKE_IMAGES, accuracy
from e3ne.semantics.snn import run_float, run_network


@dataclass
class Networks:
    """Makes, measures and keeps networks. `own` says that the model is a reference network with its own images."""

    state: State
    source: Source
    training: Dataset
    test: Dataset
    own: bool
    device: str

    @property
    def layers(self) -> list[str]:
        """The layers with weights."""
        network = find_network(self.source.reference)
        return [op.layer_name for op in network.layers() if isinstance(op, SynapseOp)]

    def measure_float(self) -> None:
        """The accuracy of the float network, once."""
        if self.state.float_accuracy is None and self.test.labels is not None:
            outputs = run_float(self.source.reference, self.test.images).outputs[0]
            self.state.float_accuracy = accuracy(outputs, self.test.labels)

    def options(self, precision: Precision) -> Options:
        """The options of e3ne compile that give this network."""
        return Options(
            steps=precision.steps,
            weight_bits=precision.weight_bits,
            weight_bits_by_layer=precision.layers,
            device=self.device,
        )

    def get(self, precision: Precision) -> Network:
        """What is known of a network; made and measured if it is new."""
        known = self.state.networks.get(precision.name)
        if known is not None and self._file(precision).exists():
            return known
        module, tuned = self._make(precision)
        path = self._file(precision)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, print_module(externalise(module, path.parent, f"{path.stem}{PARAMETERS}")))
        correct = None
        if self.test.labels is not None:
            correct = accuracy(run_network(module, self.test.images).outputs[0], self.test.labels)
        run = run_network(module, self.test.images[:SPIKE_IMAGES], keep=True)
        network = find_network(module)
        found = Network(
            precision.name,
            precision.steps,
            precision.weight_bits,
            precision.layers,
            tuned,
            correct,
            round(spikes(run, network), 1),
            operations_by_layer(run, network, recoded=True),
        )
        self.state.networks[precision.name] = found
        self.state.save()
        return found

    def module(self, precision: Precision) -> ModuleOp:
        """The integer network."""
        self.get(precision)
        return read_module(self._file(precision))

    def is_tuned(self, precision: Precision) -> bool:
        """Whether the network comes fine-tuned."""
        return self._tuned(precision) is not None

    def _tuned(self, precision: Precision) -> Path | None:
        uniform = self.own and not precision.by_layer
        return zoo.tuned(self.source.name, precision.weight_bits, precision.steps) if uniform else None

    def _make(self, precision: Precision) -> tuple[ModuleOp, bool]:
        options = self.options(precision)
        tuned = self._tuned(precision)
        module = self.source.reference.clone() if tuned is None else read_module(tuned)
        with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
            data = Path(folder) / DATA
            images = self.training.first(CALIBRATION_IMAGES)
            replace(images, labels=None).save(data)
            stages = network_stages(options, str(data)) if tuned is None else [quantize_stage(options, str(data))]
            for stage in stages:
                run_passes(module, ",".join(stage.passes))
        return module, tuned is not None

    def _file(self, precision: Precision) -> Path:
        return self.state.folder / "networks" / f"{precision.name}.mlir"
