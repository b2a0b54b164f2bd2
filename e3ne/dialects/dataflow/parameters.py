"""Parameters at the level of dataflow: matrices and vectors in the order in which streams carry their elements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.irdl import irdl_op_definition
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.dataflow.base import UnitOp
from e3ne.dialects.parameter import ParameterBase, find_parameter, parameter_array

Integers = NDArray[np.int64]


@irdl_op_definition
class ParameterOp(ParameterBase):
    """An integer matrix (outputs × inputs) or vector (one number a channel, or one for all)."""

    name = "dataflow.parameter"


def verify_numbers(unit: UnitOp, symbol: SymbolRefAttr | None, bits: int) -> None:
    """Raises VerifyException unless the parameter, if there is one, ascends from 0 to a number of `bits` bits."""
    if symbol is None:
        return
    found = integers_of(unit, symbol)
    if found.ndim != 1 or found.size < 2 or found[0] != 0 or (np.diff(found) < 1).any():
        raise VerifyException(f"unit {unit.unit_name}: {symbol} are no numbers that ascend from 0")
    if int(found[-1]).bit_length() != bits:
        raise VerifyException(f"unit {unit.unit_name}: the last of {symbol} is {found[-1]}, which has not {bits} bits")


def integers_of(unit: UnitOp, symbol: SymbolRefAttr, *shapes: tuple[int, ...]) -> Integers:
    """The parameter that a unit refers to.

    Raises VerifyException when the symbol is missing, is no integer parameter, or has none of the shapes (any, when
    none is given).
    """
    array = parameter_array(find_parameter(unit, symbol))
    if array.dtype.kind != "i":
        raise VerifyException(f"unit {unit.unit_name}: {symbol} holds real numbers, integers are needed")
    if shapes and array.shape not in shapes:
        needed = " or ".join(str(list(shape)) for shape in shapes)
        raise VerifyException(f"unit {unit.unit_name}: {symbol} has shape {list(array.shape)}, {needed} is needed")
    return array.astype(np.int64)
