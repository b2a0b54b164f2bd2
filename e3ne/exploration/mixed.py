"""Mixed precision: from the highest precision, the weights of one layer at a time get fewer bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from e3ne.dialects.dataflow import GraphOp
from e3ne.exploration.hardware import Decisions, Hardware, cost_of_units, laid_out
from e3ne.exploration.networks import Networks
from e3ne.exploration.point import Network, Precision
from e3ne.passes.layer_encodings import by_layer
from e3ne.semantics.dataflow import find_graph


@dataclass(frozen=True)
class Step:
    """A layer with fewer bits: the network that it gives, points of accuracy lost, LUTs saved (estimated)."""

    precision: Precision
    loss: float
    saved: float

    @property
    def rank(self) -> tuple[float, float]:
        """The least loss for a LUT first; among those without loss the one that saves most."""
        return max(0.0, self.loss) / self.saved, -self.saved


def precision_of(network: Network) -> Precision:
    """The precision of a network that is known."""
    return Precision(
        network.steps,
        network.weight_bits,
        tuple(sorted(by_layer(network.weight_bits_by_layer, "weight-bits-by-layer", "BITS", int).items())),
    )


def lowered(precision: Precision, layers: Sequence[str], widths: Sequence[int]) -> list[Precision]:
    """The precisions in which one layer has the next fewer bits of `widths`."""
    own = dict(precision.by_layer)
    found: list[Precision] = []
    for layer in layers:
        fewer = [bits for bits in widths if bits < own.get(layer, precision.weight_bits)]
        if fewer:
            found.append(precision.with_layer(layer, max(fewer)))
    return found


def best_step(
    networks: Networks,
    start: Precision,
    widths: Sequence[int],
    floor: float,
    decisions: Decisions,
    check_time: Callable[[], None],
) -> Step | None:
    """The layer to lower next: the least loss of accuracy for a LUT, as long as the accuracy is not below the floor.

    LUTs are those of the same hardware with the new weights. `check_time` raises when the time is up.
    """
    before = networks.get(start).accuracy
    if before is None:
        return None
    used = _luts(networks, start, decisions)
    steps: list[Step] = []
    for precision in lowered(start, networks.layers, widths):
        check_time()
        after = networks.get(precision).accuracy
        if after is None or after < floor:
            continue
        saved = used - _luts(networks, precision, decisions)
        if saved > 0:
            steps.append(Step(precision, before - after, saved))
    return min(steps, key=lambda step: step.rank, default=None)


def _luts(networks: Networks, precision: Precision, decisions: Decisions) -> float:
    hardware = Hardware(
        networks.state,
        networks.get(precision),
        networks.options(precision),
        (),
        networks.module(precision),
    )
    graph: GraphOp = find_graph(laid_out(hardware.module, decisions))
    return cost_of_units(graph, hardware.family).lut
