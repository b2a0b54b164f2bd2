"""An ONNX file as a module of snn: the float form, or the integer form of what is quantised."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from e3ne.frontends.onnx.chain import read_chain
from e3ne.frontends.onnx.float_form import float_form
from e3ne.frontends.onnx.integer_form import integer_form
from e3ne.frontends.onnx.source import read_graph


def read_onnx(path: Path) -> ModuleOp:
    """The network of a file; raises `E3neError` with all that is wrong with its nodes."""
    chain = read_chain(read_graph(path))
    return integer_form(chain) if chain.is_quantized else float_form(chain)
