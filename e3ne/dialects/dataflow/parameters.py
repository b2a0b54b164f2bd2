"""Parameters at the level of dataflow: matrices and vectors in the order in which streams carry their elements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Operation
from xdsl.irdl import irdl_op_definition

from e3ne.dialects.dataflow.compute import MatvecOp
from e3ne.dialects.parameter import ParameterBase, find_parameter, parameter_array

Integers = NDArray[np.int64]


@irdl_op_definition
class ParameterOp(ParameterBase):
    """An integer matrix (outputs × inputs) or vector (one number a channel, or one for all)."""

    name = "dataflow.parameter"


def matrix_of(op: MatvecOp) -> Integers:
    """The weights of a matvec, shape (outputs, inputs)."""
    return parameter_array(find_parameter(op, op.weights)).astype(np.int64)


def vector_of(op: Operation, symbol: SymbolRefAttr) -> Integers:
    """A parameter vector."""
    return parameter_array(find_parameter(op, symbol)).astype(np.int64).reshape(-1)
