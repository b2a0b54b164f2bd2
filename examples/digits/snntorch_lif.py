"""Digits with leaky neurons of snnTorch: `e3ne compile snntorch_lif.py:make_network`."""

from __future__ import annotations

from pathlib import Path

import snntorch as snn
import torch
from safetensors.torch import load_file
from snntorch import surrogate, utils
from torch import nn

WEIGHTS = Path(__file__).with_suffix(".safetensors")


def build() -> nn.Sequential:
    """The network with random weights. Its forward is one time step; a decay of 7/8 costs no multiplier."""

    def neurons() -> nn.Module:
        return snn.Leaky(beta=0.875, spike_grad=surrogate.atan(), init_hidden=True)

    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), neurons()),
        *(nn.Conv2d(8, 16, 5), nn.MaxPool2d(2), neurons()),
        *(nn.Flatten(), nn.Linear(16 * 4 * 4, 10), neurons()),
    )


def make_network() -> nn.Sequential:
    """The trained network."""
    network = build()
    network.load_state_dict(load_file(WEIGHTS))
    return network


def counts(network: nn.Module, images: torch.Tensor, time_steps: int) -> torch.Tensor:
    """Spikes (N, 10) in `time_steps` steps for images (N, 1, 28, 28), the same in each step."""
    utils.reset(network)
    return torch.stack([network(images) for _ in range(time_steps)]).sum(0)
