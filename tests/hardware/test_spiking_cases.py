"""The directed networks over time do what they are for: every layer of neurons fires."""

from __future__ import annotations

import numpy as np
import pytest

from e3ne.dialects.snn import DirectAttr, LifOp, find_network
from e3ne.semantics.snn import run_network
from tests.hardware.spiking_cases import SPIKING

# A case without an encoding takes images in radix encoding, and has no neurons that keep their membranes.
ALL = [(group, name) for group, cases in SPIKING.items() for name, case in cases.items() if case.encoding is not None]


@pytest.mark.parametrize(("group", "name"), ALL, ids=[f"{group}-{name}" for group, name in ALL])
def test_neurons_fire(group: str, name: str) -> None:
    """With inputs as in the comparison with hardware: else nothing that a spike does is compared there."""
    case, rng = SPIKING[group][name], np.random.default_rng(0)
    network, encoding = case.network(name), case.encoding
    assert encoding is not None
    if isinstance(encoding, DirectAttr):
        data = rng.integers(0, encoding.greatest + 1, (6, *case.shape)) / encoding.greatest
    else:
        data = rng.integers(0, encoding.greatest + 1, (6, encoding.frames, *case.shape)).astype(float)
    run = run_network(network, data, keep=True)
    for layer in find_network(network).layers():
        if isinstance(layer, LifOp):
            spikes = run.values[layer.layer_name, "neuron"]
            assert (spikes > 0).mean() > 0.02, layer.layer_name
