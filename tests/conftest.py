"""Settings of all tests."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

from e3ne.backends.circt.interpreter import SET_UP, Interpreter, find_interpreter

# A test run says the same each time; new random examples are the work of the sweeps.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums of floats are the same in each run, and workers of pytest do not wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def circt() -> Interpreter:
    """A Python with CIRCT; tests that need it are skipped without."""
    found = find_interpreter()
    if found is None:
        pytest.skip(SET_UP)
    return found
