"""The bounds of passes that make or change integrate-and-fire neurons."""

from __future__ import annotations

import numpy as np

from e3ne.analysis.float_differences import float_differences
from e3ne.dialects.snn import LifOp, MaxPoolOp, ReluOp, SynapseOp
from e3ne.errors import E3neError
from e3ne.semantics.snn import run_float
from e3ne.verification.semantics.finding import Finding
from e3ne.verification.semantics.programs import TIME_STEPS, Data, Network

SHARE = 0.02
"""Of a layer's neurons and steps that may fire otherwise: weights, thresholds and decays were rounded."""


def quantized_spikes(before: Network, after: Network, data: Data) -> Finding:
    """Each layer of integer neurons against the real one, fed with the spikes of the integer layers before it."""
    neurons = [op for op in after.op.layers() if isinstance(op, LifOp)]
    if not neurons:
        raise E3neError("there are no integrate-and-fire neurons behind it")
    found = float_differences(before.module, after.module, data, neurons[0].encoding.steps)
    far = [layer for layer in found.layers if layer.own > SHARE * layer.compared]
    message = "; ".join(
        f"layer '{layer.layer}': {layer.own:,} of {layer.compared:,} neurons and steps fire otherwise" for layer in far
    )
    own, compared = (sum(getattr(layer, name) for layer in found.layers) for name in ("own", "compared"))
    return Finding(
        f"{len(data)} inputs, {compared:,} neurons and steps, {own:,} fire otherwise",
        np.full(len(data), bool(far)),
        message,
    )


def converted(before: Network, after: Network, data: Data) -> Finding:
    """Spikes of the first neurons of integrate-and-fire against the ReLU that they stand for."""
    relu = next(op for op in before.op.layers() if isinstance(op, ReluOp))
    lif = next(op for op in after.op.layers() if isinstance(op, LifOp))
    pool = lif.input.owner
    # A pool that has gone in front of neurons stood behind the ReLU, and gave the same.
    key = (pool.layer_name, pool.KIND) if isinstance(pool, MaxPoolOp) else (relu.layer_name, relu.KIND)
    real = run_float(before.module, data, keep=True, dtype=np.float64).values[key]
    run = run_float(after.module, data, keep=True, dtype=np.float64, time_steps=TIME_STEPS)
    spikes = run.values[lif.layer_name, LifOp.KIND].reshape(len(data), TIME_STEPS, *real.shape[1:]).sum(axis=1)
    theta = lif.numbers()["threshold"].reshape(1, -1, *[1] * (real.ndim - 2)) / _strength(before, after)
    ideal = np.clip(real.astype(np.float64) / theta, 0, 1) * TIME_STEPS
    off = np.abs(spikes - ideal)
    wrong = (off > 0.5 + 1e-6).reshape(len(off), -1).any(axis=1)
    compared = f"{len(data)} inputs, {spikes.size:,} neurons of layer '{lif.layer_name}' off by {off.max():.3g} spikes"
    message = f"{int(wrong.sum())} inputs give numbers of spikes off by more than a half" if wrong.any() else ""
    return Finding(compared, wrong, message)


def _strength(before: Network, after: Network) -> float:
    """By what the weights of the first layer were multiplied."""
    first, second = (
        np.asarray(next(op for op in n.op.layers() if isinstance(op, SynapseOp)).weights_parameter.array, np.float64)
        for n in (before, after)
    )
    place = np.unravel_index(np.abs(first).argmax(), first.shape)
    return float(second[place] / first[place])
