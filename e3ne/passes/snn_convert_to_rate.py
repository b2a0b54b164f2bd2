"""`snn-convert-to-rate`: ReLUs become integrate-and-fire neurons whose rate of spikes stands for the activation.

The baseline that other encodings are held against: thresholds are balanced on data, the reset subtracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dataset import read
from e3ne.dialects.snn import (
    LifOp,
    MaxPoolOp,
    NetworkOp,
    OutputOp,
    ReluOp,
    SumStepsOp,
    SynapseOp,
    find_network,
)
from e3ne.errors import E3neError
from e3ne.frontends.structure import float_problems, is_spiking
from e3ne.options import MAX_STEPS
from e3ne.passes.effects import Effect
from e3ne.passes.parameter_table import ParameterTable
from e3ne.quantization.activations import METHODS, Method, activation_scale
from e3ne.quantization.levels import Levels
from e3ne.semantics.snn import run_float


@dataclass(frozen=True)
class SnnConvertToRatePass(ModulePass):
    """Turns a network of ReLUs into one of integrate-and-fire neurons, in the float form.

    The threshold θ of a layer is the activation at which it is clipped, chosen on data for the T + 1 numbers of spikes
    that a train can have (Diehl et al., Fast-Classifying, High-Accuracy Spiking Deep Networks, IJCNN 2015; Rueckauer et
    al., 2017). A spike stands for θ / T: weights behind it are multiplied with θ, the sum of all steps is the result.
    Membranes begin at half a threshold, which rounds to the nearest number of spikes (Bu et al., ICLR 2022), and are
    reset by subtraction. Max pools go in front of their neurons: an OR of spikes would overestimate the largest rate.
    """

    name = "snn-convert-to-rate"
    effect: ClassVar[Effect] = Effect.CONVERTS_TO_RATE

    data: str
    """images: .npy, or .npz with `x`"""
    time_steps: int
    """time steps T of a train"""
    method: str = "mse"
    """where activations are clipped: mse (least squared error), max, or percentile"""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises one E3neError for wrong options, unreadable data, and all that keeps it from converting."""
        network = find_network(op)
        spiking = is_spiking(network)
        problems = ["the network has integrate-and-fire neurons already"] if spiking else float_problems(network)
        if not 1 <= self.time_steps <= MAX_STEPS:
            problems.append(f"time-steps is {self.time_steps}; supported: 1 to {MAX_STEPS}")
        if self.method not in METHODS:
            problems.append(f"method is '{self.method}'; supported: {', '.join(METHODS)}")
        if problems:
            raise E3neError("; ".join(problems))
        convert(op, read(Path(self.data)).images, self.time_steps, cast(Method, self.method))


def convert(module: ModuleOp, images: npt.NDArray[np.floating], time_steps: int, method: Method) -> None:
    """Converts a folded float network in place; `images` are (N, C, H, W). Raises E3neError."""
    network, table = find_network(module), ParameterTable(module)
    _pool_before_neurons(network)
    values = run_float(module, images, keep=True).values
    levels = Levels(np.arange(time_steps + 1))
    spike = 1.0
    for op in list(network.layers()):
        if isinstance(op, SynapseOp):
            weights = np.asarray(op.weights_parameter.array, np.float64)
            table.assign(op, "weights", f"{op.layer_name}_weight", weights * spike)
        elif isinstance(op, ReluOp):
            spike = time_steps * activation_scale(values[op.layer_name, op.KIND].astype(np.float64), levels, method)
            _replace(op, table, spike)
    terminator = network.block.last_op
    assert isinstance(terminator, OutputOp)
    total = SumStepsOp("total", terminator.values[0])
    network.block.insert_op_before(total, terminator)
    terminator.operands[0] = total.output
    network.update_type()
    table.erase_unused()


def _pool_before_neurons(network: NetworkOp) -> None:
    """Max pools go in front of the ReLUs that they follow, which changes no result.

    The largest of some drives in a step is much nearer to the largest mean drive than a spike of any of some neurons is
    to the largest rate. A padded pool stays: 0 is not the least drive.
    """
    for pool in list(network.layers()):
        relu = pool.input.owner
        if not isinstance(pool, MaxPoolOp) or not isinstance(relu, ReluOp) or any(pool.window.padding):
            continue
        first = MaxPoolOp(pool.layer_name, relu.input, pool.window)
        second = ReluOp(relu.layer_name, first.output)
        network.block.insert_op_before(first, relu)
        network.block.insert_op_before(second, relu)
        pool.output.replace_all_uses_with(second.output)
        for op in (pool, relu):
            op.detach()
            op.erase()


def _replace(op: ReluOp, table: ParameterTable, threshold: float) -> None:
    numbers = {"threshold": threshold, "decay": 1.0, "initial": threshold / 2, "reset_value": 0.0, "gain": 1.0}
    symbols = {field: table.define(f"{op.layer_name}_{field}", np.full(1, number)) for field, number in numbers.items()}
    neuron = LifOp(op.layer_name, op.input, op.output.type, symbols, fires="ge", reset="subtract", timing="same_step")
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(neuron, op)
    op.output.replace_all_uses_with(neuron.output)
    op.detach()
    op.erase()
