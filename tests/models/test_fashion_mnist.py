import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from e3ne.errors import E3neError
from e3ne.models import fashion_mnist


def write_test_set(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / f"t10k-{name}-ubyte.gz").write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes(), 1))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (10_000, 28, 28), np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(fashion_mnist.VARIABLE, str(tmp_path))
    return tmp_path


def test_test_images_are_read_with_their_labels(folder: Path, images: np.ndarray) -> None:
    labels = np.arange(10_000) % 10
    write_test_set(folder, images, labels)
    found = fashion_mnist.test()
    assert found.images.dtype == np.float32
    assert found.images.shape == (10_000, 1, 28, 28)
    np.testing.assert_array_equal(np.rint(found.images[:, 0] * 255), images)
    assert found.images.max() == 1.0
    np.testing.assert_array_equal(found.labels, labels)


def test_a_label_beyond_the_classes_is_refused(folder: Path, images: np.ndarray) -> None:
    write_test_set(folder, images, np.full(10_000, 10))
    with pytest.raises(E3neError, match="labels are 0 to 9, but there is a 10"):
        fashion_mnist.test()


def test_absent_files_are_named_with_the_way_to_get_them(folder: Path) -> None:
    with pytest.raises(E3neError, match="apt-get install dataset-fashion-mnist") as caught:
        fashion_mnist.train()
    for text in (str(folder), "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", fashion_mnist.VARIABLE):
        assert text in str(caught.value)


@pytest.mark.skipif(not fashion_mnist.FOLDER.is_dir(), reason="the Debian package is not installed")
def test_the_package_has_70000_images_in_balanced_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fashion_mnist.VARIABLE, raising=False)
    for part, count in ((fashion_mnist.train(), 6_000), (fashion_mnist.test(), 1_000)):
        np.testing.assert_array_equal(np.bincount(part.labels), [count] * 10)
