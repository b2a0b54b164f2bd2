"""Which float networks can be executed by spiking hardware: the order of operations that quantisation relies on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from e3ne.dialects.snn.base import LayerOp
from e3ne.dialects.snn.batch_norm import BatchNormOp
from e3ne.dialects.snn.lif import LifOp
from e3ne.dialects.snn.network import FlattenOp, NetworkOp, SumStepsOp
from e3ne.dialects.snn.neurons import ReluOp
from e3ne.dialects.snn.pools import AveragePoolOp, MaxPoolOp
from e3ne.dialects.snn.synapses import SynapseOp


@dataclass
class _Walk:
    """The synapse whose membrane is in hand (None: spikes or the image are), and what stands between it and here."""

    synapse: SynapseOp | None = None
    between: list[LayerOp] = field(default_factory=list[LayerOp])
    problems: list[str] = field(default_factory=list[str])

    def step(self, op: LayerOp) -> None:
        """Takes the next operation of the chain."""
        match op:
            case SynapseOp():
                if self.synapse is not None:
                    self.add(op, f"there is no ReLU between it and layer '{self.synapse.layer_name}'")
                self.synapse, self.between = op, []
                return
            case ReluOp():
                self._relu(op)
                return
            case BatchNormOp() if self.synapse is None or self.between:
                self.add(op, "batch normalisation must directly follow a convolution or linear layer")
            case AveragePoolOp() if self.synapse is not None:
                self.add(op, "average pooling must come after the ReLU, not before it")
            case _:
                pass
        self.between.append(op)

    def _relu(self, op: ReluOp) -> None:
        if self.synapse is None:
            self.add(op, "a ReLU must follow a convolution or linear layer (pools may stand between)")
        for other in self.between:
            if self.synapse is not None and isinstance(other, FlattenOp):
                self.add(other, f"flatten must come after the ReLU '{op.layer_name}', not before it")
        self.synapse, self.between = None, []

    def finish(self, last: LayerOp | None) -> None:
        """The end of the network."""
        if isinstance(last, ReluOp):
            self.add(last, "the output layer must be linear: the network may not end with a ReLU")
        elif self.synapse is None:
            self.problems.append("the network must end with a convolution or linear layer")
        for op in self.between:
            if self.synapse is not None and isinstance(op, MaxPoolOp | AveragePoolOp):
                self.add(op, "the network must end with a convolution or linear layer, not with a pool")

    def add(self, op: LayerOp, text: str) -> None:
        """Notes a problem of a layer."""
        self.problems.append(f"layer '{op.layer_name}': {text}")


def is_spiking(network: NetworkOp) -> bool:
    """Whether a network runs for time steps: neurons keep their membranes, or results are summed."""
    return any(isinstance(op, LifOp | SumStepsOp) for op in network.layers())


def is_quantized(network: NetworkOp) -> bool:
    """Whether a network is in the integer form, with membranes in a single frame, and so has nothing to calibrate."""
    return any(op.is_integer for op in network.layers()) and not is_spiking(network)


def structure_problems(network: NetworkOp) -> Sequence[str]:
    """Why a network in the float form cannot become one of radix trains; empty if it can.

    A network is a chain: pools and flatten of the image; then, once for each layer, a convolution or linear layer with
    optional batch normalisation, optional maximum pools, a ReLU, optional pools and flatten; at the end a convolution
    or linear layer without ReLU.
    """
    if is_spiking(network):
        return [
            f"layer '{op.layer_name}': it runs over time steps, which goes with snn-quantize-spiking alone"
            for op in network.layers()
            if isinstance(op, LifOp | SumStepsOp)
        ]
    walk = _Walk()
    last = None
    for op in network.layers():
        walk.step(op)
        last = op
    walk.finish(last)
    return [*_chain_problems(network), *walk.problems]


def float_problems(network: NetworkOp) -> list[str]:
    """Why a network cannot be calibrated: it is not folded, not in the float form or not of the order needed."""
    found = [
        f"layer '{op.layer_name}': batch normalisation must be folded first (snn-fold-batch-norm)"
        for op in network.layers()
        if isinstance(op, BatchNormOp)
    ]
    if any(op.is_integer for op in network.layers()):
        return [*found, "the network is quantised already: it is in the integer form"]
    return [*found, *structure_problems(network)]


def _chain_problems(network: NetworkOp) -> list[str]:
    """Where a layer does not take the result of the one before it, and the output is not the last one's."""
    found: list[str] = []
    value = network.image
    for op in network.layers():
        if op.input is not value:
            found.append(
                f"layer '{op.layer_name}': branches are not supported: every layer must take the result of the layer "
                "before it"
            )
        value = op.output
    if len(network.outputs) != 1:
        found.append(f"the network must have one output, not {len(network.outputs)}")
    elif network.outputs[0] is not value:
        found.append("the network's output must be the result of its last layer")
    return found


def spiking_problems(network: NetworkOp) -> list[str]:
    """Why a float network of integrate-and-fire neurons cannot become integers; empty if it can."""
    found = _chain_problems(network)
    drives = False
    layers = list(network.layers())
    for op in layers:
        what = None
        match op:
            case SynapseOp():
                what = "follows weights without neurons in between" if drives else None
                drives = True
            case LifOp():
                what = None if drives else "follows no weights"
                drives = False
            case AveragePoolOp() if drives:
                what = "averages membranes; average pools come after neurons"
            case SumStepsOp() if op is not layers[-1]:
                what = "sums over time steps, which only the last layer may"
            case MaxPoolOp() | AveragePoolOp() | FlattenOp() | SumStepsOp():
                pass
            case _:
                what = f"('{op.name}') does not go with integrate-and-fire neurons"
        if what is not None:
            found.append(f"layer '{op.layer_name}' {what}")
    return found
