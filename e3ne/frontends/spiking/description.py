"""A spiking network as real numbers, in the one form that all libraries' networks are brought to.

A network takes time steps one after another. In each, the input goes through the layers in their order; a neuron keeps
its membrane from step to step. A library's neuron is normalised by its frontend, so that nothing that changes a spike
is left to be assumed: what is not known is refused there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

Fires = Literal["gt", "ge"]
Reset = Literal["subtract", "value", "none"]
Timing = Literal["same_step", "next_step", "compared"]


@dataclass(frozen=True, eq=False)
class Neuron:
    """What a layer's neurons do in a step. Arrays are (1,), one number for all, or (C,), one for each channel.

    With drive x, membrane V (`initial` before the first step) and threshold θ:

        i = synapse_decay·i + x         if there is a synapse_decay, i is 0 before the first step; else i = x
        u = decay·V + gain·i
        s = u > θ (`fires` gt) or u ≥ θ (ge); with `several`, s = ⌊u/θ⌋ where u ≥ θ, else 0
        same_step:  V = u − s·θ (`reset` subtract), or `reset_value` where s, else u (value), or u (none)
        next_step:  V = u, and the reset of this step happens in the next one, after its decay: it subtracts θ from
                    the next u, or puts `reset_value` in the place of decay·V; with `loses_input` in that of the next u
        compared:   u is compared after θ has been subtracted where V, which is reset already, is still above θ;
                    V = decay·V + gain·i − s·θ

    After that V is at least `least`, if there is one. The membrane is measured from where it leaks to: `initial`,
    `reset_value`, `threshold` and `least` have that subtracted. `recurrent` is (C, C), and `recurrent_bias` (C,): what
    the spikes of the step before add to x, the bias also in the first step.
    """

    threshold: Reals
    decay: Reals
    gain: Reals
    fires: Fires
    reset: Reset
    timing: Timing
    reset_value: Reals
    initial: Reals
    several: bool = False
    loses_input: bool = False
    least: Reals | None = None
    synapse_decay: Reals | None = None
    recurrent: Reals | None = None
    recurrent_bias: Reals | None = None


@dataclass(frozen=True, eq=False)
class Convolution:
    """Weights (O, C/groups, kh, kw), bias (O,); sizes are (vertical, horizontal), padding top, left, bottom, right."""

    weights: Reals
    bias: Reals | None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


@dataclass(frozen=True, eq=False)
class Linear:
    """Weights (O, N) and bias (O,)."""

    weights: Reals
    bias: Reals | None


@dataclass(frozen=True)
class Pool:
    """The maximum, the sum or the average over windows, of each channel."""

    kind: Literal["max", "sum", "average"]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) to (C·H·W,)."""


@dataclass(frozen=True)
class Scale:
    """Multiplication with a real number."""

    factor: float


@dataclass(frozen=True)
class Add:
    """The sum of all inputs of the node."""


Operation = Neuron | Convolution | Linear | Pool | Flatten | Scale | Add


@dataclass(frozen=True, eq=False)
class Node:
    """A layer: its name, unique in the network, what it does, and the nodes whose results it takes.

    `inputs` are positions in the network's list of nodes, all before this one; −1 is the network's input. Only an Add
    has several.
    """

    name: str
    operation: Operation
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    """of the result, (C, H, W) or (N,)"""


@dataclass(frozen=True, eq=False)
class SpikingNetwork:
    """All layers in an order in which each can be computed after those before it; the last one is the output."""

    name: str
    input_shape: tuple[int, ...]
    nodes: Sequence[Node]
