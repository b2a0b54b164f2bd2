"""The `snn` dialect: which synapses, neurons, encodings and integer parameters a network has.

A network is written in one of two forms, and passes go from the first to the second:

- the float form, straight from a frontend: f32 tensors of one image through conv2d, linear, batch_norm, relu, max_pool,
  average_pool, flatten;
- the integer form: spike trains and membranes through encode, conv2d, linear, requantize, max_pool, sum_pool, flatten,
  argmax. What it means, integer by integer, is the definition that everything below is compared with.
"""

from collections.abc import Iterator

from xdsl.ir import Attribute, Dialect

from e3ne.dialects.parameter import ExternalAttr, find_parameter, parameter_array
from e3ne.dialects.snn.base import LayerOp
from e3ne.dialects.snn.batch_norm import BatchNormOp
from e3ne.dialects.snn.encodings import (
    BipolarAttr,
    DirectAttr,
    EncodingAttr,
    PhaseAttr,
    RadixAttr,
    RateAttr,
    TtfsAttr,
    TtfsLinearAttr,
    WeightedAttr,
    all_encodings,
)
from e3ne.dialects.snn.geometry import Window
from e3ne.dialects.snn.lif import LifOp
from e3ne.dialects.snn.network import ArgmaxOp, FlattenOp, NetworkOp, OutputOp, SumStepsOp, find_network
from e3ne.dialects.snn.neurons import EncodeOp, ReluOp, RequantizeOp
from e3ne.dialects.snn.parameters import ParameterOp, externalise
from e3ne.dialects.snn.pools import AveragePoolOp, MaxPoolOp, PoolOp, SumPoolOp
from e3ne.dialects.snn.synapses import Conv2dOp, LinearOp, SynapseOp
from e3ne.dialects.snn.types import MembraneType, TrainType, float_tensor, frames_of, shape_of


class _Snn(Dialect):
    """With the encodings that are known when it is used: packages may add theirs."""

    @property
    def attributes(self) -> Iterator[type[Attribute]]:
        """Types, external values, encodings."""
        yield from super().attributes
        yield from all_encodings()


SNN = _Snn(
    "snn",
    [
        ArgmaxOp,
        AveragePoolOp,
        BatchNormOp,
        Conv2dOp,
        EncodeOp,
        FlattenOp,
        LifOp,
        LinearOp,
        MaxPoolOp,
        NetworkOp,
        OutputOp,
        ParameterOp,
        ReluOp,
        RequantizeOp,
        SumPoolOp,
        SumStepsOp,
    ],
    [ExternalAttr, MembraneType, TrainType],
)

__all__ = [
    "SNN",
    "ArgmaxOp",
    "AveragePoolOp",
    "BatchNormOp",
    "BipolarAttr",
    "Conv2dOp",
    "DirectAttr",
    "EncodeOp",
    "EncodingAttr",
    "ExternalAttr",
    "FlattenOp",
    "LayerOp",
    "LifOp",
    "LinearOp",
    "MaxPoolOp",
    "MembraneType",
    "NetworkOp",
    "OutputOp",
    "ParameterOp",
    "PhaseAttr",
    "PoolOp",
    "RadixAttr",
    "RateAttr",
    "ReluOp",
    "RequantizeOp",
    "SumPoolOp",
    "SumStepsOp",
    "SynapseOp",
    "TrainType",
    "TtfsAttr",
    "TtfsLinearAttr",
    "WeightedAttr",
    "Window",
    "externalise",
    "find_network",
    "find_parameter",
    "float_tensor",
    "frames_of",
    "parameter_array",
    "shape_of",
]
