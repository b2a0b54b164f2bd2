from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import nn

from e3ne.errors import E3neError
from e3ne.models import training, zoo
from e3ne.models.labelled_images import LabelledImages

NAMES = [entry.name for entry in zoo.entries()]
LAYERS = {
    "lenet5": {
        "conv1": (6, 1, 5, 5),
        "conv2": (16, 6, 5, 5),
        "conv3": (120, 16, 5, 5),
        "fc1": (84, 120),
        "fc2": (10, 84),
    },
    "fang": {"conv1": (32, 1, 3, 3), "conv2": (32, 32, 3, 3), "fc1": (256, 800), "fc2": (10, 256)},
}
LOWEST_ACCURACY = {"lenet5": 0.987, "fang": 0.9885}  # measured 0.9875 and 0.9890; one digit of tolerance


@pytest.mark.parametrize("name", NAMES)
def test_layers_and_weights(name: str) -> None:
    """The layers' names and shapes are an interface: they name the hardware. There is no bias."""
    parameters = zoo.get(name).factory().named_parameters()
    assert {key: tuple(value.shape) for key, value in parameters} == {
        f"{layer}.weight": shape for layer, shape in LAYERS[name].items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_output_shape(name: str) -> None:
    entry = zoo.get(name)
    with torch.inference_mode():
        assert entry.factory()(torch.rand(3, *entry.input_shape)).shape == (3, 10)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_a_module_of_its_own(name: str) -> None:
    """So that a tracer sees each activation and each pool once, by its own name."""
    model = zoo.get(name).factory()
    called: list[nn.Module] = []

    def record(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        called.append(module)

    for child in model.children():
        child.register_forward_hook(record)
    model(torch.rand(1, *zoo.get(name).input_shape))
    assert called == list(model.children())


@pytest.mark.parametrize("name", NAMES)
def test_checkpoint_reaches_its_accuracy(name: str, test_digits: LabelledImages) -> None:
    model = zoo.load(name)
    assert not model.training
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert training.accuracy(model, test_digits.images, test_digits.labels) >= LOWEST_ACCURACY[name]


def test_load_takes_another_checkpoint(tmp_path: Path) -> None:
    model = training.initialise(zoo.get("lenet5").factory, seed=1)
    save_file(model.state_dict(), tmp_path / "mine.safetensors")
    loaded = zoo.load("lenet5", tmp_path / "mine.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(E3neError, match="no reference network 'lenet'; there are: lenet5, fang"):
        zoo.get("lenet")


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(E3neError, match=r"none\.safetensors cannot be read"):
        zoo.load("lenet5", tmp_path / "none.safetensors")


def test_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("weights")
    with pytest.raises(E3neError, match=r"text\.safetensors cannot be read"):
        zoo.load("lenet5", tmp_path / "text.safetensors")


def test_checkpoint_of_another_network_lists_all_differences() -> None:
    with pytest.raises(E3neError, match="another network than LeNet5") as caught:
        zoo.load("lenet5", zoo.get("fang").checkpoint)
    message = str(caught.value)
    assert "conv1.weight: wanted (6, 1, 5, 5), found (32, 1, 3, 3)" in message
    assert "conv3.weight: wanted (120, 16, 5, 5), found nothing" in message
