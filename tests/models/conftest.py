from collections.abc import Iterator

import pytest
import torch

from e3ne.models import mnist
from e3ne.models.labelled_images import LabelledImages


@pytest.fixture(scope="session")
def training_digits() -> LabelledImages:
    return mnist.train()


@pytest.fixture(scope="session")
def test_digits() -> LabelledImages:
    return mnist.test()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
