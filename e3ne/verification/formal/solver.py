"""The SAT solver on a graph: can all of some signals be 1?"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from e3ne.errors import E3neError
from e3ne.verification.formal.graph import FALSE, TRUE, Graph, Literal

CONFLICTS = 400_000
"""After so many conflicts a proof is given up: a number, unlike seconds, gives the same result on all machines."""


class Solver:
    """A solver that learns what it needs of a graph that may grow."""

    def __init__(self, graph: Graph, conflicts: int = CONFLICTS) -> None:
        try:
            library = importlib.import_module("pysat.solvers")
        except ImportError:
            raise E3neError("proofs need a SAT solver: pip install python-sat") from None
        self.graph, self.conflicts = graph, conflicts
        self._solver: Any = library.Glucose4()
        self._known: set[int] = set()

    def require(self, literal: Literal) -> None:
        """This signal is 1 from now on."""
        self._learn([literal])
        if literal == FALSE:
            self._solver.add_clause([])
        elif literal != TRUE:
            self._solver.add_clause([_name(literal)])

    def find(self, literals: Sequence[Literal]) -> list[bool] | bool | None:
        """Values of all nodes with which all the literals are 1, None if there are none, False if given up."""
        if FALSE in literals:
            return None
        self._learn(literals)
        self._solver.conf_budget(self.conflicts)
        found: bool | None = self._solver.solve_limited([_name(literal) for literal in literals if literal != TRUE])
        if found is None:
            return False
        if not found:
            return None
        values = [False] * len(self.graph.left)
        for name in self._solver.get_model():
            if 0 < name < len(values):
                values[name] = True
        return values

    def close(self) -> None:
        """Frees what the solver holds."""
        self._solver.delete()

    def _learn(self, roots: Iterable[Literal]) -> None:
        graph, waiting = self.graph, [root >> 1 for root in roots]
        while waiting:
            node = waiting.pop()
            if node == 0 or node in self._known:
                continue
            self._known.add(node)
            if graph.is_input[node]:
                continue
            left, right = graph.left[node], graph.right[node]
            self._solver.add_clause([-node, _name(left)])
            self._solver.add_clause([-node, _name(right)])
            self._solver.add_clause([node, -_name(left), -_name(right)])
            waiting += (left >> 1, right >> 1)


def _name(literal: Literal) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1
