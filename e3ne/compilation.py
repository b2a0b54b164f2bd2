"""Compilation: from a model to a folder with hardware, its model, the intermediate modules and a report."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.dataset import Dataset
from e3ne.design import DATA, PARAMETERS, Design, Report
from e3ne.dialects.snn import find_network
from e3ne.dialects.snn.parameters import externalise
from e3ne.errors import E3neError
from e3ne.frontends.structure import is_quantized, is_spiking
from e3ne.idle_options import Form, idle_problems
from e3ne.options import DEFAULT_INTERVAL, Options
from e3ne.output_folder import replacing
from e3ne.passes.pipelines import (
    Stage,
    hardware_stages,
    integer_stage,
    relu_stages,
    remaining,
    spiking_stage,
)
from e3ne.pipeline_runner import print_module, run_passes
from e3ne.semantics.plan import Plan

Progress = Callable[[str], None]
CALIBRATION_IMAGES = 1000
RADIX_WEIGHT_BITS = 8
"""Of weights at most where neurons emit trains of one frame."""
TESTBENCH_IMAGES = 4


@dataclass(frozen=True)
class Source:
    """What is compiled: a float module, trained at its precision and annotated when `tuned`, or an integer one.

    `reference` is the float network whose accuracy the integers are held against, if they come from one.
    """

    name: str
    module: ModuleOp
    reference: ModuleOp
    tuned: bool = False
    own_data: bool = False
    """whether it is a reference network with the images that it was trained on"""

    @property
    def is_spiking(self) -> bool:
        """Whether it runs for time steps."""
        return is_spiking(find_network(self.module))

    @property
    def form(self) -> str:
        """The name of the file that keeps it."""
        return "quantised" if self.is_quantized else "tuned" if self.tuned else "float"

    @property
    def is_quantized(self) -> bool:
        """Whether it comes as integers."""
        return is_quantized(find_network(self.module))


@dataclass
class Compilation:
    """The modules after each stage, in order, and what the report will need."""

    source: Source
    options: Options
    training: Dataset
    modules: dict[str, ModuleOp] = field(default_factory=dict[str, ModuleOp])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def stages(self, data: str) -> list[Stage]:
        """All stages; a tuned source has been folded, calibrated and trained already."""
        match self.form:
            case "quantised":
                first = [integer_stage(self.options, data)]
            case "spiking":
                first = [spiking_stage(self.options, data, self.time_steps, self._most_spikes)]
            case "converted" | "trains":
                first = relu_stages(self.options, data, tuned=self.source.tuned)
        return [*first, *hardware_stages(self._hardware_options)]

    @property
    def form(self) -> Form:
        """What the network comes as, and what is made of it."""
        if self.source.is_quantized:
            return "quantised"
        if self.source.is_spiking:
            return "spiking"
        return "converted" if self.options.converts else "trains"

    @property
    def _hardware_options(self) -> Options:
        """The options; where no speed is asked the smallest area has its cycles for each time step of a neuron."""
        options = self.options
        asked = options.interval or options.latency or options.target_fps or options.target_latency_us
        if not self.is_temporal or asked or options.objective != "area":
            return options
        return replace(options, interval=DEFAULT_INTERVAL * self.time_steps)

    @property
    def _most_spikes(self) -> int:
        """Spikes of an input in a step: all that the input bus can carry with the bits of the data's; 0 for images."""
        if not self.training.time_steps:
            return 0
        most = int(self.training.images.max())
        return (1 << max(1, most.bit_length())) - 1

    @property
    def is_temporal(self) -> bool:
        """Whether its neurons keep their membranes from step to step."""
        return self.source.is_spiking or self.options.converts

    @property
    def time_steps(self) -> int:
        """T of a network of integrate-and-fire neurons."""
        return self.options.time_steps or self.training.time_steps

    @property
    def calibration(self) -> Dataset:
        """The images that scales are chosen on; fine-tuning learns from all there are."""
        return self.training if self.options.fine_tune else self.training.first(CALIBRATION_IMAGES)


def compile_model(source: Source, training: Dataset, options: Options, progress: Progress) -> Compilation:
    """Runs all stages in memory. Raises E3neError for whatever the user can mend."""
    options.check()
    result = Compilation(source, options, training)
    takes_spikes = training.time_steps > 0
    problems = idle_problems(result.form, options, source.name, takes_spikes=takes_spikes)
    if options.fine_tune and training.labels is None and not problems:
        problems.append("--fine-tune needs labels: give --data an .npz with x and y")
    problems += _time_problems(source, options, training)
    if problems:
        raise E3neError("\n".join(problems))
    module = source.module.clone()
    result.modules[source.form] = module
    with tempfile.TemporaryDirectory(prefix="e3ne-") as folder:
        data = Path(folder) / DATA
        result.calibration.save(data)
        for stage in result.stages(str(data)):
            progress(f"{stage.name}: {', '.join(p.partition('{')[0] for p in stage.passes)}")
            start = time.perf_counter()
            module = module.clone()
            run_passes(module, ",".join(stage.passes))
            result.modules[stage.name] = module
            result.seconds[stage.name] = time.perf_counter() - start
    return result


def _time_problems(source: Source, options: Options, data: Dataset) -> list[str]:
    """All that is wrong about time steps."""
    problems: list[str] = []
    if not source.is_spiking:
        if options.time_steps and not options.converts:
            problems.append(
                f"--time-steps is for integrate-and-fire neurons; trains in {options.encoding} encoding have --steps"
            )
        if options.converts and not options.time_steps:
            problems.append(f"--time-steps is needed for --encoding {options.encoding}")
        if data.time_steps:
            problems.append(f"network '{source.name}' takes images, but the data are spikes in {data.time_steps} steps")
        if options.weight_bits > RADIX_WEIGHT_BITS and not options.converts:
            problems.append(f"--weight-bits is {options.weight_bits}; supported for this network: 2 to 8")
    elif not options.only_radix:
        problems.append("--encoding is for networks of ReLUs; integrate-and-fire neurons have rate trains")
    elif not (options.time_steps or data.time_steps):
        problems.append("--time-steps is needed: images do not tell how many time steps a network runs for")
    elif data.time_steps and options.time_steps not in (0, data.time_steps):
        problems.append(f"--time-steps is {options.time_steps}, but the data have {data.time_steps} time steps")
    return problems


def write(compilation: Compilation, report: Report, out: Path) -> Design:
    """Writes OUT: completely, or not at all. A previous OUT of e3ne's is replaced, anything else refused."""
    from e3ne.backends.cycle_model.emit import emit
    from e3ne.backends.verilog.target import print_verilog
    from e3ne.report import save
    from e3ne.semantics.dataflow import find_graph, plan

    with replacing(out) as folder:
        for name, text in print_verilog(compilation.modules["rtl"]).items():
            _write(folder / "rtl" / name, text)
        design = plan(find_graph(compilation.modules["buffered"]))
        _write(folder / "cycle_model.py", emit(design))
        _write_testbench(folder, design, compilation.training.first(TESTBENCH_IMAGES))
        compilation.calibration.save(folder / "ir" / DATA)
        _write_modules(compilation, folder / "ir", out / "ir")
        save(report, folder)
    return Design(out)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_testbench(folder: Path, design: Plan, data: Dataset) -> None:
    """A testbench that runs by `make`, with the first calibration images as its stimulus."""
    from e3ne.backends.testbench.write import write_testbench
    from e3ne.check import probes, stimulus

    bits = design.pack(data.images)
    interval, latency = design.speed()
    write_testbench(
        folder / "testbench",
        folder / "rtl",
        design.name,
        probes(design),
        stimulus(design, bits),
        input_width=design.input_bits,
        output_width=design.output_bits,
        max_cycles=2 * (latency + interval * data.size) + 10000,
    )


def _write_modules(compilation: Compilation, folder: Path, final: Path) -> None:
    """One numbered file a stage, parameters beside it, and the commands for a shell that continue from each."""
    stages = compilation.stages(str(final / DATA))
    lines: list[str] = []
    for number, (name, module) in enumerate(compilation.modules.items()):
        stem = f"{number:02}-{name}"
        printed = module if name == "rtl" else externalise(module, folder, f"{stem}{PARAMETERS}")
        _write(folder / f"{stem}.mlir", print_module(printed))
        command = ["e3ne-opt", f"{final / stem}.mlir", "-p", remaining(stages, name), "-t", "verilog"]
        lines.append(shlex.join(command) + "\n")
    _write(folder / "continue.txt", "".join(lines))
