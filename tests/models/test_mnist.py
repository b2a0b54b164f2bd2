import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.models import mnist
from e3ne.models.data import make_mnist10k
from e3ne.models.labelled_images import LabelledImages


def test_split_sizes(training_digits: LabelledImages, test_digits: LabelledImages) -> None:
    assert len(training_digits) == 8_000
    assert len(test_digits) == 2_000


def test_load_is_training_then_test(training_digits: LabelledImages, test_digits: LabelledImages) -> None:
    digits = mnist.load()
    np.testing.assert_array_equal(digits.images, np.concatenate([training_digits.images, test_digits.images]))
    np.testing.assert_array_equal(digits.labels, np.concatenate([training_digits.labels, test_digits.labels]))


def test_no_test_digit_is_trained_on(training_digits: LabelledImages, test_digits: LabelledImages) -> None:
    trained = {image.tobytes() for image in training_digits.images}
    assert len(trained) == 8_000
    assert trained.isdisjoint(image.tobytes() for image in test_digits.images)


def test_shapes_types_and_range(test_digits: LabelledImages) -> None:
    assert test_digits.images.shape == (2_000, 1, 28, 28)
    assert test_digits.images.dtype == np.float32
    assert test_digits.labels.dtype == np.int64
    assert test_digits.images.min() == 0.0
    assert test_digits.images.max() == 1.0


def test_all_256_grey_levels_are_there(training_digits: LabelledImages) -> None:
    levels = np.unique(np.rint(training_digits.images * 255))
    np.testing.assert_array_equal(levels, np.arange(256))


def test_classes_are_balanced(training_digits: LabelledImages, test_digits: LabelledImages) -> None:
    for digits in (training_digits, test_digits):
        share = np.bincount(digits.labels, minlength=10) / len(digits)
        assert len(share) == 10
        assert share.min() > 0.08
        assert share.max() < 0.12


def test_loading_does_not_import_torch() -> None:
    program = (
        "import sys; from e3ne.models import mnist, zoo; mnist.test(); zoo.entries(); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_package_is_restored_exactly(tmp_path: Path) -> None:
    """Levels cut to three decimals, as the package stores them, come back exactly, beside their own labels."""
    folder = tmp_path / "src" / "digits"
    folder.mkdir(parents=True)
    levels = np.arange(784) % 256
    for digit in range(10):
        image = np.roll(levels, digit)
        (folder / f"{digit}.json").write_text(json.dumps({"data": [int(v / 255 * 1000) / 1000 for v in image] * 2}))
    images, labels = make_mnist10k.read_package(tmp_path)
    assert images.shape == (20, 28, 28)
    assert sorted(labels) == sorted([*range(10)] * 2)
    for image, label in zip(images, labels, strict=True):
        np.testing.assert_array_equal(image.ravel(), np.roll(levels, label))


def test_splits_test_on_disjoint_digits_and_never_on_what_they_train_on() -> None:
    tested: list[bytes] = []
    for number in range(mnist.SPLITS):
        training, unseen = mnist.split(number)
        assert (len(training), len(unseen)) == (8_000, 2_000)
        both = [image.tobytes() for part in (training, unseen) for image in part.images]
        assert len(set(both)) == 10_000
        tested += both[8_000:]
    assert len(set(tested)) == 10_000


def test_a_split_keeps_labels_with_their_images_and_is_the_same_each_time(training_digits: LabelledImages) -> None:
    label_of = {
        image.tobytes(): label for image, label in zip(training_digits.images, training_digits.labels, strict=True)
    }
    training, unseen = mnist.split(1)
    for part in (training, unseen):
        known = [
            (label_of[image.tobytes()], label)
            for image, label in zip(part.images, part.labels, strict=True)
            if image.tobytes() in label_of
        ]
        assert len(known) > 1_000
        assert all(wanted == found for wanted, found in known)
    np.testing.assert_array_equal(mnist.split(1)[1].images, unseen.images)


@pytest.mark.parametrize("number", [-1, 5])
def test_there_are_five_splits(number: int) -> None:
    with pytest.raises(E3neError, match=f"splits 0 to 4 of the digits, not {number}"):
        mnist.split(number)
