import pytest

from e3ne.models import mnist
from e3ne.models.labelled_images import LabelledImages


@pytest.fixture(scope="session")
def training_digits() -> LabelledImages:
    return mnist.train()


@pytest.fixture(scope="session")
def test_digits() -> LabelledImages:
    return mnist.test()


@pytest.fixture(autouse=True)
def repeatable(one_thread: None) -> None:
    """All tests of training."""
