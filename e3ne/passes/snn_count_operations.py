"""`snn-count-operations`: how often spikes meet weights on data. Writes annotations, changes no value.

The energy of a layer's hardware follows from it. `convert-snn-to-dataflow` hands it on to the units that add.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, ModuleOp, f64
from xdsl.passes import ModulePass

from e3ne.analysis.activity import OPERATIONS, operations_by_layer
from e3ne.dataset import read
from e3ne.dialects.snn import SynapseOp, find_network
from e3ne.errors import E3neError
from e3ne.semantics.snn import input_shape, run_network


@dataclass(frozen=True)
class SnnCountOperationsPass(ModulePass):
    """Counts the synaptic operations of each layer of the integer network, as a mean number an image.

    They are the (spike, weight) pairs that meet, and the spikes that a sum pool adds up: the attribute
    `synaptic_operations` of the layer. Spikes are the ones of numbers in binary, as hardware hands
    them on. Without it the energy of the hardware is that of the worst case.
    """

    name = "snn-count-operations"

    data: str
    """images: .npy, or .npz with `x`"""
    images: int = 100
    """how many of them are counted at most, the first ones"""

    def __post_init__(self) -> None:
        """Raises E3neError for less than one image."""
        if self.images < 1:
            raise E3neError(f"{self.name}: images is 1 or more, not {self.images}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError for unreadable data, images of another shape, and a network that has real numbers."""
        network, found = find_network(op), read(Path(self.data))
        weighted = [layer for layer in network.layers() if isinstance(layer, SynapseOp)]
        wrong = [layer.layer_name for layer in weighted if not layer.is_integer]
        if wrong:
            raise E3neError(f"{self.name}: not in the integer form (run snn-quantize first): {', '.join(wrong)}")
        if found.images.shape[1:] != (wanted := input_shape(network)):
            shape = found.images.shape[1:]
            raise E3neError(f"{self.name}: the images have shape {shape}, but the network takes {wanted}")
        counted = operations_by_layer(run_network(op, found.images[: self.images], keep=True), network, recoded=True)
        for layer in network.layers():
            if layer.layer_name in counted:
                layer.attributes[OPERATIONS] = FloatAttr(counted[layer.layer_name], f64)
