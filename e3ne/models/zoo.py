"""The reference networks by name. PyTorch is imported only when a network is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from e3ne.errors import E3neError

if TYPE_CHECKING:
    from torch import nn

CHECKPOINTS = Path(__file__).parent / "checkpoints"
TUNED = Path(__file__).parent / "tuned"


@dataclass(frozen=True)
class Entry:
    """A reference network."""

    name: str
    description: str
    """one line"""
    factory: Callable[[], nn.Module]
    """makes the network with random weights"""
    input_shape: tuple[int, int, int]
    """channels, height, width of one image"""
    epochs: int
    """of the training that made the checkpoint (seed 0)"""
    paper: str

    @property
    def checkpoint(self) -> Path:
        """The trained weights, float32 safetensors."""
        return CHECKPOINTS / f"{self.name}.safetensors"


def entries() -> tuple[Entry, ...]:
    """All reference networks."""
    return (
        Entry(
            name="lenet5",
            description="LeNet-5 on MNIST: 3 convolutions 5x5, 2 linear layers, 61,470 weights",
            factory=_lenet5,
            input_shape=(1, 28, 28),
            epochs=30,
            paper="LeCun et al., Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998",
        ),
        Entry(
            name="fang",
            description="Fang's CNN on MNIST: 2 convolutions 3x3, 2 linear layers, 216,864 weights",
            factory=_fang,
            input_shape=(1, 28, 28),
            epochs=20,
            paper="Fang et al., Encoding, Model, and Architecture: Systematic Optimization for Spiking Neural "
            "Network in FPGAs, ICCAD 2020",
        ),
    )


def get(name: str) -> Entry:
    """The network called `name`; raises `E3neError` with the names there are when it is unknown."""
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        raise E3neError(f"there is no reference network '{name}'; there are: {', '.join(known)}")
    return known[name]


def load(name: str, checkpoint: Path | None = None) -> nn.Module:
    """The network called `name` in eval mode, with the weights of `checkpoint` (default: the project's own).

    Raises `E3neError` for an unknown name, and for a checkpoint that cannot be read or belongs to another network.
    """
    entry = get(name)
    model = entry.factory()
    _load_weights(model, entry.checkpoint if checkpoint is None else checkpoint)
    return model.eval()


def tuned(name: str, weight_bits: int, steps: int) -> Path | None:
    """The network `name` fine-tuned at this precision, an annotated float module, or None if there is none."""
    path = TUNED / f"{tuned_stem(name, weight_bits, steps)}.mlir"
    return path if path.exists() else None


def tuned_stem(name: str, weight_bits: int, steps: int) -> str:
    """The name of the files of a fine-tuned network, without extension."""
    return f"{name}_w{weight_bits}_t{steps}"


def _load_weights(model: nn.Module, file: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

    try:
        weights = load_file(file)
    except (OSError, SafetensorError) as error:
        raise E3neError(f"checkpoint {file} cannot be read: {error}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    problems = [
        f"{name}: wanted {wanted.get(name, 'nothing')}, found {found.get(name, 'nothing')}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    if problems:
        raise E3neError(f"checkpoint {file} is of another network than {type(model).__name__}: {'; '.join(problems)}")
    model.load_state_dict(weights)


def _lenet5() -> nn.Module:
    from e3ne.models.lenet5 import LeNet5

    return LeNet5()


def _fang() -> nn.Module:
    from e3ne.models.fang import Fang

    return Fang()
