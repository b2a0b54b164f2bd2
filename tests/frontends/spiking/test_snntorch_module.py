"""snnTorch's neurons, step by step, against the networks imported from their modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.frontends.spiking.description import Add, SpikingNetwork
from e3ne.frontends.spiking.snntorch_module import import_snntorch
from tests.frontends.spiking.networks import (
    MAP_SHAPE,
    MLP_SHAPE,
    Make,
    active,
    assert_same_spikes,
    differing,
    lenet,
    mlp,
    record,
    set_weights,
    spikes_in,
)

snn = pytest.importorskip("snntorch")

RESETS = [(mechanism, delay) for mechanism in ("subtract", "zero", "none") for delay in (True, False)]


def neuron(kind: str, shape: tuple[int, ...], **settings: object) -> nn.Module:
    """A neuron of a kind that keeps its own state; recurrent ones only in a row."""
    if kind.startswith("R") and len(shape) == 3:
        kind = kind[1:]
    if kind == "Lapicque":
        return snn.Lapicque(R=2.0, C=2.5, init_hidden=True, **settings)
    if kind.endswith("Synaptic"):
        settings["alpha"] = 0.6
    if kind.startswith("R"):
        settings["linear_features"] = shape[0]
    return getattr(snn, kind)(beta=0.85, init_hidden=True, **settings)


def check(build: object, make: Make, shape: tuple[int, ...]) -> SpikingNetwork:
    network, expected, inputs = active(build, make, snn.SpikingNeuron, shape)
    imported = import_snntorch(network, shape, "net")
    assert_same_spikes(imported, expected, inputs)
    return imported


@pytest.mark.parametrize("build", [mlp, lenet])
@pytest.mark.parametrize(("mechanism", "delay"), RESETS)
@pytest.mark.parametrize("kind", ["Leaky", "Synaptic", "RLeaky", "RSynaptic"])
def test_neurons(kind: str, mechanism: str, delay: bool, build: object) -> None:
    if kind == "RSynaptic" and not delay:
        pytest.skip("broken in snnTorch; test_refusals has it")
    make = partial(neuron, kind, reset_mechanism=mechanism, reset_delay=delay)
    check(build, make, MLP_SHAPE if build is mlp else MAP_SHAPE)


@pytest.mark.parametrize("mechanism", ["subtract", "zero", "none"])
def test_lapicque(mechanism: str) -> None:
    check(mlp, partial(neuron, "Lapicque", reset_mechanism=mechanism), MLP_SHAPE)


@pytest.mark.parametrize("mechanism", ["subtract", "zero"])
def test_ties_decide_between_above_and_at_the_threshold(mechanism: str) -> None:
    """Without leak and with weights in quarters, membranes meet the threshold exactly, again and again."""
    leaky = snn.Leaky(beta=1.0, init_hidden=True, reset_mechanism=mechanism)
    network = nn.Sequential(nn.Linear(12, 30, bias=False), leaky)
    with torch.no_grad():
        weights = np.random.default_rng(0).integers(-2, 4, network[0].weight.shape) / 4
        network[0].weight.copy_(torch.from_numpy(weights))
    inputs = spikes_in(MLP_SHAPE)
    expected = record(network, ["1"], inputs)
    imported = import_snntorch(network, MLP_SHAPE, "net")
    assert_same_spikes(imported, expected, inputs)
    wrong = replace(imported.nodes[1], operation=replace(imported.nodes[1].operation, fires="ge"))
    assert differing(replace(imported, nodes=[imported.nodes[0], wrong]), expected, inputs) > 20


def test_each_reset_has_spikes_of_its_own() -> None:
    """What tells the combinations apart: networks that differ in nothing else do not have the same spikes."""
    inputs = spikes_in(MLP_SHAPE)
    networks, trains = [], []
    for mechanism, delay in RESETS[:5]:
        network = mlp(partial(neuron, "Synaptic", reset_mechanism=mechanism, reset_delay=delay), 0.4)
        networks.append(network)
        trains.append(record(network, ["1", "3", "5"], inputs))
    for first, network in enumerate(networks):
        imported = import_snntorch(network, MLP_SHAPE, "net")
        for second, expected in enumerate(trains):
            assert (differing(imported, expected, inputs) == 0) == (first == second)


def test_parameters_of_each_channel() -> None:
    random = torch.Generator().manual_seed(0)

    def make(shape: tuple[int, ...]) -> nn.Module:
        size = (shape[0], *(1 for _ in shape[1:]))
        beta = 0.5 + 0.4 * torch.rand(size, generator=random)
        threshold = 0.75 + torch.randint(0, 128, size, generator=random) / 256
        return snn.Leaky(beta=beta, threshold=threshold, init_hidden=True)

    imported = check(lenet, make, MAP_SHAPE)
    assert imported.nodes[1].operation.decay.shape == (4,)


def test_one_recurrent_weight_for_each_neuron() -> None:
    def make(shape: tuple[int, ...]) -> nn.Module:
        return snn.RLeaky(beta=0.9, V=torch.arange(shape[0]) / 32 - 0.25, all_to_all=False, init_hidden=True)

    check(mlp, make, MLP_SHAPE)


class OneStep(nn.Module):
    """States go through variables; a residual addition, functions in place of modules, spikes and membrane given."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.first = snn.Leaky(beta=0.9)
        self.same = nn.Conv2d(4, 4, 3, padding="same", groups=2)
        self.second = snn.Synaptic(alpha=0.5, beta=0.8, reset_mechanism="zero")
        self.fc = nn.Linear(4 * 4 * 4, 10)
        self.last = snn.RLeaky(beta=0.7, linear_features=10)
        self.reset()

    def reset(self) -> None:
        self.memory = None
        self.syn, self.mem = self.second.reset_mem()

    def forward(self, x: torch.Tensor, spk: object = None, out: object = None) -> tuple[torch.Tensor, ...]:
        first, self.memory = self.first(self.conv(x), self.memory)
        second, self.syn, self.mem = self.second(self.same(first) + first, self.syn, self.mem)
        pooled = torch.nn.functional.max_pool2d(second + 0.5 * first, 2)
        spikes, membrane = self.last(self.fc(pooled.view(pooled.size(0), -1)), spk, out)
        return spikes, membrane


def test_states_in_variables_and_residuals() -> None:
    network = set_weights(OneStep(), 4, 0.5)
    imported = import_snntorch(network, MAP_SHAPE, "residual")
    # tracing must not have left anything in the module
    assert network.memory is None
    assert network.training
    assert not hasattr(network, "_tensor_constant0")
    assert [type(node.operation) for node in imported.nodes].count(Add) == 2
    state: list[object] = [None, None]

    def run(x: torch.Tensor) -> None:
        state[:] = network(x, *state)

    inputs = spikes_in(MAP_SHAPE)
    assert_same_spikes(imported, record(network, ["first", "second", "last"], inputs, run), inputs)


class Loop(OneStep):
    def forward(self, x: torch.Tensor, spk: object = None, out: object = None) -> object:
        return [super(Loop, self).forward(x) for _ in range(3)]


class Dropped(OneStep):
    def forward(self, x: torch.Tensor, spk: object = None, out: object = None) -> object:
        return self.first(self.conv(x))[1]


class Decides(OneStep):
    def forward(self, x: torch.Tensor, spk: object = None, out: object = None) -> object:
        return self.first(self.conv(x)) if x.sum() > 0 else x


def leaky(**settings: object) -> nn.Module:
    return nn.Sequential(nn.Linear(12, 5), snn.Leaky(**{"beta": 0.9, "init_hidden": True, **settings}))


def conv(make: object) -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 4, 3), make(init_hidden=True))


def row(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(12, 5), *parts)


@pytest.mark.parametrize(
    ("network", "shape", "words"),
    [
        (lambda: row(snn.Alpha(0.9, 0.8)), (12,), ["'1' (Alpha)", "not supported", "Leaky"]),
        (lambda: row(nn.GELU()), (12,), ["'1' (GELU)", "Conv2d"]),
        (lambda: row(snn.Leaky(0.9), nn.Linear(5, 2)), (12,), ["'2' (Linear)", "take its spikes"]),
        (lambda: leaky(graded_spikes_factor=2.0), (12,), ["'1' (Leaky)", "graded_spikes_factor"]),
        (lambda: leaky(threshold=-1.0), (12,), ["threshold is negative"]),
        (lambda: leaky(state_quant=lambda x: x), (12,), ["state_quant"]),
        (lambda: leaky(spike_grad=lambda u: (u > 0.5).float()), (12,), ["spike_grad"]),
        (lambda: leaky(beta=float("nan")), (12,), ["beta", "not a number"]),
        (lambda: leaky(beta=torch.rand(4)), (12,), ["beta", "(4,)"]),
        (lambda: leaky(), (13,), ["'0' (Linear)", "12 inputs"]),
        (lambda: leaky(), (2, 8), ["(C, H, W) or (N,)"]),
        (lambda: mlp(lambda shape: neuron("RSynaptic", shape, reset_delay=False)), (12,), ["RSynaptic", "broken"]),
        (lambda: conv(partial(snn.RLeaky, 0.9, conv2d_channels=4, kernel_size=3)), MAP_SHAPE, ["Conv2d is not"]),
        (lambda: conv(partial(snn.Leaky, torch.rand(6))), MAP_SHAPE, ["varies within a channel"]),
        (Loop, MAP_SHAPE, ["'first' (Leaky)", "one time step"]),
        (Dropped, MAP_SHAPE, ["return the result of the last layer"]),
        (Decides, MAP_SHAPE, ["cannot be traced", "one time step"]),
    ],
)  # fmt: skip
def test_refusals(network: object, shape: tuple[int, ...], words: list[str]) -> None:
    with pytest.raises(E3neError) as error:
        import_snntorch(network(), shape, "net")
    for word in words:
        assert word in str(error.value)


class Sums(nn.Module):
    """Two layers whose results `add` puts together."""

    def __init__(self, add: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.first, self.left, self.right = nn.Linear(12, 12), nn.Linear(12, 12), nn.Linear(12, 12)
        self.neuron, self.last, self.add = neuron("Leaky", (12,)), neuron("Leaky", (12,)), add

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spikes = self.neuron(self.first(torch.flatten(input=x, start_dim=1)))
        return self.last(self.add(self.left(spikes), self.right(input=spikes)))


@pytest.mark.parametrize("call", [torch.add, lambda a, *rest, **named: a.add(*rest, **named)])
def test_a_factor_of_an_addition_is_not_passed_over(call: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(E3neError, match="operation 'add': its argument alpha is not supported"):
        import_snntorch(Sums(lambda a, b: call(a, b, alpha=-3)), MLP_SHAPE, "net")


def test_arguments_by_name() -> None:
    network = set_weights(Sums(lambda a, b: torch.add(input=a, other=b)), 3)
    names = [name for name, part in network.named_modules() if isinstance(part, snn.SpikingNeuron)]
    inputs = spikes_in(MLP_SHAPE)
    assert_same_spikes(import_snntorch(network, MLP_SHAPE, "net"), record(network, names, inputs), inputs)


def doubled(module: nn.Module, *values: object) -> object:
    del module
    return values[-1]


@pytest.mark.parametrize(("path", "said"), [("", "the network itself"), ("inner", "'inner'"), ("inner.0", "'inner.0'")])
@pytest.mark.parametrize("before", [False, True])
def test_hooks_are_not_passed_over(path: str, said: str, before: bool) -> None:
    """What pruning and weight_norm compute in a hook is not what the parameters say."""
    network = nn.Sequential()
    network.add_module("inner", nn.Sequential(nn.Linear(12, 4), neuron("Leaky", (4,))))
    part = network.get_submodule(path)
    handle = part.register_forward_pre_hook(doubled) if before else part.register_forward_hook(doubled)
    with pytest.raises(E3neError) as error:
        import_snntorch(network, MLP_SHAPE, "net")
    assert said in str(error.value)
    assert "hooks (pruning, weight_norm, ...)" in str(error.value)
    handle.remove()
    import_snntorch(network, MLP_SHAPE, "net")


@pytest.mark.parametrize("kind", ["Leaky", "Synaptic", "RLeaky"])
def test_a_reset_that_was_changed_afterwards(kind: str) -> None:
    """By the setter or by loading: a step goes on with the reset that the neuron was made with."""
    changed = mlp(lambda shape: neuron(kind, shape))
    changed[1].reset_mechanism = "zero"
    loaded = mlp(lambda shape: neuron(kind, shape))
    loaded.load_state_dict(mlp(lambda shape: neuron(kind, shape, reset_mechanism="zero")).state_dict())
    for network in (changed, loaded):
        with pytest.raises(E3neError, match=r"a step resets by 'subtract', but its .*reset_mechanism_val says zero"):
            import_snntorch(network, MLP_SHAPE, "net")


def test_a_batch_norm_behind_a_result_that_others_take_too() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.drop, self.norm = nn.Linear(12, 4), nn.Dropout(), nn.BatchNorm1d(4)
            self.last = neuron("Leaky", (4,))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.layer(x)
            return self.last(self.norm(self.drop(y)) + y)

    with pytest.raises(E3neError, match="must directly follow"):
        import_snntorch(Shared(), MLP_SHAPE, "net")


def test_independent_problems_are_told_at_once() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Tanh(), nn.Sequential(nn.Linear(12, 12), nn.Sigmoid())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.left(x) + self.right(x)

    with pytest.raises(E3neError) as error:
        import_snntorch(Branches(), MLP_SHAPE, "net")
    assert "'left' (Tanh)" in str(error.value)
    assert "'right.1' (Sigmoid)" in str(error.value)
