"""Networks with weights that are multiples of 1/256, and the spikes of a library's neurons in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

STEPS = 20
SAMPLES = 2
STRENGTHS = (0.7, 0.4, 1.2, 0.25, 2.0, 3.5, 6.0, 10.0, 16.0, 0.15)
"""Of weights, to be tried until all layers spike now and then."""

Kind = Literal["MLP", "LeNet"]
SHAPES: Mapping[Kind, tuple[int, ...]] = {"MLP": (12,), "LeNet": (1, 12, 12)}

Make = Callable[[tuple[int, ...]], nn.Module]
"""the shape of a layer -> its neurons"""
Module = TypeVar("Module", bound=nn.Module)
Trains = NDArray[np.float64]


def set_weights(module: Module, seed: int = 0, strength: float = 1.0) -> Module:
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


def mlp(make: Make) -> list[nn.Module]:
    """Three layers for 12 inputs."""
    return [
        *(nn.Linear(12, 20), make((20,))),
        *(nn.Linear(20, 15, bias=False), make((15,))),
        *(nn.Linear(15, 10), make((10,))),
    ]


def lenet(make: Make, pool: Callable[[], nn.Module] = lambda: nn.AvgPool2d(2)) -> list[nn.Module]:
    """LeNet-5 made small: two convolutions with pools and two linear layers, for maps of 1×12×12."""
    return [
        *(nn.Conv2d(1, 4, 5), make((4, 8, 8)), pool()),
        *(nn.Conv2d(4, 8, 3), make((8, 2, 2)), pool(), nn.Flatten()),
        *(nn.Linear(8, 16), make((16,)), nn.Linear(16, 10), make((10,))),
    ]


def layers(kind: Kind, make: Make) -> list[nn.Module]:
    """Of the network of a kind."""
    return mlp(make) if kind == "MLP" else lenet(make)


def spikes_in(shape: tuple[int, ...], steps: int = STEPS, seed: int = 3) -> Trains:
    """Random spikes (N, T, *shape)."""
    return (np.random.default_rng(seed).random((SAMPLES, steps, *shape)) < 0.4).astype(np.float64)


def record(
    network: nn.Module, names: list[str], inputs: Trains, run: Callable[[torch.Tensor], object] | None = None
) -> dict[str, Trains]:
    """The spikes (N, T, ...) of the modules `names`, called once for each step; `run` takes a step's (N, ...)."""
    found: dict[str, list[Trains]] = {name: [] for name in names}

    def hook(name: str) -> Callable[..., None]:
        def keep(_module: nn.Module, _given: object, result: object) -> None:
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


def is_fair(trains: Trains) -> bool:
    """Whether there are both spikes and steps without, so that a comparison says something."""
    return bool(trains.mean() > 0.02 and (trains == 0).mean() > 0.02)


def active(
    build: Callable[[float], nn.Module],
    run: Callable[[nn.Module, Trains], dict[str, Trains]],
    inputs: Trains,
) -> tuple[nn.Module, dict[str, Trains]]:
    """A network with weights of the first strength at which all layers spike now and then, and what `run` records.

    Raises `ValueError` if there is none.
    """
    for strength in STRENGTHS:
        network = build(strength)
        expected = run(network, inputs)
        if all(is_fair(trains) for trains in expected.values()):
            return network, expected
    raise ValueError("no weights make all layers spike now and then")
