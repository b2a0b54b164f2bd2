"""`snn-fold-batch-norm`: batch normalisation becomes part of the weights and the bias of the layer before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from e3ne.dialects.snn import BatchNormOp, SynapseOp, find_network
from e3ne.errors import E3neError
from e3ne.passes.effects import Effect
from e3ne.passes.parameter_table import ParameterTable
from e3ne.semantics.snn import normalisation


@dataclass(frozen=True)
class SnnFoldBatchNormPass(ModulePass):
    """w' = w * gamma / sqrt(variance + epsilon), b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta.

    Computed in float64; a bias is made where there was none. The network computes the same up to float32 rounding.
    """

    name = "snn-fold-batch-norm"
    effect: ClassVar[Effect] = Effect.ROUNDS

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises `E3neError` naming every normalisation that does not directly follow a layer with weights."""
        norms = [layer for layer in find_network(op).layers() if isinstance(layer, BatchNormOp)]
        wrong = [norm.layer_name for norm in norms if _synapse(norm) is None]
        if wrong:
            raise E3neError(
                f"batch normalisation {', '.join(wrong)} must directly follow a convolution or linear layer "
                "whose result nothing else uses"
            )
        table = ParameterTable(op)
        for norm in norms:
            synapse = _synapse(norm)
            assert synapse is not None
            _fold(table, norm, synapse)
        table.erase_unused()


def _synapse(norm: BatchNormOp) -> SynapseOp | None:
    before = norm.input.owner
    if not isinstance(before, SynapseOp) or before.is_integer or norm.input.has_more_than_one_use():
        return None
    return before


def _fold(table: ParameterTable, norm: BatchNormOp, synapse: SynapseOp) -> None:
    scale, shift = normalisation(norm)
    weights = np.asarray(synapse.weights_parameter.array, np.float64)
    bias = synapse.bias_parameter
    offset = np.zeros_like(shift) if bias is None else np.asarray(bias.array, np.float64)
    column = scale.reshape(-1, *([1] * (weights.ndim - 1)))
    table.assign(synapse, "weights", f"{synapse.layer_name}_weight", (weights * column).astype(np.float32))
    table.assign(synapse, "bias", f"{synapse.layer_name}_bias", (offset * scale + shift).astype(np.float32))
    norm.output.replace_all_uses_with(synapse.output)
    norm.detach()
    norm.erase()
