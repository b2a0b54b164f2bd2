"""A row of the table: a library's neuron with its settings, and how a network of them gets to e3ne."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.interop.networks import Kind, Trains
from e3ne.frontends.spiking.description import SpikingNetwork


@dataclass(frozen=True, eq=False)
class Sample:
    """An imported network, and the spikes (N, T, ...) that the library's neurons emit layer by layer for `inputs`."""

    network: SpikingNetwork
    expected: Mapping[str, Trains]
    inputs: Trains


@dataclass(frozen=True)
class Row:
    """`make` builds a network of a kind in the library, runs it and imports it; a folder is for its files.

    What a library cannot export, or the compiler does not take, has the reason in `refused`: a part of the message of
    the error that `make` must raise.
    """

    library: str
    neuron: str
    settings: str
    through: str
    make: Callable[[Kind, Path], Sample]
    kinds: tuple[Kind, ...] = ("MLP", "LeNet")
    refused: str = ""
