"""A point: a network of some precision on some hardware, what it reaches, and how it is built again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """Time steps T, bits W of a weight, and the layers whose weights have other bits, as (layer, bits)."""

    steps: int
    weight_bits: int
    by_layer: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """Also the name of files: t4w3, t4w4-conv2=3."""
        return "-".join([f"t{self.steps}w{self.weight_bits}", *(f"{layer}={bits}" for layer, bits in self.by_layer)])

    @property
    def layers(self) -> str:
        """The option --weight-bits-by-layer."""
        return ",".join(f"{layer}={bits}" for layer, bits in self.by_layer)

    def with_layer(self, layer: str, bits: int) -> Precision:
        """The same with other bits for the weights of one layer."""
        return Precision(self.steps, self.weight_bits, tuple(sorted({**dict(self.by_layer), layer: bits}.items())))


@dataclass(frozen=True)
class Network:
    """An integer network, by its precision's name: how well it classifies, and how active it is, an image on average.

    `accuracy` is in percent of the test images, None without labels. `tuned` tells a network that came fine-tuned.
    """

    name: str
    steps: int
    weight_bits: int
    weight_bits_by_layer: str
    tuned: bool
    accuracy: float | None
    spikes: float
    synaptic_operations: dict[str, float]
    """by layer"""


@dataclass(frozen=True)
class Point:
    """A network on hardware. Cycles are those of the schedule, resources and energy are estimates.

    `goal` is what the hardware was chosen for; `command` builds it.
    """

    name: str
    network: str
    goal: str
    accuracy: float | None
    latency: int
    interval: int
    lut: int
    ff: int
    bram36: float
    energy_nj: float
    spikes: float
    additions: float
    weight_bits_read: float
    buffer_bits: float
    command: str

    @property
    def measures(self) -> tuple[float, ...]:
        """What points are compared by; less is better in each."""
        return (-(self.accuracy or 0.0), self.latency, self.interval, self.lut, self.energy_nj)


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other one equals or beats in all measures, by latency; of equals the first."""
    kept: list[Point] = []
    for number, point in enumerate(points):
        mine = point.measures
        if not any(
            _covers(other.measures, mine) and (other.measures != mine or place < number)
            for place, other in enumerate(points)
        ):
            kept.append(point)
    return sorted(kept, key=lambda point: (point.latency, point.lut))


def _covers(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))
