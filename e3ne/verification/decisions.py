"""What is decided about the hardware of a network by hand, at random, or by the compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from e3ne.dialects.dataflow import Order
from e3ne.units.interface import Choice


@dataclass(frozen=True)
class Folding:
    """The choices of a matrix-vector unit; `inputs` counts elements of the beat that it takes, 0 is all.

    With `window` the window before it takes the same lanes; else the width converter, if any, stands behind it. The
    window takes `window_steps` time steps a beat, or as many as it gives.
    """

    outputs: int = 0
    inputs: int = 0
    parallel: int = 1
    order: Order = Order.STEPS_INNER
    implementation: Literal["table", "shared", "adder", "event"] = "table"
    weight_memory: Literal["distributed", "block"] = "distributed"
    window: bool = True
    stationary: Literal["output", "input"] = "output"
    window_steps: int = 0


@dataclass(frozen=True)
class Neurons:
    """The choices of neurons: digits of a beat, stages, and where thresholds are kept."""

    parallel: int = 1
    stages: int = 1
    memory: Literal["distributed", "block"] = "distributed"


@dataclass(frozen=True)
class Decisions:
    """What a designer may set by hand; the passes decide the rest.

    `foldings` go by the number of the matrix-vector unit, `neurons` by that of the neurons. Windows of pools take
    `pool_steps` time steps a beat if that is not 0. `fifo_depth` puts a FIFO of this depth behind every unit;
    0 leaves FIFOs to the pass. `small_luts` builds for a device with 4-input LUTs. `memory` holds the rows of windows
    and the buffers of replays. With `seed` every choice that is not given is a random legal one, and FIFOs are of
    depths up to `fifo_depth`; what is drawn for a unit depends on its name alone. `choices` go by the name of the unit,
    behind that of the network, and come last. With an `objective` the compiler decides all as `e3ne compile` does, and
    of the rest only `interval` counts.
    """

    foldings: Mapping[int, Folding] = field(default_factory=dict[int, Folding])
    neurons: Mapping[int, Neurons] = field(default_factory=dict[int, Neurons])
    pool_steps: int = 0
    pools_first: bool = False
    pixels: int = 1
    fifo_depth: int = 0
    small_luts: bool = False
    memory: Literal["", "registers", "distributed", "block"] = ""
    interval: int = 1024
    seed: int | None = None
    choices: Mapping[str, Choice] = field(default_factory=dict[str, Choice])
    objective: str = ""
