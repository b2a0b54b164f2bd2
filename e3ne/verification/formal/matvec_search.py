"""A counterexample to the weighted sums of synapses, with random digits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from e3ne.verification.formal.graph import Literal

if TYPE_CHECKING:
    from e3ne.verification.formal.matvec_rules import Sums

TRIES = 256


def differing_case(sums: Sums, lane: int) -> tuple[int, int, int] | None:
    """A step in which what is added, beside a constant, is not Σ weight·digit; None if there is none among some."""
    for case in sums.cycles:
        time, chunk, group = case
        values = _Values(sums, case)
        out, old = sums.registers(lane)
        mask = (1 << sums.bits) - 1
        after = values.words(sums.depth, out)
        before = values.words(sums.depth - 1, old)
        held = sums.fold.held
        taken = sums.circuit.signals["digits"] if held else sums.circuit.inputs["s_data"]
        digits = [values.words(int(held), [bit]) for bit in taken]
        weights = sums.expected(lane, np.array([group]), np.array([chunk]))[0]
        rest = {
            (
                after[n]
                - before[n] * sums.factor(time, chunk)
                - sum(int(w) * d[n] for w, d in zip(weights, digits, strict=True))
            )
            & mask
            for n in range(TRIES)
        }
        if len(rest) > 1:
            return case
    return None


class _Values:
    """The values of all signals in the cycles of a step, for many random starts and digits at once."""

    def __init__(self, sums: Sums, case: tuple[int, int, int]) -> None:
        self.sums, self.rng = sums, random.Random(0)
        self.cycles = sums.cycles[case]
        self.found: list[dict[int, int]] = [{0: 0} for _ in self.cycles]

    def words(self, cycle: int, bits: Sequence[Literal]) -> list[int]:
        """A number for each try."""
        found = [self._bit(cycle, bit) for bit in bits]
        return [sum((bit >> n & 1) << place for place, bit in enumerate(found)) for n in range(TRIES)]

    def _bit(self, cycle: int, literal: Literal) -> int:
        """A signal of the circuit in a cycle."""
        known = self.cycles[cycle]
        every = (1 << TRIES) - 1
        graph = known.circuit.graph
        waiting = [(cycle, literal >> 1)]
        while waiting:
            when, node = waiting[-1]
            values = self.found[when]
            if node in values:
                waiting.pop()
                continue
            if graph.is_input[node]:
                fixed = self.cycles[when].known.get(2 * node)
                following = known.following.get(2 * node)
                if fixed is not None:
                    values[node] = every * fixed
                elif following is None or when == 0:
                    values[node] = self.rng.getrandbits(TRIES)
                elif following >> 1 in self.found[when - 1]:
                    values[node] = self.found[when - 1][following >> 1] ^ (every if following & 1 else 0)
                else:
                    waiting.append((when - 1, following >> 1))
                continue
            ends = (graph.left[node], graph.right[node])
            missing = [(when, end >> 1) for end in ends if end >> 1 not in values]
            if missing:
                waiting += missing
                continue
            left, right = (values[end >> 1] ^ (every if end & 1 else 0) for end in ends)
            values[node] = left & right
        return self.found[cycle][literal >> 1] ^ (every if literal & 1 else 0)
