"""SpikingJelly's neurons, step by step, against the networks imported from their modules."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, Convolution
from e3ne.frontends.spiking.reference import simulate
from e3ne.frontends.spiking.spikingjelly_module import import_spikingjelly
from tests.frontends.spiking.networks import (
    MAP_SHAPE,
    MLP_SHAPE,
    active,
    assert_same_spikes,
    differing,
    lenet,
    mlp,
    record,
    set_weights,
    spikes_in,
)

pytest.importorskip("spikingjelly")

from spikingjelly.activation_based import functional, layer, neuron, surrogate

# with init_tau=3, drives of 3.0 meet the threshold but for float32's rounding of 1/3, which no importer can know
KINDS = {
    "IF": neuron.IFNode,
    "LIF": partial(neuron.LIFNode, tau=2.5),
    "LIF, input not decayed": partial(neuron.LIFNode, tau=2.5, decay_input=False),
    "ParametricLIF": partial(neuron.ParametricLIFNode, init_tau=2.77),
    "ParametricLIF, input not decayed": partial(neuron.ParametricLIFNode, init_tau=2.77, decay_input=False),
    "CUBALIF": partial(neuron.CUBALIFNode, c_decay=0.4, v_decay=0.7),
}


@pytest.mark.parametrize("build", [mlp, lenet])
@pytest.mark.parametrize("v_reset", [0.0, -0.25, None])
@pytest.mark.parametrize("kind", KINDS)
def test_neurons(kind: str, v_reset: float | None, build: object) -> None:
    shape = MLP_SHAPE if build is mlp else MAP_SHAPE
    make = KINDS[kind]
    network, expected, inputs = active(build, lambda _: make(v_threshold=1.0, v_reset=v_reset), neuron.BaseNode, shape)
    assert_same_spikes(import_spikingjelly(network, shape, "net"), expected, inputs)


def test_ties_decide_between_above_and_at_the_threshold() -> None:
    network = nn.Sequential(nn.Linear(12, 30, bias=False), neuron.IFNode())
    with torch.no_grad():
        weights = np.random.default_rng(0).integers(-2, 4, network[0].weight.shape) / 4
        network[0].weight.copy_(torch.from_numpy(weights))
    inputs = spikes_in(MLP_SHAPE)
    expected = record(network, ["1"], inputs)
    imported = import_spikingjelly(network, MLP_SHAPE, "net")
    assert_same_spikes(imported, expected, inputs)
    wrong = replace(imported.nodes[1], operation=replace(imported.nodes[1].operation, fires="gt"))
    assert differing(replace(imported, nodes=[imported.nodes[0], wrong]), expected, inputs) > 20


class Residual(nn.Module):
    """SpikingJelly's own layers, with batch normalisation, a container and a residual addition."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = layer.SeqToANNContainer(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.first = neuron.LIFNode(tau=2.0, decay_input=False)
        self.conv = layer.Conv2d(4, 4, 3, padding=1)
        self.norm = layer.BatchNorm2d(4)
        self.second = neuron.IFNode(v_reset=None)
        self.head = nn.Sequential(layer.MaxPool2d(2), layer.Flatten(), layer.Dropout(0.5), layer.Linear(64, 10))
        self.last = neuron.LIFNode(tau=2.0, detach_reset=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(self.stem(x))
        x = self.second(self.norm(self.conv(x))) + x
        return self.last(self.head(x))


@pytest.mark.parametrize("mode", ["s", "m"])
def test_layers_containers_norms_and_residuals(mode: str) -> None:
    torch.manual_seed(0)
    network = set_weights(Residual(), 5, 0.7)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.copy_(torch.tensor([0.25, -0.125, 0.5, 0.0]))
            part.running_var.copy_(torch.tensor([0.75, 1.5, 0.6, 1.1]))
    functional.set_step_mode(network, mode)
    inputs = spikes_in(MAP_SHAPE)
    imported = import_spikingjelly(network, MAP_SHAPE, "net")
    assert network.training
    network.eval()
    kinds = [type(node.operation) for node in imported.nodes]
    assert (kinds.count(Convolution), kinds.count(Add), len(kinds)) == (2, 1, 9)
    if mode == "s":
        network.stem = nn.Sequential(*network.stem)
        assert_same_spikes(imported, record(network, ["first", "second", "last"], inputs), inputs)
        return
    with torch.no_grad():
        result = network(torch.from_numpy(inputs).float().transpose(0, 1)).transpose(0, 1).numpy()
    assert 0.02 < result.mean() < 0.98
    assert np.array_equal(simulate(imported, inputs)["last"], result)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: neuron.KLIFNode(), ["'1' (KLIFNode)", "not supported", "LIFNode"]),
        (lambda: neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=False)), ["surrogate_function"]),
        (lambda: nn.Sequential(neuron.IFNode(), nn.Flatten(2)), ["'1.1' (Flatten)", "flattens dimensions"]),
    ],
)
def test_refusals(make: object, words: list[str]) -> None:
    with pytest.raises(E3neError) as error:
        import_spikingjelly(nn.Sequential(nn.Linear(12, 5), make()), MLP_SHAPE, "net")
    for word in words:
        assert word in str(error.value)


def test_a_flatten_of_torch_in_a_container() -> None:
    """Inside, time and batch are one dimension."""
    stem = layer.SeqToANNContainer(nn.Conv2d(2, 4, 3, padding=1))
    head = layer.SeqToANNContainer(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10))
    network = set_weights(nn.Sequential(stem, neuron.IFNode(), head, neuron.IFNode()), 5, 0.7).eval()
    functional.set_step_mode(network, "m")
    inputs = spikes_in(MAP_SHAPE)
    imported = import_spikingjelly(network, MAP_SHAPE, "net")
    with torch.no_grad():
        result = network(torch.from_numpy(inputs).float().transpose(0, 1)).transpose(0, 1).numpy()
    assert 0.02 < result.mean() < 0.98
    assert np.array_equal(simulate(imported, inputs)["3"], result)


def test_mixed_step_modes_are_refused() -> None:
    network = nn.Sequential(nn.Linear(12, 5), neuron.IFNode(), nn.Linear(5, 5), neuron.IFNode(step_mode="m"))
    with pytest.raises(E3neError, match="different step_modes"):
        import_spikingjelly(network, MLP_SHAPE, "net")
