"""Networks for the tests of frontends, and the comparison of a library's spikes with an import's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from torch import nn

from benchmarks.interop.networks import STEPS, Make, is_fair, record, set_weights, spikes_in
from benchmarks.interop.networks import active as active_network
from benchmarks.interop.networks import mlp as mlp_layers
from e3ne.frontends.spiking.description import Neuron, SpikingNetwork
from e3ne.frontends.spiking.reference import simulate

__all__ = [
    "MAP_SHAPE",
    "MLP_SHAPE",
    "STEPS",
    "Make",
    "active",
    "assert_same_spikes",
    "differing",
    "is_fair",
    "lenet",
    "mlp",
    "record",
    "set_weights",
    "spikes_in",
    "square_lenet",
]

MLP_SHAPE = (12,)
MAP_SHAPE = (2, 8, 8)


def mlp(make: Make, strength: float = 1.0) -> nn.Sequential:
    return set_weights(nn.Sequential(*mlp_layers(make)), 1, strength)


def lenet(
    make: Make, strength: float = 1.0, pool: Callable[[], nn.Module] | None = None, rows: int = 2
) -> nn.Sequential:
    """Two convolutions with a pool, two linear layers, for `MAP_SHAPE`; the second kernel has `rows` and 3 columns."""
    height = 5 - rows
    parts = [
        *(nn.Conv2d(2, 4, 3, padding=1), make((4, 8, 8)), pool() if pool else nn.AvgPool2d(2)),
        *(nn.Conv2d(4, 6, (rows, 3)), make((6, height, 2)), nn.Flatten()),
        *(nn.Linear(12 * height, 14), make((14,)), nn.Linear(14, 10), make((10,))),
    ]
    return set_weights(nn.Sequential(*parts), 2, strength)


def square_lenet(make: Make, strength: float = 1.0, pool: Callable[[], nn.Module] | None = None) -> nn.Sequential:
    """With square kernels only: nir infers wrong shapes for others and then refuses to export."""
    return lenet(make, strength, pool, 3)


def active(
    build: Callable[[Make, float], nn.Module], make: Make, kind: type[nn.Module], shape: tuple[int, ...]
) -> tuple[nn.Module, dict[str, np.ndarray], np.ndarray]:
    """A network with weights of the first strength at which all neurons, of class `kind`, spike now and then.

    Also their spikes, for inputs that are given as the third.
    """
    inputs = spikes_in(shape)

    def run(network: nn.Module, inputs: np.ndarray) -> dict[str, np.ndarray]:
        return record(network, [name for name, part in network.named_modules() if isinstance(part, kind)], inputs)

    return *active_network(lambda strength: build(make, strength), run, inputs), inputs


def differing(network: SpikingNetwork, expected: Mapping[str, np.ndarray], inputs: np.ndarray) -> int:
    """In how many places the spiking layers of an imported network differ from `expected`, in their order."""
    results = simulate(network, inputs)
    spiking = [node.name for node in network.nodes if isinstance(node.operation, Neuron)]
    assert len(spiking) == len(expected)
    pairs = [(results[name], trains) for name, trains in zip(spiking, expected.values(), strict=True)]
    assert all(given.shape == trains.shape for given, trains in pairs)
    return sum(int((given != trains).sum()) for given, trains in pairs)


def assert_same_spikes(network: SpikingNetwork, expected: Mapping[str, np.ndarray], inputs: np.ndarray) -> None:
    """No spike differs, and no layer is so silent or so busy that this would say little."""
    for name, trains in expected.items():
        assert trains.mean() > 0.02, f"{name} spikes too rarely: {trains.mean()}"
        assert (trains == 0).mean() > 0.02, f"{name} spikes nearly always"
    assert differing(network, expected, inputs) == 0
