"""Networks with weights that are multiples of 1/256, and the comparison of a library's spikes with an import's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.frontends.spiking.description import Neuron, SpikingNetwork
from e3ne.frontends.spiking.reference import simulate

STEPS = 20
SAMPLES = 2
MLP_SHAPE = (12,)
MAP_SHAPE = (2, 8, 8)

Make = Callable[[tuple[int, ...]], nn.Module]
"""the shape of a layer -> its neurons"""


def set_weights(module: nn.Module, seed: int = 0, strength: float = 1.0) -> nn.Module:
    """Weights of all convolutions and linear layers, so that neurons with threshold 1 spike now and then."""
    random = np.random.default_rng(seed)
    for part in module.modules():
        if not isinstance(part, nn.Conv2d | nn.Linear):
            continue
        fan_in = part.weight[0].numel()
        scale = 256 * strength / np.sqrt(fan_in)
        with torch.no_grad():
            weights = np.round(random.normal(0.4, 1.2, part.weight.shape) * scale) / 256
            part.weight.copy_(torch.from_numpy(weights))
            if part.bias is not None:
                bias = np.round(random.normal(0.0, 0.2, part.bias.shape) * 256 * strength) / 256
                part.bias.copy_(torch.from_numpy(bias))
    return module


def mlp(make: Make, strength: float = 1.0) -> nn.Sequential:
    parts = [nn.Linear(12, 20), make((20,)), nn.Linear(20, 15, bias=False), make((15,)), nn.Linear(15, 10), make((10,))]
    return set_weights(nn.Sequential(*parts), 1, strength)


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


def spikes_in(shape: tuple[int, ...], steps: int = STEPS, seed: int = 3) -> np.ndarray:
    """Random spikes (N, T, *shape)."""
    return (np.random.default_rng(seed).random((SAMPLES, steps, *shape)) < 0.4).astype(np.float64)


def record(
    network: nn.Module, names: list[str], inputs: np.ndarray, run: Callable[[torch.Tensor], object] | None = None
) -> dict[str, np.ndarray]:
    """The spikes (N, T, ...) of the modules `names`, called once for each step; `run` takes a step's (N, ...)."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}

    def hook(name: str) -> Callable[..., None]:
        def keep(module: nn.Module, given: object, result: object) -> None:
            spikes = result[0] if isinstance(result, tuple) else result
            assert isinstance(spikes, torch.Tensor)
            found[name].append(spikes.detach().numpy().astype(np.float64))

        return keep

    handles = [network.get_submodule(name).register_forward_hook(hook(name)) for name in names]
    with torch.no_grad():
        for step in range(inputs.shape[1]):
            (run or network)(torch.from_numpy(inputs[:, step]).float())
    for handle in handles:
        handle.remove()
    return {name: np.stack(trains, axis=1) for name, trains in found.items()}


def is_fair(trains: np.ndarray) -> bool:
    """Whether there are both spikes and steps without, so that a comparison says something."""
    return bool(trains.mean() > 0.02 and (trains == 0).mean() > 0.02)


def active(
    build: Callable[[Make, float], nn.Module], make: Make, kind: type[nn.Module], shape: tuple[int, ...]
) -> tuple[nn.Module, dict[str, np.ndarray], np.ndarray]:
    """A network with weights of the first strength at which all neurons, of class `kind`, spike now and then.

    Also their spikes, for inputs that are given as the third.
    """
    inputs = spikes_in(shape)
    for strength in (0.7, 0.4, 1.2, 0.25, 2.0, 3.5, 6.0, 10.0, 0.15):
        network = build(make, strength)
        names = [name for name, part in network.named_modules() if isinstance(part, kind)]
        expected = record(network, names, inputs)
        if all(is_fair(trains) for trains in expected.values()):
            return network, expected, inputs
    pytest.fail("no weights make all layers spike now and then")


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
