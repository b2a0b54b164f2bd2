"""Folding, calibration and quantisation of whole networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import (
    BatchNormOp,
    Conv2dOp,
    MembraneType,
    ReluOp,
    RequantizeOp,
    SynapseOp,
    find_network,
    parameter_array,
)
from e3ne.dialects.snn.parameters import ParameterOp
from e3ne.errors import E3neError
from e3ne.frontends.torch_export import import_module
from e3ne.models import mnist, zoo
from e3ne.passes.layer_encodings import EncodingChoice, by_layer
from e3ne.passes.snn_calibrate import SnnCalibratePass, calibrate
from e3ne.passes.snn_fold_batch_norm import SnnFoldBatchNormPass
from e3ne.passes.snn_quantize import SnnQuantizePass
from e3ne.quantization.weights import quantize_weights
from e3ne.semantics import snn_arithmetic as arithmetic
from e3ne.semantics.snn import NetworkRun, run_float, run_network


def randomise(model: nn.Module) -> nn.Module:
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
            assert part.running_mean is not None
            assert part.running_var is not None
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
            if part.affine:
                nn.init.normal_(part.weight)
                nn.init.normal_(part.bias)
    return model


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    made = {
        "plain": nn.Sequential(
            nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 16, 5)
        ),
        "pool before relu": nn.Sequential(
            nn.Conv2d(2, 6, 3, stride=2, bias=False), nn.MaxPool2d(2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(24, 5)
        ),
        "average": nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 4, 2), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5),
        ),
        "norm": nn.Sequential(
            nn.Conv2d(2, 6, 3, groups=2), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, dilation=2, bias=False),
            nn.BatchNorm2d(6, affine=False), nn.ReLU(), nn.Flatten(), nn.Linear(24, 7, bias=False),
            nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 5), nn.BatchNorm1d(5),
        ),
    }  # fmt: skip
    return {name: randomise(model) for name, model in made.items()}


def images(count: int = 40) -> np.ndarray:
    return np.random.default_rng(0).random((count, 2, 8, 8), np.float32)


def imported(name: str) -> ModuleOp:
    return import_module(networks()[name], (2, 8, 8), "net")


def folded(name: str) -> ModuleOp:
    module = imported(name)
    SnnFoldBatchNormPass().apply(Context(), module)
    module.verify()
    return module


NAMES = list(networks())


@pytest.mark.parametrize("name", NAMES)
def test_folding_keeps_the_function(name: str) -> None:
    module = folded(name)
    assert not any(isinstance(op, BatchNormOp) for op in find_network(module).layers())
    before = run_float(imported(name), images(), dtype=np.float64).outputs[0]
    assert np.allclose(run_float(module, images(), dtype=np.float64).outputs[0], before, atol=1e-5)
    used = {op.weights.string_value() for op in find_network(module).layers() if isinstance(op, SynapseOp)}
    used |= {op.bias.string_value() for op in find_network(module).layers() if isinstance(op, SynapseOp) and op.bias}
    assert {op.sym_name.data for op in module.ops if isinstance(op, ParameterOp)} == used


def test_folding_does_not_change_parameters_that_others_use() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 1, bias=False)
            self.norm = nn.BatchNorm2d(2)
            self.relu = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(self.relu(self.norm(self.conv(x))))

    torch.manual_seed(0)
    module = import_module(randomise(Shared()), (2, 8, 8), "net")
    first, second = (op for op in find_network(module).layers() if isinstance(op, Conv2dOp))
    second.properties["weights"] = first.weights
    before = run_float(module, images()).outputs[0]
    SnnFoldBatchNormPass().apply(Context(), module)
    assert np.allclose(run_float(module, images()).outputs[0], before, atol=1e-5)


@pytest.mark.parametrize("granularity", ["per_channel", "per_layer", "power_of_two"])
@pytest.mark.parametrize("name", NAMES)
def test_calibration_writes_annotations_only(name: str, granularity: str) -> None:
    module = folded(name)
    before = run_float(module, images()).outputs[0]
    calibrate(module, images(), EncodingChoice(steps=3), weight_bits=5, granularity=granularity)
    module.verify()
    assert np.array_equal(run_float(module, images()).outputs[0], before)
    layers = list(find_network(module).layers())
    assert all(op.weight_bits and op.weight_scale for op in layers if isinstance(op, SynapseOp))
    assert all(op.scale and op.encoding for op in layers if isinstance(op, ReluOp))
    once = str(module)
    calibrate(module, images(), EncodingChoice(steps=3), weight_bits=5, granularity=granularity)
    assert str(module) == once


@pytest.mark.parametrize("granularity", ["per_channel", "per_layer", "power_of_two"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("steps", "bits"), [(4, 4), (1, 2), (8, 8), (3, 3)])
def test_integer_network_is_the_simulated_quantised_network(name: str, granularity: str, steps: int, bits: int) -> None:
    """Every code of the integer network is the rounded activation of real arithmetic with quantised weights."""
    module = folded(name)
    calibrate(module, images(), EncodingChoice(steps=steps), weight_bits=bits, granularity=granularity)
    annotated = module.clone()
    SnnQuantizePass().apply(Context(), module)
    module.verify()
    run = run_network(module, images(), keep=True)
    levels = 2**steps
    for layer, ideal in simulate(annotated, images(), run).items():
        codes = run.values[layer, "neuron"].astype(int)
        # real arithmetic may land on either side of a tie
        least, most = (np.clip(np.floor(ideal + 0.5 + slack), 0, levels - 1) for slack in (-1e-4, 1e-4))
        assert (least <= codes).all()
        assert (codes <= most).all()
    for op in find_network(module).layers():
        if isinstance(op, RequantizeOp) and granularity == "power_of_two":
            assert (np.bitwise_count(parameter_array(op.threshold_parameter)) == 1).all()
        if isinstance(op.output.type, MembraneType) and isinstance(op, SynapseOp):
            values = run.values[op.layer_name, "synapse"]
            assert op.output.type.low <= values.min()
            assert values.max() <= op.output.type.high


def simulate(module: ModuleOp, pixels: np.ndarray, run: NetworkRun) -> dict[str, np.ndarray]:
    """What every ReLU gets, in levels, with real numbers (float64) and quantised weights.

    The spikes of the layers before are those of `run`.
    """
    network = find_network(module)
    assert network.input_encoding is not None
    numbers = network.input_encoding.numbers
    values = arithmetic.encode_images(pixels, numbers) / np.float64(numbers[-1])
    ideal: dict[str, np.ndarray] = {}
    for op in network.layers():
        if isinstance(op, SynapseOp):
            scale, width = op.weight_scale_parameter, op.weight_bits
            assert scale is not None
            assert width is not None
            weights = op.weights_parameter.array
            integers = quantize_weights(weights, scale.array, width.value.data)
            real = integers * scale.array.astype(np.float64).reshape(-1, *([1] * (weights.ndim - 1)))
            if isinstance(op, Conv2dOp):
                values = arithmetic.convolve(values, real, op.window, op.group_count)
            else:
                values = values @ real.T
            if op.bias_parameter is not None:
                bias = op.bias_parameter.array.astype(np.float64)
                values = values + bias.reshape((1, -1) + (1,) * (values.ndim - 2))
        elif isinstance(op, ReluOp):
            assert op.scale is not None
            ideal[op.layer_name] = values / op.scale.value.data
            values = run.values[op.layer_name, "neuron"] * op.scale.value.data
        elif op.KIND == "pool":
            window = op.window
            pool = arithmetic.max_pool if op.name == "snn.max_pool" else arithmetic.average_pool
            values = pool(values, window)
        else:
            values = values.reshape(len(values), -1)
    return ideal


def test_eight_bits_are_nearly_the_float_network() -> None:
    module = folded("norm")
    before = run_float(module, images()).outputs[0]
    calibrate(module, images(), EncodingChoice(steps=8), weight_bits=8, method="max")
    SnnQuantizePass().apply(Context(), module)
    after = run_network(module, images()).outputs[0].astype(float)
    correlation = np.corrcoef(before.ravel(), after.ravel())[0, 1]
    assert correlation > 0.999


def test_dead_layer() -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2))
    nn.init.constant_(model[0].bias, -100.0)
    module = import_module(model, (2, 8, 8), "net")
    calibrate(module, images())
    SnnQuantizePass().apply(Context(), module)
    module.verify()
    assert run_network(module, images(), keep=True).values["1", "neuron"].max() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 9}, "numbers of a neuron have at most 8 bits, those of #snn.radix<9> have 9"),
        ({"weight_bits": 1}, "weight-bits is 1; supported: 2 to 8"),
        ({"granularity": "tensor"}, "granularity is 'tensor'; supported: per_channel, per_layer, power_of_two"),
        ({"method": "luck"}, "method is 'luck'; supported: mse, max, percentile"),
        ({"steps": 0, "method": "luck"}, "method is 'luck'.*radix encoding has 1 to 16 steps, not 0"),
    ],
)
def test_wrong_options(options: dict[str, object], message: str) -> None:
    rest = {name: value for name, value in options.items() if name != "steps"}
    choice = EncodingChoice(steps=options.get("steps", 4))  # type: ignore[arg-type]
    with pytest.raises(E3neError, match=message):
        calibrate(folded("plain"), images(), choice, **rest)  # type: ignore[arg-type]


def test_wrong_order_of_passes() -> None:
    with pytest.raises(
        E3neError, match=r"the network has no input_encoding .*layer '0' has no weight_scale.*layer '1' has"
    ):
        SnnQuantizePass().apply(Context(), folded("plain"))
    with pytest.raises(E3neError, match="layer '1': batch normalisation must be folded first"):
        calibrate(imported("norm"), images())
    module = folded("plain")
    with pytest.raises(E3neError, match=r"the images have shape \(1, 8, 8\), but the network takes \(2, 8, 8\)"):
        calibrate(module, images()[:, :1])
    calibrate(module, images())
    SnnQuantizePass().apply(Context(), module)
    with pytest.raises(E3neError, match="quantised already"):
        SnnQuantizePass().apply(Context(), module)


def test_sums_that_are_too_long() -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 3, 1), nn.ReLU(), nn.AvgPool2d(8), nn.AvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)
    )
    module = import_module(model, (2, 8, 8), "net")
    calibrate(module, images(), EncodingChoice(steps=8))
    SnnQuantizePass().apply(Context(), module)
    wide = import_module(nn.Sequential(nn.AvgPool2d(32), nn.Flatten(), nn.Linear(1, 2)), (1, 32, 32), "net")
    calibrate(wide, np.random.default_rng(0).random((3, 1, 32, 32)), EncodingChoice(steps=8))
    with pytest.raises(E3neError, match="layer '0': its sums need 18 time steps; at most 16 are possible"):
        SnnQuantizePass().apply(Context(), wide)


def test_data_file(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    np.savez(file, x=images())
    module, again = folded("plain"), folded("plain")
    SnnCalibratePass(data=str(file), steps=3, weight_bits=3).apply(Context(), module)
    calibrate(again, images(), EncodingChoice(steps=3), weight_bits=3)
    assert str(module) == str(again)
    with pytest.raises(E3neError, match="no file"):
        SnnCalibratePass(data=str(tmp_path / "none.npz")).apply(Context(), module)


@pytest.mark.parametrize(("granularity", "bound"), [("per_channel", 0.975), ("power_of_two", 0.97)])
def test_reference_network_stays_accurate(granularity: str, bound: float) -> None:
    module = import_module(zoo.load("lenet5"), (1, 28, 28), "lenet5")
    calibrate(module, mnist.train().images[:500], EncodingChoice(steps=4), weight_bits=4, granularity=granularity)
    SnnQuantizePass().apply(Context(), module)
    digits = mnist.test()
    scores = run_network(module, digits.images).outputs[0]
    assert (scores.argmax(axis=1) == digits.labels).mean() > bound


def test_layers_may_have_bits_of_their_own() -> None:
    module = folded("average")
    layers = [op for op in find_network(module).layers() if isinstance(op, SynapseOp)]
    calibrate(module, images(), EncodingChoice(steps=3), weight_bits=5, weight_bits_by_layer={layers[0].layer_name: 2})
    bits = [op.weight_bits.value.data for op in layers if op.weight_bits]
    assert bits == [2] + [5] * (len(layers) - 1)
    SnnQuantizePass().apply(Context(), module)
    module.verify()
    first = next(op for op in find_network(module).layers() if isinstance(op, SynapseOp))
    assert np.asarray(first.weights_parameter.array).min() >= -2
    assert np.asarray(first.weights_parameter.array).max() <= 1


@pytest.mark.parametrize(
    ("text", "message"), [("conv", "LAYER=BITS"), ("a=1,a=2", "each layer once"), ("a=x", "LAYER=BITS")]
)
def test_bits_by_layer_are_checked(text: str, message: str) -> None:
    with pytest.raises(E3neError, match=message):
        by_layer(text, "weight-bits-by-layer", "BITS", int)


@pytest.mark.parametrize(("layer", "bits", "message"), [("nothing", 4, "no layer 'nothing'"), ("", 9, "2 to 8")])
def test_bits_are_of_layers_with_weights(layer: str, bits: int, message: str) -> None:
    module = folded("average")
    name = layer or next(op.layer_name for op in find_network(module).layers() if isinstance(op, SynapseOp))
    with pytest.raises(E3neError, match=message):
        calibrate(module, images(), weight_bits_by_layer={name: bits})
