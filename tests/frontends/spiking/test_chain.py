"""Residual networks and the chains that they become: every spike of every layer is what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from e3ne.dialects.snn import LifOp, LinearOp, find_network
from e3ne.errors import E3neError
from e3ne.frontends.spiking.chain import as_chain
from e3ne.frontends.spiking.description import (
    Add,
    Convolution,
    Flatten,
    Linear,
    Neuron,
    Node,
    Operation,
    Pool,
    Reals,
    Scale,
    SpikingNetwork,
)
from e3ne.frontends.spiking.lower import lower
from e3ne.frontends.spiking.reference import simulate
from e3ne.frontends.spiking.shapes import result_shape
from e3ne.pipeline_runner import run_passes
from e3ne.semantics.snn import run_network
from tests.frontends.spiking.neurons import neuron_of

STEPS = 12
RULES: Mapping[str, Mapping[str, object]] = {
    "same, subtract": {},
    "same, value": {"reset": "value", "fires": "ge"},
    "none": {"reset": "none", "decay": 0.75},
    "next, subtract": {"timing": "next_step"},
    "next, subtract, ge": {"timing": "next_step", "fires": "ge"},
    "next, value": {"timing": "next_step", "reset": "value"},
    "compared": {"timing": "compared"},
    "several": {"several": True, "fires": "ge", "decay": 1.0},
    "synapse": {"synapse_decay": 0.5},
    "least": {"least": -0.25},
}


class Builder:
    """Nodes by name; a layer follows the last one unless it is said what it takes."""

    def __init__(self, shape: tuple[int, ...], **rules: object) -> None:
        self.shape, self.rules, self.random = shape, rules, np.random.default_rng(7)
        self.nodes: list[Node] = []
        self.channels: dict[str, int] = {}

    def add(self, name: str, operation: Operation, *inputs: str) -> Builder:
        places = [self._place(each) for each in inputs] or [len(self.nodes) - 1]
        shapes = [self.shape if place < 0 else self.nodes[place].shape for place in places]
        self.nodes.append(Node(name, operation, tuple(places), result_shape(operation, shapes)))
        return self

    def conv(self, name: str, channels: tuple[int, int], size: int = 3, *inputs: str, **options: int) -> Builder:
        pad, step, groups = options.get("pad", size // 2), options.get("step", 1), options.get("groups", 1)
        weights = self._weights(channels[1], channels[0] // groups, size, size)
        bias = self._weights(channels[1]) / 4
        return self.add(name, Convolution(weights, bias, (step, step), (pad,) * 4, groups=groups), *inputs)

    def linear(self, name: str, count: int, channels: int, *inputs: str) -> Builder:
        return self.add(name, Linear(self._weights(channels, count), None), *inputs)

    def lif(self, name: str, *inputs: str, **rules: object) -> Builder:
        return self.add(name, neuron_of(**{**self.rules, **rules}), *inputs)

    def build(self) -> SpikingNetwork:
        return SpikingNetwork("residual", self.shape, self.nodes)

    def _weights(self, *shape: int) -> Reals:
        return self.random.integers(-14, 20, shape) / 32

    def _place(self, name: str) -> int:
        return next(place for place, node in enumerate(self.nodes) if node.name == name)


def spikes_added(**rules: object) -> SpikingNetwork:
    """Spikes of a block and those in front of it are added, as in SEW ResNet; a sum at the end."""
    b = Builder((2, 5, 5), **rules).conv("conv1", (2, 3)).lif("lif1")
    b.conv("conv2", (3, 3)).lif("lif2").conv("conv3", (3, 3)).lif("lif3").add("add", Add(), "lif1", "lif3")
    b.add("pool", Pool("average", (5, 5), (5, 5))).add("flat", Flatten()).linear("fc", 3, 4).lif("lif4")
    return b.build()


def drives_added(**rules: object) -> SpikingNetwork:
    """Drives of a block and spikes, through weights, are added in front of neurons; other sizes and paddings."""
    b = Builder((2, 6, 5), **rules).conv("conv1", (2, 4), 3, step=2).lif("lif1")
    b.conv("conv2", (4, 4), 3, groups=2).lif("lif2").conv("conv3", (4, 3), 3)
    b.conv("shortcut", (4, 3), 1, "lif1").add("half", Scale(0.5)).add("add", Add(), "conv3", "half").lif("lif3")
    return b.build()


def branches(**rules: object) -> SpikingNetwork:
    """Two branches of neurons from one layer, with strides, of other lengths; added twice."""
    b = Builder((2, 6, 6), **rules).conv("conv1", (2, 3)).lif("lif1")
    b.conv("left1", (3, 4), 3, "lif1", step=2).lif("left_lif1").conv("left2", (4, 4)).lif("left_lif2")
    b.conv("right", (3, 4), 1, "lif1", step=2).lif("right_lif", threshold=0.75)
    b.add("add", Add(), "left_lif2", "right_lif").conv("conv2", (4, 2)).lif("lif2")
    b.conv("conv3", (2, 4)).add("add2", Add(), "conv3", "left_lif2", "right_lif").lif("lif3")
    return b.build()


def dense(**rules: object) -> SpikingNetwork:
    """Linear layers that take spikes of several layers before."""
    b = Builder((5,), **rules).linear("fc1", 5, 6).lif("lif1").linear("fc2", 6, 4).lif("lif2")
    b.linear("past", 6, 3, "lif1").linear("near", 4, 3, "lif2").add("add", Add(), "past", "near").lif("lif3")
    b.linear("fc3", 3, 2, "lif3").linear("fc4", 6, 2, "lif1").add("end", Add(), "fc3", "fc4")
    return b.build()


NETWORKS: Mapping[str, Callable[..., SpikingNetwork]] = {
    "spikes_added": spikes_added,
    "drives_added": drives_added,
    "branches": branches,
    "dense": dense,
}


def _spikes(network: SpikingNetwork) -> Reals:
    return (np.random.default_rng(2).random((3, STEPS, *network.input_shape)) < 0.4).astype(np.float64)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_spike_is_what_it_was(name: str, rule: str) -> None:
    network = NETWORKS[name](**RULES[rule])
    chain = as_chain(network)
    assert [node.inputs for node in chain.nodes] == [(place - 1,) for place in range(len(chain.nodes))]
    inputs = _spikes(network)
    wanted, found = simulate(network, inputs), simulate(chain, inputs)
    layers = [node.name for node in network.nodes if isinstance(node.operation, Neuron) and node.name in found]
    assert len(layers) >= 3
    for layer in layers:
        assert 0.02 < (wanted[layer] > 0).mean() < 0.98, layer
        assert np.array_equal(found[layer][:, :, : wanted[layer].shape[2]], wanted[layer]), layer
    last = network.nodes[-1].name
    assert np.array_equal(found[last], wanted[last])
    assert chain.nodes[-1].shape == network.nodes[-1].shape


@pytest.mark.parametrize("rule", RULES)
def test_neither_do_spikes_of_the_integers_differ(rule: str) -> None:
    network = spikes_added(**RULES[rule])
    inputs = _spikes(network)
    module = lower(network)
    run_passes(module, f"snn-quantize-spiking{{time-steps={STEPS} weight-bits=8}}")
    assert np.array_equal(run_network(module, inputs).outputs[0], simulate(network, inputs)["lif4"].sum(axis=1))


def test_a_chain_stays_as_it_is() -> None:
    network = Builder((2, 4, 4)).conv("conv", (2, 2)).lif("lif").build()
    assert as_chain(network) is network


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda b: b.conv("a", (2, 2)).lif("l").conv("b", (2, 2)).lif("m", fires="ge").add("s", Add(), "l", "m"),
            None,
        ),
        (
            lambda b: (
                b.conv("a", (2, 2))
                .lif("l")
                .conv("b", (2, 2), 3, "l")
                .lif("m", fires="ge")
                .conv("c", (2, 2), 3, "l")
                .lif("n")
                .add("s", Add(), "m", "n")
            ),
            "layer 'm': neurons with different rules come together: fires ge and gt",
        ),
        (
            lambda b: (
                b.conv("a", (2, 2))
                .lif("l")
                .conv("b", (2, 2), step=2)
                .lif("m")
                .conv("c", (2, 2))
                .conv("d", (2, 2), 1, "l", step=2)
                .add("s", Add(), "c", "d")
            ),
            "layer 'm': maps of different sizes come together: 2x2, 4x4",
        ),
        (
            lambda b: (
                b.conv("a", (2, 2))
                .lif("l")
                .add("p", Pool("max", (2, 2), (2, 2)))
                .conv("b", (2, 2))
                .lif("m")
                .conv("c", (2, 2), 3, "l", step=2)
                .add("s", Add(), "m", "c")
            ),
            "layers p, m: in residual blocks only what pools all spikes alike is supported",
        ),
        (
            lambda b: (
                b.conv("a", (2, 2))
                .lif("l")
                .add("p", Pool("average", (2, 2), (2, 2)))
                .conv("b", (2, 2))
                .lif("m")
                .add("s", Add(), "m", "p")
            ),
            "layer 'm': the sums of spikes of 'p' cannot go past neurons; spikes can",
        ),
        (
            lambda b: (
                b.conv("a", (2, 2))
                .lif("l", several=True, fires="ge")
                .conv("b", (2, 2))
                .lif("m", fires="ge")
                .add("s", Add(), "l", "m")
            ),
            "layer 'm': neurons of one spike a step cannot pass on those of 'l', which has several",
        ),
        (
            lambda b: b.conv("a", (2, 2)).conv("b", (2, 2)).add("s", Add(), "a", "b").lif("l"),
            "layer 'b' follows weights without neurons in between",
        ),
    ],
)
def test_what_cannot_come_together(make: Callable[[Builder], Builder], message: str | None) -> None:
    network = make(Builder((2, 4, 4))).build()
    if message is None:
        as_chain(network)
        return
    with pytest.raises(E3neError) as caught:
        as_chain(network)
    assert str(caught.value) == message


def test_the_input_goes_past_no_neurons() -> None:
    nodes = [
        Node("fc", Linear(np.ones((3, 3)), None), (-1,), (3,)),
        Node("lif", neuron_of(), (0,), (3,)),
        Node("sum", Add(), (1, -1), (3,)),
    ]
    with pytest.raises(E3neError, match="layer 'lif': a connection from the input past neurons is not supported"):
        as_chain(SpikingNetwork("n", (3,), nodes))


@pytest.mark.parametrize("names", [("fc.0", "fc_0"), ("fc", "fc_weight"), ("a.b", "a-b")])
def test_layers_whose_names_are_one_identifier(names: tuple[str, str]) -> None:
    first, second = names
    nodes = [
        Node(first, Linear(np.ones((3, 3)), None), (-1,), (3,)),
        Node("lif", neuron_of(), (0,), (3,)),
        Node(second, Linear(np.ones((2, 3)), None), (1,), (2,)),
        Node("fc_0_1", neuron_of(), (2,), (2,)),
    ]
    module = lower(SpikingNetwork("n", (3,), nodes))
    layers = [op.layer_name for op in find_network(module).layers() if isinstance(op, LinearOp | LifOp)]
    assert len(set(layers)) == 4


def test_numbers_that_float32_does_not_hold() -> None:
    nodes = [
        Node("fc", Linear(np.full((3, 3), 1e39), None), (-1,), (3,)),
        Node("lif", neuron_of(), (0,), (3,)),
    ]
    with pytest.raises(E3neError, match="fc_weight: it has a number beyond"):
        lower(SpikingNetwork("n", (3,), nodes))
