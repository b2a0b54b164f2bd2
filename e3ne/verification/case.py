"""A directed network: an input, the layers after it, and what is decided by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import EncodingAttr
from e3ne.verification.lowering import Decisions
from e3ne.verification.networks import NetworkBuilder

Append = Callable[[NetworkBuilder], NetworkBuilder]


@dataclass(frozen=True)
class Case:
    """An input, the layers after it, and what is decided by hand."""

    shape: tuple[int, int, int]
    steps: int
    layers: Append
    decisions: Decisions = Decisions()
    encoding: EncodingAttr | None = None

    def network(self, name: str, seed: int | None = None) -> ModuleOp:
        """The integer network; without a seed its random numbers depend on the name."""
        seed = int.from_bytes(name.encode(), "little") % (1 << 32) if seed is None else seed
        return self.layers(NetworkBuilder(name, self.shape, self.steps, seed, self.encoding)).build()


def map_case(layers: Append, **decisions: object) -> Case:
    """Layers over a map of 2×5×6 at three steps."""
    return Case((2, 5, 6), 3, layers, Decisions(**decisions))  # pyright: ignore[reportArgumentType]
