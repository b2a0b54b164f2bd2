"""A tiny network of our own and LeNet-5, each compiled once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from e3ne.dataset import Dataset
from e3ne.design import Design
from tests.cli.command import compiled

NETWORK = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)).eval()
"""


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny network as `file.py:factory`: 1×8×8 → conv 3×3 → ReLU → max pool → linear."""
    file = tmp_path_factory.mktemp("network") / "net.py"
    file.write_text(NETWORK)
    return f"{file}:make"


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Labelled images for the tiny network."""
    rng = np.random.default_rng(7)
    return Dataset(rng.random((40, 1, 8, 8), dtype=np.float32), rng.integers(0, 5, 40), "images.npz")


@pytest.fixture(scope="session")
def data(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    file = tmp_path_factory.mktemp("data") / "images.npz"
    dataset.save(file)
    return file


@pytest.fixture(scope="session")
def tiny(network: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Design:
    """The tiny network with default options, in a folder whose name needs quotes. Not to be changed."""
    return compiled(network, "--data", data, out=tmp_path_factory.mktemp("my designs") / "tiny")


@pytest.fixture(scope="session")
def float_model(tiny: Design) -> Path:
    """The tiny network as an .mlir file: compiles without PyTorch."""
    return tiny.folder / "ir" / "00-float.mlir"


@pytest.fixture(scope="session")
def lenet5(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """LeNet-5 with 3-bit weights, compiled by whichever test process needs it first. Not to be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    out = shared / "lenet5"
    with (shared / "lenet5.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Design(out) if out.exists() else compiled("lenet5", "--weight-bits", 3, out=out)
