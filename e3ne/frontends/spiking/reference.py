"""What a spiking network computes, in float64 NumPy: what the libraries and the compiler are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Pool,
    Reals,
    Scale,
    SpikingNetwork,
)


def simulate(network: SpikingNetwork, inputs: np.ndarray) -> dict[str, Reals]:
    """The result of each node by its name, (N, T, *shape), for `inputs` (N, T, *input_shape).

    Neurons are computed as the docstring of `Neuron` says, membranes starting anew with each of the N samples. Raises
    `ValueError` if the inputs have another shape than the network's.
    """
    if inputs.shape[2:] != tuple(network.input_shape) or inputs.ndim < 3:
        raise ValueError(f"inputs of shape {inputs.shape} are not (N, T, *{tuple(network.input_shape)})")
    first = np.asarray(inputs, np.float64)
    results: list[Reals] = []
    for node in network.nodes:
        results.append(_result(node, [first if source < 0 else results[source] for source in node.inputs]))
    return {node.name: result for node, result in zip(network.nodes, results, strict=True)}


def _result(node: Node, given: Sequence[Reals]) -> Reals:
    values = given[0]
    match node.operation:
        case Neuron():
            return _spikes(node.operation, values)
        case Add():
            return np.stack(given).sum(axis=0)
        case Scale():
            return values * node.operation.factor
        case Linear():
            return _with_bias(values @ node.operation.weights.T, node.operation.bias)
        case Flatten():
            return values.reshape(*values.shape[:2], -1)
        case Convolution():
            return _unfolded(values, _convolved(node.operation, _folded(values)))
        case Pool():
            return _unfolded(values, _pooled(node.operation, _folded(values)))


def _folded(values: Reals) -> Reals:
    """(N, T, ...) to (N·T, ...)."""
    return values.reshape(-1, *values.shape[2:])


def _unfolded(like: Reals, values: Reals) -> Reals:
    return values.reshape(*like.shape[:2], *values.shape[1:])


def _with_bias(drive: Reals, bias: Reals | None) -> Reals:
    return drive if bias is None else drive + bias


def _convolved(operation: Convolution, maps: Reals) -> Reals:
    outputs, _, *kernel = operation.weights.shape
    windows = _windows(maps, (kernel[0], kernel[1]), operation.stride, operation.padding, operation.dilation, 0.0)
    parts = [
        np.einsum("bcyxij,ocij->boyx", part, weights, optimize=True)
        for part, weights in zip(
            np.split(windows, operation.groups, axis=1),
            np.split(operation.weights, operation.groups, axis=0),
            strict=True,
        )
    ]
    drive = np.concatenate(parts, axis=1)
    assert drive.shape[1] == outputs
    return _with_bias(drive, None if operation.bias is None else operation.bias[:, None, None])


def _pooled(operation: Pool, maps: Reals) -> Reals:
    fill = -np.inf if operation.kind == "max" else 0.0
    windows = _windows(maps, operation.kernel, operation.stride, operation.padding, (1, 1), fill)
    match operation.kind:
        case "max":
            return windows.max(axis=(4, 5))
        case "sum":
            return windows.sum(axis=(4, 5))
        case "average":
            # padding counts, as in PyTorch's default
            return windows.sum(axis=(4, 5)) / (operation.kernel[0] * operation.kernel[1])


def _windows(
    maps: Reals,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int],
    fill: float,
) -> Reals:
    """All windows of maps (B, C, H, W), as (B, C, rows, columns, kh, kw)."""
    top, left, bottom, right = padding
    padded = np.pad(maps, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    extent = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def _spikes(neuron: Neuron, drive: Reals) -> Reals:
    """The spikes (N, T, *shape) for a drive of that shape."""
    shape = drive.shape[2:]
    threshold, decay, gain = (_spread(values, shape) for values in (neuron.threshold, neuron.decay, neuron.gain))
    value = _spread(neuron.reset_value, shape)
    least = None if neuron.least is None else _spread(neuron.least, shape)
    synapse = None if neuron.synapse_decay is None else _spread(neuron.synapse_decay, shape)

    def fires(membrane: Reals) -> Reals:
        above = membrane > threshold if neuron.fires == "gt" else membrane >= threshold
        return np.where(above, np.floor(membrane / threshold), 0.0) if neuron.several else above.astype(np.float64)

    membrane = np.broadcast_to(_spread(neuron.initial, shape), drive[:, 0].shape).astype(np.float64)
    current, before = np.zeros_like(membrane), np.zeros_like(membrane)
    trains = np.empty_like(drive)
    for step in range(drive.shape[1]):
        x = drive[:, step]
        if neuron.recurrent is not None:
            x = x + before @ neuron.recurrent.T
        if neuron.recurrent_bias is not None:
            x = x + neuron.recurrent_bias
        current = x if synapse is None else synapse * current + x
        leaked, charge = decay * membrane, gain * current
        match neuron.timing:
            case "same_step":
                u = leaked + charge
                spikes = fires(u)
                membrane = _reset(neuron, u, spikes, threshold, value)
            case "next_step":
                u = _reset_late(neuron, leaked, charge, before, threshold, value)
                spikes = fires(u)
                membrane = u
            case "compared":
                spikes = fires(leaked + charge - (membrane > threshold) * threshold)
                membrane = leaked + charge - spikes * threshold
        if least is not None:
            membrane = np.maximum(membrane, least)
        trains[:, step] = before = spikes
    return trains


def _reset(neuron: Neuron, u: Reals, spikes: Reals, threshold: Reals, value: Reals) -> Reals:
    """The membrane after a reset in the same step."""
    match neuron.reset:
        case "subtract":
            return u - spikes * threshold
        case "value":
            return np.where(spikes > 0, value, u)
        case "none":
            return u


def _reset_late(neuron: Neuron, leaked: Reals, charge: Reals, before: Reals, threshold: Reals, value: Reals) -> Reals:
    """The membrane to be compared, with the reset that the spikes of the step `before` left to this one."""
    match neuron.reset:
        case "subtract":
            return leaked + charge - before * threshold
        case "value" if neuron.loses_input:
            return np.where(before > 0, value, leaked + charge)
        case "value":
            return np.where(before > 0, value, leaked) + charge
        case "none":
            return leaked + charge


def _spread(values: Reals, shape: tuple[int, ...]) -> Reals:
    """(1,) or (C,) so that it broadcasts with (N, *shape)."""
    return values.reshape(-1, *(1 for _ in shape[1:]))
