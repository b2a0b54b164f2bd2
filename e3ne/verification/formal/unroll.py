"""A circuit over several cycles, as one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.graph import FALSE, Graph, Literal


class Unrolled:
    """Cycles one after another, from registers that hold anything, unless `start` gives what some of them hold.

    `given` in `step` fixes inputs of a cycle by their literal in the circuit; all others are free.
    """

    def __init__(self, circuit: Circuit, start: Mapping[Literal, Literal] | None = None) -> None:
        self.circuit, self.graph = circuit, Graph()
        self.cycles: list[dict[int, Literal]] = []
        self._start = start or {}
        self._registers = dict(circuit.registers)
        self._fixed: list[Mapping[Literal, Literal]] = []

    def step(self, given: Mapping[Literal, Literal] | None = None) -> int:
        """Adds a cycle; the result is its number."""
        self.cycles.append({0: FALSE})
        self._fixed.append(given or {})
        return len(self.cycles) - 1

    def at(self, cycle: int, signals: Iterable[Literal]) -> list[Literal]:
        """What signals of the circuit are in a cycle, as literals of the unrolled graph."""
        wanted = list(signals)
        waiting = [(cycle, signal >> 1) for signal in wanted]
        circuit = self.circuit.graph
        while waiting:
            when, node = waiting[-1]
            known = self.cycles[when]
            if node in known:
                waiting.pop()
                continue
            if circuit.is_input[node]:
                following = self._registers.get(2 * node)
                if following is None or when == 0:
                    fixed = self._fixed[when] if following is None else self._start
                    found = fixed.get(2 * node)
                    known[node] = self.graph.input() if found is None else found
                elif following >> 1 in self.cycles[when - 1]:
                    known[node] = self.cycles[when - 1][following >> 1] ^ (following & 1)
                else:
                    waiting.append((when - 1, following >> 1))
                continue
            left, right = circuit.left[node], circuit.right[node]
            missing = [(when, end >> 1) for end in (left, right) if end >> 1 not in known]
            if missing:
                waiting += missing
                continue
            known[node] = self.graph.and_(known[left >> 1] ^ (left & 1), known[right >> 1] ^ (right & 1))
        return [self.cycles[cycle][signal >> 1] ^ (signal & 1) for signal in wanted]
