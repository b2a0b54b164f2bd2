"""The arithmetic of folding a weight matrix: which weights meet which lane in which fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects.dataflow import Order

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """`groups` of outputs, `chunks` of inputs and `step_beats` beats of time steps, one after another.

    With `held` inputs the groups are innermost: all of them use a beat before the next one is taken.
    """

    groups: int
    chunks: int
    step_beats: int
    held: bool = False

    @property
    def words(self) -> int:
        """Different sets of weights."""
        return self.groups * self.chunks

    @property
    def group_bits(self) -> int:
        """Bits of a group's number."""
        return (self.groups - 1).bit_length()

    @property
    def chunk_bits(self) -> int:
        """Bits of a chunk's number."""
        return (self.chunks - 1).bit_length()

    @property
    def address_bits(self) -> int:
        """Bits of group and chunk number side by side."""
        return self.group_bits + self.chunk_bits

    def rereads(self, order: Order) -> bool:
        """Whether a group's sets of weights are gone through again for each time step."""
        return self.step_beats > 1 and order is Order.STEPS_OUTER

    def lane_weights(self, matrix: Integers, outputs: int, inputs: int, parallel: int) -> list[Integers]:
        """For each of the `outputs` output lanes the weight of each element of a beat in each fold.

        Each array has shape (2^address_bits, parallel·inputs); rows that no fold uses are 0. Element p·inputs + l is
        lane l of the p-th parallel time step, which weighs 2^(parallel−1−p).
        """
        tiles = matrix.reshape(self.groups, outputs, self.chunks, inputs)
        result: list[Integers] = []
        shifts = 1 << np.arange(parallel - 1, -1, -1, dtype=np.int64)
        for output in range(outputs):
            table = np.zeros((1 << self.group_bits, 1 << self.chunk_bits, parallel, inputs), dtype=np.int64)
            table[: self.groups, : self.chunks] = tiles[:, output, :, None, :] * shifts[:, None]
            result.append(table.reshape(1 << self.address_bits, parallel * inputs))
        return result


def divisors(total: int) -> list[int]:
    """The numbers of lanes into which a dimension can be folded, ascending."""
    return [divisor for divisor in range(1, total + 1) if total % divisor == 0]
