"""The `snn` dialect: which synapses, neurons, encodings and integer parameters a network has.

A network is written in one of two forms, and passes go from the first to the second:

- the float form, straight from a frontend: f32 tensors of one image through conv2d, linear, batch_norm, relu, max_pool,
  average_pool, flatten;
- the integer form: spike trains and membranes through encode, conv2d, linear, requantize, max_pool, sum_pool, flatten,
  argmax. What it means, integer by integer, is the definition that everything below is compared with.
"""

from xdsl.ir import Dialect

from e3ne.dialects.parameter import ExternalAttr, find_parameter, parameter_array
from e3ne.dialects.snn.base import LayerOp
from e3ne.dialects.snn.encodings import ENCODINGS, DirectAttr, EncodingAttr, RadixAttr, RateAttr
from e3ne.dialects.snn.geometry import Window
from e3ne.dialects.snn.lif import LifOp
from e3ne.dialects.snn.network import ArgmaxOp, FlattenOp, NetworkOp, OutputOp, SumStepsOp, find_network
from e3ne.dialects.snn.neurons import EncodeOp, ReluOp, RequantizeOp
from e3ne.dialects.snn.parameters import ParameterOp, externalise
from e3ne.dialects.snn.pools import AveragePoolOp, MaxPoolOp, PoolOp, SumPoolOp
from e3ne.dialects.snn.synapses import BatchNormOp, Conv2dOp, LinearOp, SynapseOp
from e3ne.dialects.snn.types import MembraneType, TrainType, float_tensor, frames_of, shape_of

SNN = Dialect(
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
    [ExternalAttr, MembraneType, TrainType, *ENCODINGS],
)

__all__ = [
    "SNN",
    "ArgmaxOp",
    "AveragePoolOp",
    "BatchNormOp",
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
    "PoolOp",
    "RadixAttr",
    "RateAttr",
    "ReluOp",
    "RequantizeOp",
    "SumPoolOp",
    "SumStepsOp",
    "SynapseOp",
    "TrainType",
    "Window",
    "externalise",
    "find_network",
    "find_parameter",
    "float_tensor",
    "frames_of",
    "parameter_array",
    "shape_of",
]
