"""The bound of quantisation, layer by layer: each integer layer against the real one, fed with the same codes.

The real layer is computed here from the annotations of the float form: weights rounded to multiples of their scale,
everything else in double precision. Differences do not add up from layer to layer, so that a bound can be stated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects.snn import (
    AveragePoolOp,
    Conv2dOp,
    EncodeOp,
    FlattenOp,
    LayerOp,
    MaxPoolOp,
    ReluOp,
    SynapseOp,
    shape_of,
)
from e3ne.errors import E3neError
from e3ne.quantization.levels import Levels
from e3ne.semantics import snn_arithmetic as arithmetic
from e3ne.semantics.snn import NetworkRun, run_network
from e3ne.verification.semantics.finding import Finding
from e3ne.verification.semantics.programs import Data, Network

Reals = NDArray[np.float64]

SHARE = 1e-3
"""Of a layer's codes that may be the neighbour of the ideal one: thresholds are integers of 32 bits."""
_CLOSE = 1e-9
"""Relative distance from a tie within which either code is ideal: double precision cannot tell."""


@dataclass
class _Layers:
    """Walks through the float network; `values` are the real numbers that the codes in hand stand for."""

    run: NetworkRun
    values: Reals
    unit: float
    wrong: NDArray[np.bool_]
    problems: list[str] = field(default_factory=list[str])
    synapse: SynapseOp | None = None
    codes: int = 0
    moved: int = 0

    def step(self, op: LayerOp) -> None:
        """Goes past one layer of the float network."""
        match op:
            case SynapseOp():
                self.synapse, self.values = op, _apply(op, self.values, self._rounded(op))
            case ReluOp():
                self._neuron(op)
            case MaxPoolOp():
                self.values = np.asarray(arithmetic.max_pool(self.values, op.window), np.float64)
            case AveragePoolOp():
                self.values = np.asarray(arithmetic.average_pool(self.values, op.window), np.float64)
                self.unit /= op.window.taps
            case FlattenOp():
                self.values = self.values.reshape(len(self.values), *shape_of(op.output.type))
            case _:
                raise E3neError(f"layer '{op.layer_name}' ({op.name}) has no ideal to be compared with")

    def _rounded(self, op: SynapseOp) -> Reals:
        """Real weights, rounded to W bits: (channels, ...)."""
        scale, bits = op.weight_scale_parameter, op.weight_bits
        if scale is None or bits is None:
            raise E3neError(f"layer '{op.layer_name}' has no weight_scale or no weight_bits to be compared with")
        weights = np.asarray(op.weights_parameter.array, np.float64)
        scales = np.asarray(scale.array, np.float64).reshape(-1, *[1] * (weights.ndim - 1))
        most = 1 << (bits.value.data - 1)
        integers = np.clip(np.rint(weights / scales), -most, most - 1)
        off = np.abs(weights - integers * scales) > scales * (0.5 + _CLOSE)
        unbounded = off & (integers > -most) & (integers < most - 1)
        if unbounded.any():
            self.problems.append(f"layer '{op.layer_name}': {int(unbounded.sum())} weights are off by over half a step")
        return integers * scales

    def _neuron(self, op: ReluOp) -> None:
        assert op.scale is not None
        assert op.encoding is not None
        numbers, scale = op.encoding.numbers, op.scale.value.data
        levels = np.maximum(self.values, 0) / scale
        found = self.run.values[op.layer_name, "neuron"].astype(np.int64).reshape(levels.shape)
        places = np.searchsorted(numbers, found)
        thresholds = ideal_thresholds(numbers)
        slack = _CLOSE * (1 + np.abs(levels))
        lowest, highest = (np.searchsorted(thresholds, levels + sign * slack, side="right") for sign in (-1, 1))
        far = np.maximum(lowest - places, places - highest)
        # a neuron that leaves numbers out has a line of thresholds, each beside the midpoint
        self._judge(op, places, far)
        self.values, self.unit = found.astype(np.float64) * scale, scale

    def _judge(self, op: LayerOp, places: NDArray[np.int64], far: NDArray[np.int64]) -> None:
        self.codes += places.size
        moved = int((far > 0).sum())
        self.moved += moved
        jumps = far > 1
        if jumps.any():
            self.wrong |= jumps.reshape(len(jumps), -1).any(axis=1)
            self.problems.append(
                f"layer '{op.layer_name}': {int(jumps.sum()):,} of {far.size:,} codes are further from the ideal one "
                f"than its neighbour; the first in sample {int(np.argwhere(jumps)[0][0])}"
            )
        elif moved > SHARE * far.size:
            self.wrong |= (far > 0).reshape(len(far), -1).any(axis=1)
            self.problems.append(f"layer '{op.layer_name}': {moved:,} of {far.size:,} codes are not the ideal ones")

    def scores(self, op: SynapseOp) -> None:
        """The last layer, whose membranes are the scores."""
        scale = op.weight_scale_parameter
        assert scale is not None
        units = np.asarray(scale.array, np.float64).reshape(1, -1, *[1] * (self.values.ndim - 2)) * self.unit
        found = self.run.values[op.layer_name, "synapse"].astype(np.float64).reshape(self.values.shape) * units
        off = np.abs(found - self.values) / units
        allowed = 0.5 + _CLOSE * (np.abs(self.values) / units + 1)
        far = (off > allowed).reshape(len(off), -1).any(axis=1)
        if far.any():
            self.wrong |= far
            self.problems.append(
                f"layer '{op.layer_name}': scores of {int(far.sum())} inputs are off by up to {off.max():.3g} units"
            )


def ideal_thresholds(numbers: NDArray[np.integer]) -> Reals:
    """Where a neuron reaches each number but 0, in units of one level: halfway, or on the line of its encoding."""
    return Levels(np.asarray(numbers, np.int64)).thresholds


def quantized(before: Network, after: Network, data: Data) -> Finding:
    """Compares every layer of the integer network with the annotated float network that it was made of."""
    run = run_network(after.module, data, keep=True)
    encode = next(op for op in after.op.layers() if isinstance(op, EncodeOp))
    unit = 1.0 / encode.encoding.greatest
    codes = run.values[encode.layer_name, "encode"].astype(np.float64)
    walk = _Layers(run, codes * unit, unit, np.zeros(len(data), np.bool_))
    for op in before.op.layers():
        walk.step(op)
    assert walk.synapse is not None
    walk.scores(walk.synapse)
    compared = f"{len(data)} inputs, {walk.codes:,} codes, {walk.moved:,} of them beside the ideal one"
    return Finding(compared, walk.wrong, "; ".join(walk.problems))


def _apply(op: SynapseOp, values: Reals, weights: Reals) -> Reals:
    if isinstance(op, Conv2dOp):
        result = np.asarray(arithmetic.convolve(values, weights, op.window, op.group_count), np.float64)
    else:
        result = values @ weights.T
    bias = op.bias_parameter
    if bias is None:
        return result
    return result + np.asarray(bias.array, np.float64).reshape((1, -1) + (1,) * (result.ndim - 2))
