"""The parameters of `snn` modules, and moving the large ones into a file beside the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.irdl import irdl_op_definition

from e3ne.dialects.external import Array, ExternalAttr
from e3ne.dialects.parameter import ParameterBase, dense_attr, parameter_array, parameters_of

INLINE_ELEMENTS = 64
"""Parameters with more elements than this go into the file."""


@irdl_op_definition
class ParameterOp(ParameterBase):
    """A named constant tensor beside the networks of a module."""

    name = "snn.parameter"


def externalise(module: ModuleOp, folder: Path, stem: str) -> ModuleOp:
    """A copy of the module whose parameters of more than 64 elements refer to `folder/<stem>.safetensors`.

    The file is written (nothing is, if no parameter is large); `folder` must exist. Works for the parameters of any
    dialect. The printed copy must be stored in `folder`, where parsing it looks for the file.
    """
    from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

    copy = module.clone()
    file = f"{stem}.safetensors"
    large: dict[str, Array] = {}
    for parameter in parameters_of(copy):
        array = parameter_array(parameter)
        if array.size <= INLINE_ELEMENTS:
            parameter.value = dense_attr(array)
            continue
        key = parameter.sym_name.data
        large[key] = np.array(array)
        parameter.value = ExternalAttr.from_array(file, key, array)
    if large:
        save_file(large, folder / file)
    return copy
