from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from e3ne.errors import E3neError
from e3ne.models import train, training, zoo
from e3ne.models.labelled_images import LabelledImages
from e3ne.models.lenet5 import LeNet5
from e3ne.models.training import Augmentation


def fit(digits: LabelledImages, seed: int, epochs: int = 1) -> tuple[nn.Module, list[float]]:
    model = training.initialise(LeNet5, seed)
    losses = training.fit(model, digits.images, digits.labels, epochs, seed)
    return model, losses


def same_weights(left: nn.Module, right: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


def test_fit_is_deterministic_for_a_seed(training_digits: LabelledImages) -> None:
    first, first_losses = fit(training_digits[:200], seed=3)
    torch.rand(1)
    second, second_losses = fit(training_digits[:200], seed=3)
    other, _ = fit(training_digits[:200], seed=4)
    assert same_weights(first, second)
    assert first_losses == second_losses
    assert not same_weights(first, other)


def test_fit_leaves_the_global_generator_alone(training_digits: LabelledImages) -> None:
    before = torch.random.get_rng_state()
    fit(training_digits[:200], seed=3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_fit_learns(training_digits: LabelledImages) -> None:
    few = training_digits[:500]
    model, losses = fit(few, seed=0, epochs=12)
    assert len(losses) == 12
    assert losses[-1] < losses[0] / 2
    assert not model.training
    assert training.accuracy(model, few.images, few.labels) > 0.8


@pytest.mark.parametrize(("count", "epochs", "message"), [(0, 1, "at least one"), (10, 0, "epochs is 0")])
def test_nothing_to_train(training_digits: LabelledImages, count: int, epochs: int, message: str) -> None:
    few = training_digits[:count]
    with pytest.raises(E3neError, match=message):
        training.fit(LeNet5(), few.images, few.labels, epochs, seed=0)


def test_accuracy_counts_every_batch(test_digits: LabelledImages) -> None:
    """A model that always says class 3, measured in batches that do not divide the digits."""

    class Three(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.eye(10)[3].expand(len(images), 10)

    share = np.count_nonzero(test_digits.labels == 3) / len(test_digits)
    assert training.accuracy(Three(), test_digits.images, test_digits.labels, batch=300) == share


def test_augmentation_of_nothing_is_the_identity(training_digits: LabelledImages) -> None:
    images = torch.as_tensor(training_digits[:20].images)
    still = Augmentation(rotation=0.0, scale=0.0, shear=0.0, shift=0.0)
    torch.testing.assert_close(still(images, torch.Generator().manual_seed(0)), images, atol=1e-4, rtol=0)


def test_augmentation_moves_a_dot_by_at_most_the_shift() -> None:
    images = torch.zeros(200, 1, 28, 28)
    images[:, 0, 10, 17] = 1.0
    moved = Augmentation(rotation=0.0, scale=0.0, shear=0.0, shift=2.5)(images, torch.Generator().manual_seed(0))
    rows, columns = (moved.sum(axis).squeeze(1) @ torch.arange(28.0) for axis in (3, 2))
    for distance in (rows - 10, columns - 17):
        assert distance.abs().max() < 2.5 + 1e-3
        assert distance.abs().max() > 2.2


def test_command_writes_a_checkpoint_that_loads(
    tmp_path: Path, training_digits: LabelledImages, test_digits: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.mnist, "train", lambda: training_digits[:200])
    monkeypatch.setattr(train.mnist, "test", lambda: test_digits[:200])
    train.train("lenet5", 1, 3, tmp_path / "out.safetensors")
    expected, _ = fit(training_digits[:200], seed=3)
    assert same_weights(zoo.load("lenet5", tmp_path / "out.safetensors"), expected)


def test_command_refuses_a_missing_folder_before_training(tmp_path: Path) -> None:
    with pytest.raises(E3neError, match="there is no folder"):
        train.train("lenet5", 1, 0, tmp_path / "nowhere" / "out.safetensors")


def test_command_ends_with_2_and_one_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["train", "vgg", "-o", "out.safetensors"])
    assert train.main() == 2
    assert capsys.readouterr().err == "error: there is no reference network 'vgg'; there are: lenet5, fang\n"
