"""A directed network: an input, the layers after it, and what is decided by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp

from e3ne.dialects.snn import EncodingAttr, RateAttr
from e3ne.verification.decisions import Decisions
from e3ne.verification.networks import NetworkBuilder

SMALL = "_small"
"""Ends the names of cases for devices with 4-input LUTs."""

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


def vector(inputs: int, steps: int, layers: Append, encoding: EncodingAttr | None = None, **decisions: object) -> Case:
    """Layers over a vector."""
    return small_map((inputs, 1, 1), steps, layers, encoding, **decisions)


def small_map(
    shape: tuple[int, int, int], steps: int, layers: Append, encoding: EncodingAttr | None = None, **decisions: object
) -> Case:
    """Layers over a map."""
    return Case(shape, steps, layers, Decisions(**decisions), encoding)  # pyright: ignore[reportArgumentType]


def over_time(layers: Append, steps: int = 4) -> Case:
    """Layers over a map of 2×3×3 spikes, with neurons that keep their membranes."""
    return small_map((2, 3, 3), 1, layers, RateAttr.of(steps))


def on_both_targets(cases: Mapping[str, Case]) -> dict[str, Case]:
    """Each case with 6-input and with 4-input LUTs: other control, other searches, other FIFOs."""
    small = {
        f"{name}{SMALL}": replace(case, decisions=replace(case.decisions, small_luts=True))
        for name, case in cases.items()
    }
    return {**cases, **small}
