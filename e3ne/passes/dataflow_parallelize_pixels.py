"""`dataflow-parallelize-pixels`: computes neighbouring pixels of the first convolution at once.

P neighbouring pixels become one pixel with P times the channels, in the input and in the output. The convolution over
them has a kernel of fewer, wider columns, most of whose weights are zero: in the tables of an unfolded layer they cost
nothing. The max pool behind the layer finds its neighbours side by side, and gives single pixels again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, ModuleOp, SymbolRefAttr, f64
from xdsl.passes import ModulePass

from e3ne.analysis.energy import operations_of
from e3ne.dialects.dataflow import (
    FireOp,
    GraphOp,
    MatvecOp,
    MaxPoolOp,
    ParameterOp,
    PoolOp,
    SourceOp,
    UnitOp,
    WindowOp,
    as_tuple,
    integers_of,
    number,
    numbers,
    retype,
    units_of,
)
from e3ne.dialects.parameter import find_parameter
from e3ne.errors import E3neError
from e3ne.semantics.dataflow import find_graph

Integers = NDArray[np.int64]

_NO_CHAIN = "its input does not go straight into a convolution and a max pool with nothing but radix neurons in between"


@dataclass(frozen=True)
class DataflowParallelizePixelsPass(ModulePass):
    """Packs pixels from the source to the max pool behind the first convolution.

    The input bus gets another width where it would not hold whole groups of pixels. Images that are given again in
    each time step, and integrate-and-fire neurons in front of the pool, are refused.
    """

    name = "dataflow-parallelize-pixels"

    pixels: int = 2
    """neighbouring pixels of a row that are computed at once; 1 changes nothing"""

    def __post_init__(self) -> None:
        """Raises E3neError for less than one pixel."""
        if self.pixels < 1:
            raise E3neError(f"{self.name}: pixels is 1 or more, not {self.pixels}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Raises E3neError, naming all reasons, when the first layer has no pixels side by side."""
        if self.pixels == 1:
            return
        graph = find_graph(op)
        chain = _Chain.of(graph)
        problems = [_NO_CHAIN] if chain is None else chain.problems(self.pixels)
        if chain is None or problems:
            raise E3neError(
                f"{self.name}: {self.pixels} pixels of {graph.sym_name.data} at once: {'; '.join(problems)}"
            )
        chain.pack(self.pixels)


@dataclass(frozen=True)
class Columns:
    """The kernel's columns over packed pixels: `first` is that of the leftmost, relative to the output's own."""

    first: int
    count: int

    @staticmethod
    def of(pixels: int, kernel: int, stride: int, left: int, dilation: int) -> Columns:
        """The packed columns that `pixels` neighbouring outputs see."""
        rightmost = (pixels - 1) * stride - left + (kernel - 1) * dilation
        first = -left // pixels
        return Columns(first, rightmost // pixels - first + 1)


@dataclass(frozen=True)
class _Chain:
    source: SourceOp
    window: WindowOp
    matvec: MatvecOp
    fire: FireOp | None
    pool_window: WindowOp | None
    pool: PoolOp | MaxPoolOp

    @staticmethod
    def of(graph: GraphOp) -> _Chain | None:
        units: list[UnitOp] = units_of(graph)
        fire = next((unit for unit in units[3:4] if isinstance(unit, FireOp)), None)
        match [*units[:3], *units[4 if fire else 3 :][:2]]:
            case [
                SourceOp() as source,
                WindowOp() as window,
                MatvecOp() as matvec,
                WindowOp() as above,
                PoolOp() as pool,
            ]:
                return _Chain(source, window, matvec, fire, above, pool)
            case [SourceOp() as source, WindowOp() as window, MatvecOp() as matvec, MaxPoolOp() as pool, *_]:
                return _Chain(source, window, matvec, fire, None, pool)
            case _:
                return None

    def problems(self, pixels: int) -> list[str]:
        found: list[str] = []
        image, result = self.source.output_type, self.matvec.output_type
        for what, width in (("images", image.width), ("results", result.width)):
            if width % pixels:
                found.append(f"{what} {width} pixels wide are not a multiple")
        if self._pool_columns() % pixels:
            found.append("the pool's windows are not side by side in multiples of them")
        if self.pool_window is not None and as_tuple(self.pool_window.dilation) != (1, 1):
            found.append("the pool is dilated")
        if self.matvec.is_folded or image.has_layout:
            found.append("foldings and layouts are decided already")
        return found

    def _pool_columns(self) -> int:
        """Columns of the pool's windows; 1 if they overlap, leave pixels out or have other pixels than the map's."""
        if isinstance(self.pool, MaxPoolOp):
            return as_tuple(self.pool.kernel)[1]
        assert self.pool_window is not None
        (_, across), (_, step) = as_tuple(self.pool_window.kernel), as_tuple(self.pool_window.stride)
        return across if across == step and not any(as_tuple(self.pool_window.padding)) else 1

    def _pack_pool(self, pixels: int) -> None:
        """The pool finds as many pixels side by side among the channels as a window has fewer columns."""
        if isinstance(self.pool, MaxPoolOp):
            rows, across = as_tuple(self.pool.kernel)
            self.pool.kernel = numbers((rows, across // pixels))
            self.pool.pixels = number(self.pool.pixels.value.data * pixels)
            return
        assert self.pool_window is not None
        (rows, across), (step_y, step) = as_tuple(self.pool_window.kernel), as_tuple(self.pool_window.stride)
        self.pool_window.kernel = numbers((rows, across // pixels))
        self.pool_window.stride = numbers((step_y, step // pixels))

    def pack(self, pixels: int) -> None:
        image, outputs = self.source.output_type, self.matvec.outputs.value.data
        # Weights that packing makes zero meet no spikes: the number stays what it was.
        self.matvec.synaptic_operations = FloatAttr(operations_of(self.matvec), f64)
        (kernel, width), (stride_y, stride), (dilation_y, dilation) = (
            as_tuple(which) for which in (self.window.kernel, self.window.stride, self.window.dilation)
        )
        top, left, bottom, _ = as_tuple(self.window.padding)
        columns = Columns.of(pixels, width, stride, left, dilation)
        places = self.matvec.output_type.width // pixels
        spanned = (places - 1) * stride + columns.count
        weights = integers_of(self.matvec, self.matvec.weights).reshape(outputs, image.channels, kernel, width)
        packed = packed_weights(weights, pixels, columns, stride, left, dilation)
        _assign(self.matvec, self.matvec.weights, packed.reshape(outputs * pixels, -1))
        if self.matvec.bias is not None:
            _assign(self.matvec, self.matvec.bias, np.repeat(integers_of(self.matvec, self.matvec.bias), pixels))
        whole = math.lcm(8, image.channels * pixels * image.steps)
        self.source.bus = number(whole * max(1, self.source.bus.value.data // whole))
        self.source.pixels = number(pixels)
        self.source.value = None
        retype(self.source.output, image.replaced(width=image.width // pixels, channels=image.channels * pixels))
        self.window.kernel, self.window.dilation = numbers((kernel, columns.count)), numbers((dilation_y, 1))
        self.window.stride = numbers((stride_y, stride))
        right = max(0, spanned + columns.first - image.width // pixels)
        self.window.padding = numbers((top, -columns.first, bottom, right))
        self.matvec.outputs = number(outputs * pixels)
        self.matvec.value = None
        self._pack_pool(pixels)
        if self.fire is not None:
            self.fire.value = None
            for symbol in (self.fire.threshold, self.fire.bias):
                numbers_ = integers_of(self.fire, symbol)
                if numbers_.size > 1:
                    _assign(self.fire, symbol, np.repeat(numbers_, pixels))
        for unit in (self.window, self.matvec, self.fire, self.pool_window, self.pool):
            if unit is not None:
                unit.settle()


def _assign(unit: UnitOp, symbol: SymbolRefAttr, array: Integers) -> None:
    """Gives the parameter of a unit, which no other unit uses, another value."""
    parameter = find_parameter(unit, symbol)
    parameter.properties.update(ParameterOp(symbol.string_value(), array, parameter.bits).properties)


def packed_weights(weights: Integers, pixels: int, columns: Columns, stride: int, left: int, dilation: int) -> Integers:
    """Weights (O, C, kh, kw) → (O·P, P·C, kh, columns).

    Output o·P + q is channel o of pixel q, input q·C + c is channel c of pixel q.
    """
    outputs, channels, rows, width = weights.shape
    packed: Integers = np.zeros((outputs, pixels, pixels, channels, rows, columns.count), np.int64)
    for own in range(pixels):
        for column in range(width):
            place = own * stride - left + column * dilation - columns.first * pixels
            packed[:, own, place % pixels, :, :, place // pixels] = weights[..., column]
    return packed.reshape(outputs * pixels, pixels * channels, rows, columns.count)
