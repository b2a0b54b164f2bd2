"""One row's network through all levels, compared at each."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from benchmarks.interop.networks import STEPS, Kind, is_fair
from benchmarks.interop.row import Row, Sample
from e3ne.backends.verilog.target import print_verilog
from e3ne.check import check_model, check_verilog
from e3ne.dialects.snn import LifOp, find_network
from e3ne.frontends.spiking.description import (
    Convolution,
    Linear,
    Neuron,
    Operation,
    Pool,
    Reals,
    SpikingNetwork,
)
from e3ne.frontends.spiking.lower import lower
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.dataflow import find_graph, plan
from e3ne.semantics.plan import Plan
from e3ne.semantics.snn import run_network

UNIT = 256
"""Weights are multiples of its inverse."""
CYCLES_A_STEP = 400
"""Between time steps, at most."""


@dataclass(frozen=True)
class Result:
    """A line of the table. `compared` are neurons times steps times samples, `spikes` those of the library.

    Differences are counted in neurons and steps for the library, in elements and beats of all streams below; -1 where
    nothing was compared. `refused` is the reason of whoever refused the network; `failed` is what should not be.
    """

    library: str
    neuron: str
    settings: str
    through: str
    network: str
    layers: int = 0
    steps: int = 0
    compared: int = 0
    spikes: int = 0
    library_snn: int = -1
    snn_cycles: int = -1
    cycles_verilog: int = -1
    refused: str = ""
    failed: str = ""

    @property
    def is_good(self) -> bool:
        """No difference at any level, or refused as it must be."""
        nothing = (self.library_snn, self.snn_cycles, self.cycles_verilog)
        return not self.failed and (nothing == (0, 0, 0) or bool(self.refused))


def measure(row: Row, kind: Kind) -> Result:
    """Builds the row's network of a kind, and compares it at all levels."""
    about = (row.library, row.neuron, row.settings, row.through, kind)
    with tempfile.TemporaryDirectory(prefix="e3ne-interop-") as folder:
        try:
            sample = row.make(kind, Path(folder))
            if row.refused:
                return Result(*about, failed=f"was to be refused: {row.refused}")
            return _compared(about, sample, Path(folder) / "rtl")
        except Exception as error:
            # a library's exporter raises whatever it likes
            lines = [line.strip(" -") for line in str(error).splitlines()]
            if row.refused and (reasons := [line for line in lines if row.refused in line]):
                return Result(*about, refused=reasons[0])
            return Result(*about, failed=f"{type(error).__name__}: {' '.join(lines)}")


@dataclass(frozen=True)
class _Built:
    """A network at all levels, as far as the comparisons of `e3ne check` need them."""

    integer: ModuleOp
    plan: Plan
    verilog: Path


def _build(network: SpikingNetwork, weight_bits: int, folder: Path) -> _Built:
    """Folded by the quick rule: the choice of the best hardware takes longer than all comparisons."""
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits={weight_bits}}}")
    integer = module.clone()
    fold = f"dataflow-fold{{interval={CYCLES_A_STEP * STEPS}}}"
    run_passes(module, f"convert-snn-to-dataflow,{fold},dataflow-legalize-streams,dataflow-insert-fifos")
    finished = plan(find_graph(module))
    run_passes(module, "convert-dataflow-to-rtl,canonicalize,cse,rtl-check-combinational-loops")
    folder.mkdir()
    for name, text in print_verilog(module).items():
        (folder / name).write_text(text, encoding="utf-8")
    return _Built(integer, finished, folder)


def _compared(about: tuple[str, str, str, str, str], sample: Sample, folder: Path) -> Result:
    if not all(is_fair(trains) for trains in sample.expected.values()):
        raise ValueError("a layer spikes hardly ever, or nearly always")
    samples, steps = sample.inputs.shape[:2]
    assert steps == STEPS
    shape = sample.inputs.shape[2:]
    spikes = sample.inputs.astype(np.float32).reshape(samples, steps, *(shape if len(shape) == 3 else (*shape, 1, 1)))
    built = _build(sample.network, _weight_bits(sample), folder)
    found = run_network(built.integer, spikes, keep=True)
    neurons = [op for op in find_network(built.integer).layers() if isinstance(op, LifOp)]
    trains = [found.values[op.layer_name, op.KIND] for op in neurons]
    pairs = list(zip(sample.expected.values(), trains, strict=True))
    return Result(
        *about,
        layers=len(pairs),
        steps=steps,
        compared=sum(expected.size for expected, _ in pairs),
        spikes=int(sum(expected.sum() for expected, _ in pairs)),
        library_snn=sum(int((expected != given.reshape(expected.shape)).sum()) for expected, given in pairs),
        snn_cycles=check_model(built, spikes, lambda _: None).differences,
        cycles_verilog=sum(check.differences for check in check_verilog(built, spikes, lambda _: None)),
    )


def _weight_bits(sample: Sample) -> int:
    """What weights and biases need to be kept exactly."""
    parts = [node.operation for node in sample.network.nodes]
    arrays = [array for part in parts for array in _numbers(part) if array is not None]
    if any((array * UNIT != np.rint(array * UNIT)).any() for array in arrays):
        raise ValueError(f"weights are not multiples of 1/{UNIT}")
    # behind a pool a drive has a finer unit, which biases and recurrent weights share
    finest = UNIT * max([part.kernel[0] * part.kernel[1] for part in parts if isinstance(part, Pool)], default=1)
    return max(2, *(int(np.abs(array * finest).max()).bit_length() + 1 for array in arrays))


def _numbers(part: Operation) -> tuple[Reals | None, ...]:
    match part:
        case Convolution() | Linear():
            return part.weights, part.bias
        case Neuron():
            return part.recurrent, part.recurrent_bias
        case _:
            return ()
