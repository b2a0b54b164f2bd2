"""Drawing of sample units: sizes, choices, and weights as training leaves them, all from seeded generators."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.test import TestOp
from xdsl.ir import SSAValue

from e3ne.dialects.dataflow import (
    MatvecOp,
    ParameterOp,
    StreamType,
    TransformOp,
    UnitOp,
    integers_of,
    number,
    retype,
    units_of,
)
from e3ne.models.zoo import TUNED
from e3ne.units.interface import Choice
from e3ne.units.synapses import Integers

TUNED_NETWORKS = ("lenet5_w2_t3", "lenet5_w3_t4", "fang_w4_t4")


class UnusableDrawError(Exception):
    """What was drawn would take synthesis too long, or is not legal; the next draw may do."""


@dataclass
class Draw:
    """A source of random choices, its own for each sample."""

    name: str
    seed: str
    large: bool
    """whether the unit may be large"""
    chosen: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chosen = random.Random(self.seed)

    def of(self, *values: int) -> int:
        """One of the values."""
        return self.chosen.choice(values)

    def between(self, low: int, high: int) -> int:
        """A number, small ones as likely as large ones."""
        return min(high, round(low * (high / low) ** self.chosen.random()))

    def divisor(self, total: int) -> int:
        """A divisor."""
        return self.chosen.choice([n for n in range(1, total + 1) if total % n == 0])

    def word(self, *values: str) -> str:
        """One of the words."""
        return self.chosen.choice(values)

    def arrays(self) -> np.random.Generator:
        """A generator of arrays."""
        return np.random.default_rng(self.chosen.getrandbits(32))


def require(legal: bool) -> None:
    """Raises UnusableDrawError unless the draw is legal."""
    if not legal:
        raise UnusableDrawError


def placed(
    taken: StreamType,
    make: Callable[[SSAValue], TransformOp],
    parameters: Mapping[str, Integers] | None = None,
    choice: Choice | None = None,
    layout: StreamType | None = None,
) -> TransformOp:
    """A unit that takes a stream from nowhere, in a module with its parameters, with a choice made.

    `layout` is the stream's type from when the choice is made, where that decides what the unit can take.
    """
    before = TestOp(result_types=[taken])
    op = make(before.results[0])
    for name, value in (choice or {}).items():
        op.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)
    retype(op.input, layout or taken)
    op.settle()
    in_module(op, parameters)
    return op


def in_module(op: UnitOp, parameters: Mapping[str, Integers] | None = None) -> None:
    """Puts a unit into a module with its parameters and what gives its stream."""
    before = [operand.owner for operand in op.operands if isinstance(operand.owner, TestOp)]
    ModuleOp([*(ParameterOp(name, array) for name, array in (parameters or {}).items()), *before, op]).verify()


def weights(draw: Draw, outputs: int, inputs: int) -> Integers:
    """A matrix of 2 to 5 bits: a part of a trained layer, or drawn from the distribution that such layers have."""
    bits = draw.of(2, 3, 3, 4, 4, 5)
    if draw.of(0, 1, 2) == 0:
        fitting = [m for m in trained() if m.shape[0] >= outputs and m.shape[1] >= inputs]
        if fitting:
            matrix = draw.chosen.choice(fitting)
            row = draw.chosen.randrange(matrix.shape[0] - outputs + 1)
            column = draw.chosen.randrange(matrix.shape[1] - inputs + 1)
            return matrix[row : row + outputs, column : column + inputs]
    most = (1 << (bits - 1)) - 1
    real = draw.arrays().laplace(size=(outputs, inputs)) * (most / 2.5 if bits > 2 else 0.7)
    return np.clip(np.rint(real), -most, most).astype(np.int64)


@lru_cache(maxsize=1)
def trained() -> Sequence[Integers]:
    """The integer matrices of the reference networks that come tuned."""
    from e3ne.pipeline_runner import read_module, run_passes
    from e3ne.semantics.dataflow import find_graph

    found: list[Integers] = []
    for name in TUNED_NETWORKS:
        module = read_module(TUNED / f"{name}.mlir")
        run_passes(module, "snn-quantize,convert-snn-to-dataflow")
        found += [integers_of(op, op.weights) for op in units_of(find_graph(module)) if isinstance(op, MatvecOp)]
    return found
