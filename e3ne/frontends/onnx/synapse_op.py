"""A layer of weights as an operation of snn, in either form."""

from __future__ import annotations

from xdsl.ir import Attribute, SSAValue

from e3ne.dialects.snn import Conv2dOp, LinearOp, SynapseOp
from e3ne.frontends.onnx.description import Synapse


def synapse_op(
    layer: str, synapse: Synapse, value: SSAValue, result: Attribute, weights: str, bias: str | None
) -> SynapseOp:
    """A convolution if the layer has a window, else a linear layer; `weights` and `bias` are symbols."""
    window = synapse.window
    if window is None:
        return LinearOp(layer, value, result, weights, bias=bias)
    return Conv2dOp(
        layer,
        value,
        result,
        weights,
        bias=bias,
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=synapse.groups,
    )
