"""How active a network is: spikes and synaptic operations an image, counted exactly on images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects import snn
from e3ne.semantics.snn import NetworkRun

Counts = NDArray[np.int64]

OPERATIONS = "synaptic_operations"
"""The attribute, or property, under which the mean number an image is kept with a layer and with its hardware."""


def spikes(run: NetworkRun, network: snn.NetworkOp) -> float:
    """Mean number of spikes an image, over the image's encoder and all neurons and pools."""
    return sum(float(spike_counts(run, op).sum()) for op in network.layers() if _emits(op)) / _images(run, network)


def synaptic_operations(run: NetworkRun, network: snn.NetworkOp) -> float:
    """Mean number an image of (spike, weight) pairs that meet; weights of zero count, padding does not."""
    weighted = [op for op in network.layers() if isinstance(op, snn.SynapseOp)]
    return sum(_meetings(op, spike_counts(run, _before(op))) for op in weighted) / _images(run, network)


def operations_by_layer(run: NetworkRun, network: snn.NetworkOp, *, recoded: bool = False) -> dict[str, float]:
    """The synaptic operations an image of each layer that adds: those with weights, and sums of pools.

    With `recoded` those of the hardware, where a number of spikes, or of a train of one frame, travels in binary.
    """
    adding = [op for op in network.layers() if isinstance(op, snn.SynapseOp | snn.SumPoolOp)]
    images, count = _images(run, network), digit_counts if recoded else spike_counts
    return {op.layer_name: _meetings(op, count(run, _before(op))) / images for op in adding}


def spike_counts(run: NetworkRun, op: snn.LayerOp) -> Counts:
    """Spikes of each neuron of a layer, (images·frames, …): the number of a time step of a rate train, else digits."""
    assert isinstance(op.output.type, snn.TrainType)
    return op.output.type.encoding.spikes(np.asarray(run.values[op.layer_name, op.KIND]).astype(np.int64))


def digit_counts(run: NetworkRun, op: snn.LayerOp) -> Counts:
    """Ones in the binary numbers of each neuron of a layer, (images·frames, …); in a radix train they are spikes."""
    codes = np.asarray(run.values[op.layer_name, op.KIND]).astype(np.uint64)
    return np.bitwise_count(codes).astype(np.int64)


def _before(op: snn.LayerOp) -> snn.LayerOp:
    before = op.input.owner
    assert isinstance(before, snn.LayerOp)
    return before


def _emits(op: snn.LayerOp) -> bool:
    return isinstance(op.output.type, snn.TrainType) and not isinstance(op, snn.FlattenOp)


def _images(run: NetworkRun, network: snn.NetworkOp) -> int:
    """How many images; an output that differs from step to step has a result in each."""
    return len(run.outputs[0]) // snn.frames_of(network.outputs[0].type)


def _meetings(op: snn.SynapseOp | snn.SumPoolOp, counts: Counts) -> int:
    if isinstance(op, snn.LinearOp):
        return int(counts.sum()) * int(snn.shape_of(op.output.type)[0])
    assert isinstance(op, snn.Conv2dOp | snn.SumPoolOp)
    channels, rows, columns = snn.shape_of(op.output.type)
    window = op.window
    top, left, bottom, right = window.padding
    padded = np.pad(counts.sum(axis=(0, 1)), ((top, bottom), (left, right)))
    met = 0
    for row in range(window.kernel[0]):
        for column in range(window.kernel[1]):
            y, x = row * window.dilation[0], column * window.dilation[1]
            seen = padded[y :: window.stride[0], x :: window.stride[1]][:rows, :columns]
            met += int(seen.sum())
    # A spike of a pool is in the sum of its own channel alone.
    return met * (channels // op.group_count if isinstance(op, snn.Conv2dOp) else 1)
