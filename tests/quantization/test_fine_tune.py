import functools
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.dataset import Dataset
from e3ne.dialects.snn import Conv2dOp, ReluOp, RequantizeOp, SynapseOp, find_network
from e3ne.dialects.snn.geometry import Window
from e3ne.errors import E3neError
from e3ne.frontends.torch_export import import_module
from e3ne.models import mnist, training
from e3ne.models.labelled_images import LabelledImages
from e3ne.passes.layer_encodings import EncodingChoice
from e3ne.passes.snn_calibrate import calibrate
from e3ne.passes.snn_fine_tune import SnnFineTunePass
from e3ne.passes.snn_fold_batch_norm import SnnFoldBatchNormPass
from e3ne.passes.snn_quantize import SnnQuantizePass
from e3ne.quantization.distillation import Distillation
from e3ne.quantization.fine_tune import fine_tune
from e3ne.quantization.gradients import maximum, quantise, round_half_up
from e3ne.quantization.trainable import Signal
from e3ne.quantization.trainable_network import make_trainable
from e3ne.quantization.trainable_synapse import Convolution
from e3ne.semantics.snn import NetworkRun, run_float, run_network

pytestmark = pytest.mark.usefixtures("one_thread")

GRANULARITIES = ["per_channel", "per_layer", "power_of_two"]


class Small(nn.Module):
    """Everything the float form can express: groups, odd padding, biases, both pools, pool before and after ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=2, padding=(1, 2)),
            nn.BatchNorm2d(4),
            nn.MaxPool2d(2, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(4, 6, 3, groups=2, padding=1, bias=False),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(72, 20),
            nn.ReLU(),
            nn.Linear(20, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


@pytest.fixture(scope="module")
def digits() -> LabelledImages:
    return mnist.train()[:600]


@functools.cache
def trained() -> nn.Module:
    """The float network after a short training."""
    few, model = mnist.train()[:600], training.initialise(Small, 0)
    training.fit(model, few.images, few.labels, 20, 0, training.Recipe(learning_rate=2e-2, augmentation=None))
    return model


def calibrated(
    digits: LabelledImages,
    granularity: str = "per_channel",
    steps: int = 3,
    weight_bits: int = 3,
    encoding: str = "radix",
) -> ModuleOp:
    module = import_module(trained(), (1, 28, 28), "small")
    SnnFoldBatchNormPass().apply(Context(), module)
    # The second convolution is padded, which bipolar trains cannot be.
    choice = EncodingChoice(encoding, steps, 2, {"layers_0": "radix"} if encoding == "bipolar" else {})
    calibrate(module, digits.images[:200], choice, weight_bits=weight_bits, granularity=granularity)
    return module


def tune(module: ModuleOp, digits: LabelledImages, epochs: int = 1, seed: int = 0) -> list[float]:
    return fine_tune(module, digits.images, digits.labels, epochs=epochs, seed=seed, learning_rate=5e-3)


def quantised(module: ModuleOp) -> ModuleOp:
    integer = module.clone()
    SnnQuantizePass().apply(Context(), integer)
    integer.verify()
    return integer


def accuracy(module: ModuleOp, digits: LabelledImages) -> float:
    scores = run_network(quantised(module), digits.images).outputs[0]
    return float(np.mean(scores.argmax(axis=1) == digits.labels))


def codes_in_training(module: ModuleOp, digits: LabelledImages) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The codes of every neuron and the classes, as training computes them, in double precision."""
    tuned = make_trainable(find_network(module))
    tuned.model.double()
    images = torch.as_tensor(digits.images).double()
    signal = tuned.model.layers[0].run(Signal(images, torch.ones((), dtype=torch.float64)))
    codes: dict[str, np.ndarray] = {}
    with torch.no_grad():
        for op, layer in tuned.pairs:
            signal = layer.run(signal)
            if isinstance(op, ReluOp):
                codes[op.layer_name] = signal.values.numpy()
    return codes, signal.values.numpy().argmax(axis=1)


def test_loss_falls_and_digits_are_learned(digits: LabelledImages) -> None:
    module = calibrated(digits, steps=2, weight_bits=2)
    before = accuracy(module, digits)
    losses = tune(module, digits, epochs=6)
    assert len(losses) == 6
    assert losses[-1] < 0.75 * losses[0]
    assert accuracy(module, digits) > before + 0.05


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_integer_network_is_the_one_that_was_trained(digits: LabelledImages, granularity: str) -> None:
    """Exact but for membranes so near to a threshold that float32 scales and 16 fraction bits cannot tell."""
    module = calibrated(digits, granularity)
    tune(module, digits)
    run: NetworkRun = run_network(quantised(module), digits.images, keep=True)
    codes, classes = codes_in_training(module, digits)
    assert len(codes) == 3
    for layer, expected in codes.items():
        assert np.mean(run.values[layer, "neuron"] == expected) > 0.9999
        assert expected.max() == 7
    assert np.mean(run.outputs[0].argmax(axis=1) == classes) >= 0.995


@pytest.mark.parametrize(("encoding", "steps", "greatest"), [("phase", 4, 6), ("ttfs", 4, 8), ("bipolar", 3, 7)])
def test_training_in_other_encodings(digits: LabelledImages, encoding: str, steps: int, greatest: int) -> None:
    module = calibrated(digits, steps=steps, encoding=encoding)
    losses = tune(module, digits, epochs=2)
    assert losses[-1] < losses[0]
    run = run_network(quantised(module), digits.images, keep=True)
    codes, classes = codes_in_training(module, digits)
    for layer, expected in codes.items():
        assert np.mean(run.values[layer, "neuron"] == expected) > 0.9999
        assert expected.max() == greatest
    assert np.mean(run.outputs[0].argmax(axis=1) == classes) >= 0.995


def test_written_weights_are_multiples_of_their_scales(digits: LabelledImages) -> None:
    module = calibrated(digits, weight_bits=2)
    before = {op.layer_name: op.weights_parameter.array for op in synapses(module)}
    tune(module, digits)
    for op in synapses(module):
        assert op.weight_bits is not None
        assert op.weight_bits.value.data == 2
        integers = op.weights_parameter.array / scales(op).reshape(-1, *[1] * (op.weights_parameter.array.ndim - 1))
        np.testing.assert_allclose(integers, np.rint(integers), atol=1e-5)
        assert integers.min() >= -2.00001
        assert integers.max() <= 1.00001
        assert not np.array_equal(op.weights_parameter.array, before[op.layer_name])


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_scales_are_learned_and_keep_their_structure(digits: LabelledImages, granularity: str) -> None:
    module = calibrated(digits, granularity)
    before = calibrated(digits, granularity)
    tune(module, digits)
    for op, old in zip(relus(module), relus(before), strict=True):
        assert op.scale is not None
        assert op.scale != old.scale
        assert op.encoding == old.encoding
    for op, old in zip(synapses(module), synapses(before), strict=True):
        assert not np.array_equal(scales(op), scales(old))
        assert (np.ptp(scales(op)) == 0) == (np.ptp(scales(old)) == 0)
    if granularity == "power_of_two":
        for layer in find_network(quantised(module)).layers():
            if isinstance(layer, RequantizeOp):
                thresholds = np.asarray(layer.threshold_parameter.array, np.int64)
                assert np.all(thresholds & (thresholds - 1) == 0)


def test_result_depends_on_the_seed_only(digits: LabelledImages) -> None:
    few = digits[:200]
    texts: list[str] = []
    for seed in (1, 1, 2):
        module = calibrated(digits)
        torch.rand(1)
        tune(module, few, seed=seed)
        texts.append(str(module))
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_threads_of_torch_are_left_as_they_were(digits: LabelledImages) -> None:
    before = torch.get_num_threads()
    fine_tune(calibrated(digits), digits.images[:100], digits.labels[:100], epochs=1, threads=before + 1)
    assert torch.get_num_threads() == before


def test_teacher_is_the_float_network(digits: LabelledImages) -> None:
    module = calibrated(digits)
    model = make_trainable(find_network(module)).model
    loss = Distillation.from_original(model)
    images, labels = torch.as_tensor(digits.images[:50]), torch.as_tensor(digits.labels[:50])
    scores = loss.teacher.run_real(images)
    np.testing.assert_allclose(scores.numpy(), run_float(module, digits.images[:50]).outputs[0], atol=1e-4)
    # nothing is left but the labels where the trained network says what its teacher says
    torch.testing.assert_close(loss(images, scores, labels), functional.cross_entropy(scores, labels) / 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    torch.testing.assert_close(loss.teacher.run_real(images), scores)
    assert loss(images, scores.flip(1), labels) > loss(images, scores, labels)


def test_gradient_of_rounding_is_one_within_the_range_and_zero_beyond() -> None:
    x = torch.tensor([-1.5, 0.2, 0.5, 2.49, 3.6], requires_grad=True)
    rounded = quantise(x, 0, 3)
    torch.autograd.backward(rounded.sum())
    assert rounded.tolist() == [0, 0, 1, 2, 3]
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "window",
    [
        Window((2, 2), (2, 2)),
        Window((3, 2), (2, 1)),
        Window((2, 3), (3, 2), dilation=(2, 1)),
        Window((1, 1), (2, 2)),
        Window((9, 8)),
    ],
)
def test_maximum_and_its_gradient_are_those_of_torch(window: Window) -> None:
    """Among few codes, so that windows have several greatest values."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(0, 3, (4, 3, 9, 8), generator=generator).double().requires_grad_()
    expected = functional.max_pool2d(values, window.kernel, window.stride, 0, window.dilation)
    found = maximum(values, window)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    weights = torch.rand(expected.shape, generator=generator, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad((result * weights).sum(), values)[0] for result in (found, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 0, 0, 2)])
def test_convolution_with_one_position_is_the_convolution(padding: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = padding
    values, weights = torch.rand(3, 2, 4, 5), torch.rand(6, 2, 4 + top + bottom, 5 + left + right)
    padded = functional.pad(values, (left, right, top, bottom))
    connection = Convolution(Window((weights.shape[2], weights.shape[3]), padding=padding), 1)
    torch.testing.assert_close(connection(values, weights), functional.conv2d(padded, weights))


def test_every_layer_that_is_not_calibrated_is_named(digits: LabelledImages) -> None:
    module = import_module(trained(), (1, 28, 28), "small")
    before = str(module)
    with pytest.raises(E3neError, match="cannot be fine-tuned") as caught:
        tune(module, digits)
    for text in ("no input_encoding", "fold batch normalisation first", "no weight_scale", "no scale or no encoding"):
        assert text in str(caught.value)
    assert str(caught.value).count("layer '") == 1 + len(synapses(module)) + len(relus(module))
    assert str(module) == before


def test_integer_network_is_refused(digits: LabelledImages) -> None:
    with pytest.raises(E3neError, match="quantised already"):
        tune(quantised(calibrated(digits)), digits)


def test_wrong_data_and_options_are_refused_together(digits: LabelledImages) -> None:
    module = calibrated(digits)
    with pytest.raises(E3neError) as caught:
        fine_tune(module, digits.images[:10, :, 1:], digits.labels[:10] + 5, epochs=0, learning_rate=-1.0, threads=0)
    for text in ("epochs is 0", "learning rate is -1.0", "threads is 0", "not [1, 27, 28]", "go from 5 to"):
        assert text in str(caught.value)
    with pytest.raises(E3neError, match="one label per image"):
        fine_tune(module, digits.images[:10], digits.labels[:9])


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0.0, 1e300])
def test_learning_rates_that_are_none(digits: LabelledImages, rate: float) -> None:
    module = calibrated(digits)
    before = str(module)
    with pytest.raises(E3neError, match=re.escape(f"learning rate is {rate}; ")):
        fine_tune(module, digits.images[:10], digits.labels[:10], epochs=1, learning_rate=rate)
    assert str(module) == before


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("rate", [100.0, 1e4])
def test_training_that_diverges_leaves_the_module_as_it_is(
    digits: LabelledImages, granularity: str, rate: float
) -> None:
    module = calibrated(digits, granularity)
    before = str(module)
    with pytest.raises(E3neError, match="fine-tuning diverged; choose a smaller learning rate"):
        fine_tune(module, digits.images[:100], digits.labels[:100], epochs=3, learning_rate=rate)
    assert str(module) == before


def test_roundings_of_halves_are_exact() -> None:
    """Also where adding a half would round up: just below it, and beyond 2^23."""
    numbers = [0.49999997, -0.5, -0.50000006, 0.5, 1.5, 2.4999998, -1.5, 8388609.0, 12582913.0, -1e-10]
    wanted = [0, 0, -1, 1, 2, 2, -1, 8388609, 12582913, 0]
    assert quantise(torch.tensor(numbers), -(1 << 24), 1 << 24).tolist() == wanted
    assert round_half_up(torch.tensor(numbers)).tolist() == wanted


def test_layers_that_share_weights_are_refused(digits: LabelledImages) -> None:
    module = calibrated(digits)
    first, second = [op for op in synapses(module) if isinstance(op, Conv2dOp)]
    second.properties["weight_scale"] = first.properties["weight_scale"]
    with pytest.raises(E3neError, match=f"shares @{first.layer_name}_weight_scale"):
        tune(module, digits)


def test_pass_does_what_the_function_does(digits: LabelledImages, tmp_path: Path) -> None:
    few = digits[:200]
    Dataset(few.images, few.labels, "digits").save(tmp_path / "digits.npz")
    module, expected = calibrated(digits), calibrated(digits)
    SnnFineTunePass(data=str(tmp_path / "digits.npz"), epochs=1, learning_rate=5e-3).apply(Context(), module)
    tune(expected, few)
    assert str(module) == str(expected)


def test_pass_needs_labels(digits: LabelledImages, tmp_path: Path) -> None:
    np.save(tmp_path / "digits.npy", digits.images[:10])
    with pytest.raises(E3neError, match="has no labels"):
        SnnFineTunePass(data=str(tmp_path / "digits.npy")).apply(Context(), calibrated(digits))


def synapses(module: ModuleOp) -> list[SynapseOp]:
    return [op for op in find_network(module).layers() if isinstance(op, SynapseOp)]


def relus(module: ModuleOp) -> list[ReluOp]:
    return [op for op in find_network(module).layers() if isinstance(op, ReluOp)]


def scales(op: SynapseOp) -> np.ndarray:
    assert op.weight_scale_parameter is not None
    return np.asarray(op.weight_scale_parameter.array, np.float32)
