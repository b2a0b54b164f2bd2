"""A dataflow graph that grows layer by layer."""

from __future__ import annotations

from itertools import chain, count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from xdsl.builder import Builder
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from e3ne.backends.testbench.wrapper import TESTBENCH
from e3ne.backends.verilog.names import legal_name
from e3ne.dialects import dataflow, snn
from e3ne.errors import E3neError

Integers = NDArray[np.int64]
Unit = TypeVar("Unit", bound=dataflow.UnitOp)

LABEL_LENGTH = 48
OUR_NAMES = {
    *("clk", "rst", "input_source", "output_sink", TESTBENCH),
    *(f"{port}_axis_{signal}" for port in "sm" for signal in ("tdata", "tvalid", "tready", "tlast")),
}
"""What a top module cannot be called."""


class Construction:
    """The graph of a network called `network`, and its parameters.

    `streams` are those that carry the values of the layers so far. `flattened` has the shape (C, H, W) of values that
    the network has channel by channel, and a stream pixel by pixel.
    """

    def __init__(self, network: str) -> None:
        name = legal_name(network[:LABEL_LENGTH])
        block = Block()
        self.graph = dataflow.GraphOp(
            properties={"sym_name": StringAttr(f"{name}_top" if name in OUR_NAMES else name)}, regions=[Region(block)]
        )
        self.parameters: list[dataflow.ParameterOp] = []
        self.streams: dict[SSAValue, SSAValue] = {}
        self.flattened: dict[SSAValue, tuple[int, ...]] = {}
        self._builder = Builder(InsertPoint.at_end(block))
        self._labels: dict[str, str] = {}

    def insert(self, unit: Unit) -> Unit:
        """Appends a unit."""
        return self._builder.insert(unit)

    def label(self, layer: snn.LayerOp) -> str:
        """What the names of a layer's units begin with: its name as far as that is a Verilog identifier."""
        name = layer.layer_name
        if name not in self._labels:
            base = legal_name(name[:LABEL_LENGTH]).strip("_") or "layer"
            base = f"layer{base}" if base[0].isdigit() else base
            top, taken = self.graph.sym_name.data, set(self._labels.values())
            names = chain((base,), (f"{base}_{number}" for number in count(2)))
            # units are called label_kind: none of them may be called as the whole
            free = (label for label in names if label not in taken and not f"{top}_".startswith(f"{label}_"))
            self._labels[name] = next(free)
        return self._labels[name]

    def parameter(self, name: str, array: Integers, width: int | None = None) -> str:
        """Adds a parameter of `width` bits, or as many as it needs; returns its name."""
        self.parameters.append(dataflow.ParameterOp(name, array, width))
        return name

    def numbers(self, name: str, encoding: snn.EncodingAttr) -> str | None:
        """A parameter with the numbers of trains, where they are not all that so many binary digits can be."""
        if encoding.levels == 1 << encoding.bits:
            return None
        return self.parameter(name, encoding.numbers)

    def channels(self, value: SSAValue, array: Integers) -> Integers:
        """One number for each channel of the stream of a value (or one for all), in the stream's order."""
        shape = self.flattened.get(value)
        return array[stream_order(shape)] if shape is not None and array.size > 1 else array

    def refuse_flattened_map(self, value: SSAValue, what: str) -> None:
        """Raises E3neError where `what` would get the elements of a map in the order of the stream."""
        if value in self.flattened:
            raise E3neError(
                f"{what}: a map larger than one pixel is flattened after the last synapses; end the "
                "network with a linear layer, or without flattening"
            )


def map_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, height, width); a vector is a map of one pixel."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def stream_order(shape: tuple[int, ...]) -> Integers:
    """For each element of a flattened map in stream order (row, column, channel) its index channel by channel."""
    channels, height, width = map_of(shape)
    return np.arange(channels * height * width).reshape(channels, height, width).transpose(1, 2, 0).reshape(-1)
