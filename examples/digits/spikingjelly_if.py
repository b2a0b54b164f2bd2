"""Digits with neurons of SpikingJelly that do not leak: `e3ne compile spikingjelly_if.py:make_network`."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn

WEIGHTS = Path(__file__).with_suffix(".safetensors")


def build() -> nn.Sequential:
    """The network with random weights, its neurons reset by subtraction.

    Its forward takes all time steps at once, (T, N, 1, 28, 28).
    """

    def neurons() -> nn.Module:
        return neuron.IFNode(v_reset=None, surrogate_function=surrogate.ATan(), detach_reset=True)

    network = nn.Sequential(
        *(layer.Conv2d(1, 8, 5, bias=False), layer.BatchNorm2d(8), layer.MaxPool2d(2), neurons()),
        *(layer.Conv2d(8, 16, 5, bias=False), layer.BatchNorm2d(16), layer.MaxPool2d(2), neurons()),
        *(layer.Flatten(), layer.Linear(16 * 4 * 4, 10), neurons()),
    )
    functional.set_step_mode(network, "m")
    return network


def make_network() -> nn.Sequential:
    """The trained network."""
    network = build()
    network.load_state_dict(load_file(WEIGHTS))
    return network


def counts(network: nn.Module, images: torch.Tensor, time_steps: int) -> torch.Tensor:
    """Spikes (N, 10) in `time_steps` steps for images (N, 1, 28, 28), the same in each step."""
    functional.reset_net(network)
    return network(images.expand(time_steps, *images.shape)).sum(0)
