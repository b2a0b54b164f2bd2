"""PyTorch networks against their import: same numbers, and clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from e3ne.dialects.snn import BatchNormOp, Conv2dOp, find_network
from e3ne.errors import E3neError
from e3ne.frontends.torch_export import import_exported, import_module
from e3ne.models import zoo
from e3ne.semantics.snn import run_float


def assert_equal(model: nn.Module, shape: tuple[int, ...]) -> None:
    module = import_module(model, shape, "net")
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(images)).numpy()
    given = run_float(module, images).outputs[0]
    assert given.shape == expected.shape
    assert np.allclose(given, expected, atol=1e-5)


def head(channels: int, size: int) -> list[nn.Module]:
    return [nn.ReLU(), nn.Flatten(), nn.Linear(channels * size, 3)]


@pytest.mark.parametrize(
    ("convolution", "size"),
    [
        (nn.Conv2d(2, 4, 3), 6 * 7),
        (nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), bias=False), 4 * 8),
        (nn.Conv2d(2, 4, (4, 2), padding="same", dilation=(1, 3)), 8 * 9),
        (nn.Conv2d(2, 4, 2, padding="valid", groups=2), 7 * 8),
        (nn.Conv2d(2, 4, 3, padding=2, dilation=2), 8 * 9),
    ],
)
def test_convolutions(convolution: nn.Module, size: int) -> None:
    torch.manual_seed(0)
    assert_equal(nn.Sequential(convolution, *head(4, size)), (2, 8, 9))


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (nn.MaxPool2d(2), 4 * 4),
        (nn.MaxPool2d(3, 2, 1), 4 * 5),
        (nn.MaxPool2d(3, 2, ceil_mode=True), 4 * 4),
        (nn.MaxPool2d(2, 3, 1, ceil_mode=True), 3 * 4),
        (nn.MaxPool2d((2, 3), 1, dilation=2), 6 * 5),
        (nn.AvgPool2d((2, 3)), 4 * 3),
        (nn.AvgPool2d(3, 2, 1), 4 * 5),
        (nn.AvgPool2d(2, ceil_mode=False), 4 * 4),
        (nn.AdaptiveAvgPool2d((2, 3)), 6),
        (nn.AdaptiveAvgPool2d(1), 1),
    ],
)
def test_pools(pool: nn.Module, size: int) -> None:
    torch.manual_seed(0)
    assert_equal(nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), pool, nn.Flatten(), nn.Linear(4 * size, 3)), (1, 8, 9))


class Functional(nn.Module):
    """Functions instead of modules, one ReLU module used twice, normalisation, dropout, mean, view."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Module()
        self.block.conv = nn.Conv2d(1, 4, 3)
        self.block.norm = nn.BatchNorm2d(4)
        self.block.norm.running_mean = torch.randn(4)
        self.block.norm.running_var = torch.rand(4) + 0.5
        self.conv = nn.Conv2d(4, 6, 3, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(6, 5)
        self.norm = nn.BatchNorm1d(5, affine=False)
        self.fc2 = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.block.norm(self.block.conv(x)))
        x = functional.max_pool2d(x, 2)
        x = torch.relu(self.conv(x)).mean((-2, -1))
        x = self.drop(x).view(x.size(0), -1)
        return self.fc2(self.relu(self.norm(self.fc1(x))))


def test_functions_and_names() -> None:
    torch.manual_seed(0)
    model = Functional()
    assert_equal(model, (1, 10, 10))
    network = find_network(import_module(model, (1, 10, 10), "my-net"))
    assert network.sym_name.data == "my_net"
    assert [(op.layer_name, op.KIND) for op in network.layers()] == [
        ("block_conv", "synapse"),
        ("block_norm", "norm"),
        ("relu", "neuron"),
        ("max_pool2d", "pool"),
        ("conv", "synapse"),
        ("relu_1", "neuron"),
        ("mean", "pool"),
        ("mean", "flatten"),
        ("fc1", "synapse"),
        ("norm", "norm"),
        ("relu_2", "neuron"),
        ("fc2", "synapse"),
    ]
    first = next(op for op in network.layers() if isinstance(op, Conv2dOp))
    assert first.weights.string_value() == "block_conv_weight"
    norm = next(op for op in network.layers() if isinstance(op, BatchNormOp))
    assert norm.variance.string_value() == "block_norm_variance"


@pytest.mark.parametrize("name", [entry.name for entry in zoo.entries()])
def test_reference_networks(name: str) -> None:
    torch.manual_seed(0)
    entry = zoo.get(name)
    assert_equal(entry.factory(), entry.input_shape)


def test_training_flag_is_left_alone() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).train()
    import_module(model, (1, 2, 2), "net")
    assert model.training


class Refused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.Sigmoid(), nn.LSTM(1, 2))
        self.pool = nn.AvgPool2d(2, padding=1, count_include_pad=False)
        self.ceil = nn.AvgPool2d(2, ceil_mode=True)
        self.adaptive = nn.AdaptiveAvgPool2d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body[2](self.body[1](self.body[0](x)))
        y = self.adaptive(self.ceil(self.pool(x)))
        return (y + y).transpose(1, 2)


def test_all_unsupported_layers_are_named_at_once() -> None:
    with pytest.raises(E3neError) as error:
        import_module(Refused(), (1, 8, 8), "net")
    text = str(error.value)
    for wanted in (
        "network 'net' cannot be compiled",
        "layer 'body.1' (GroupNorm): operation",
        "layer 'body.2' (Sigmoid): operation 'sigmoid' is not supported",
        "layer 'pool' (AvgPool2d): padding with count_include_pad=False",
        "layer 'adaptive' (AdaptiveAvgPool2d): a map of",
        "layer 'add' (Refused): operation 'add' is not supported"
        if "layer 'add' (Refused)" in text
        else "operation 'add' is not supported",
        "operation 'transpose' is not supported" if "transpose" in text else "operation 'permute' is not supported",
        "supported are: Conv2d, Linear",
    ):
        assert wanted in text


def conv(inputs: int = 1, outputs: int = 1) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 1)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([conv(), conv()], "layer '1': there is no ReLU between it and layer '0'"),
        ([conv(), nn.ReLU()], "layer '1': the output layer must be linear"),
        ([nn.ReLU(), conv()], "layer '0': a ReLU must follow a convolution or linear layer"),
        ([conv(), nn.ReLU(), nn.ReLU(), conv()], "layer '2': a ReLU must follow"),
        ([nn.BatchNorm2d(1), conv()], "layer '0': batch normalisation must directly follow"),
        (
            [conv(), nn.MaxPool2d(2), nn.BatchNorm2d(1), nn.ReLU(), conv()],
            "layer '2': batch normalisation must directly",
        ),
        ([conv(), nn.AvgPool2d(2), nn.ReLU(), conv()], "layer '1': average pooling must come after the ReLU"),
        ([conv(), nn.Flatten(), nn.ReLU(), nn.Linear(16, 2)], "layer '1': flatten must come after the ReLU '2'"),
        (
            [conv(), nn.MaxPool2d(2)],
            "layer '1': the network must end with a convolution or linear layer, not with a pool",
        ),
        ([conv(), nn.ReLU(), nn.MaxPool2d(2)], "the network must end with a convolution or linear layer"),
        ([nn.Flatten()], "the network must end with a convolution or linear layer"),
        ([nn.Linear(4, 2)], "flatten before a linear layer"),
        ([conv().half()], "PyTorch cannot export|float32"),
        ([nn.Flatten(0)], "the batch dimension must stay|flatten"),
        ([nn.Conv1d(1, 1, 1)], "PyTorch cannot export|not supported"),
        ([conv(), nn.ReLU6(), conv()], "layer '1' .ReLU6.: operation 'hardtanh' is not supported"),
    ],
)
def test_networks_that_cannot_be_executed(layers: list[nn.Module], message: str) -> None:
    with pytest.raises(E3neError, match=message):
        import_module(nn.Sequential(*layers), (1, 4, 4), "net")


class TwoOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(), conv()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.a(x), self.b(x)


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(), conv()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.a(x))
        return x + self.b(x)


class Control(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class NotFinite(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(conv())
        nn.init.constant_(self[0].weight, float("nan"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (TwoOutputs(), "must have one output, not 2"),
        (Branches(), "operation 'add' is not supported"),
        (Control(), "PyTorch cannot export the network"),
        (NotFinite(), "layer '0' .Conv2d.: its weight has an element that is infinite or not a number"),
        (conv(3), "PyTorch cannot export the network for an image of .1, 4, 4."),
    ],
)
def test_graphs_that_cannot_be_executed(model: nn.Module, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        import_module(model, (1, 4, 4), "net")


def test_exported_spiking_modules_are_refused() -> None:
    class Leaky(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 0.9

    Leaky.__module__ = "snntorch._neurons.leaky"
    program = torch.export.export(nn.Sequential(conv(), Leaky()), (torch.zeros(1, 1, 4, 4),))
    with pytest.raises(E3neError, match="1: modules of spiking libraries keep state"):
        import_exported(program, "net")
