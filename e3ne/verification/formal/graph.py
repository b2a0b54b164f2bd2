"""And-inverter graphs: each signal is a literal, 2·node + inverted; node 0 is the constant 0.

Equal nodes are one node, so that circuits unrolled over cycles share what does not change.
"""

from __future__ import annotations

from collections.abc import Iterable

Literal = int
FALSE, TRUE = 0, 1


class Graph:
    """Inputs and two-input ANDs, each with a greater number than what it is made of."""

    def __init__(self) -> None:
        self.left: list[Literal] = [0]
        self.right: list[Literal] = [0]
        self.is_input: list[bool] = [False]
        self._found: dict[tuple[Literal, Literal], Literal] = {}

    def input(self) -> Literal:
        """A new free signal."""
        self.left.append(0)
        self.right.append(0)
        self.is_input.append(True)
        return 2 * (len(self.left) - 1)

    def and_(self, one: Literal, other: Literal) -> Literal:
        """Both."""
        if one > other:
            one, other = other, one
        if one <= TRUE:
            return other if one else FALSE
        if one == other:
            return one
        if one ^ 1 == other:
            return FALSE
        found = self._found.get((one, other))
        if found is None:
            self.left.append(one)
            self.right.append(other)
            self.is_input.append(False)
            found = self._found[one, other] = 2 * (len(self.left) - 1)
        return found

    def or_(self, one: Literal, other: Literal) -> Literal:
        """At least one."""
        return self.and_(one ^ 1, other ^ 1) ^ 1

    def xor(self, one: Literal, other: Literal) -> Literal:
        """Exactly one."""
        return self.or_(self.and_(one, other ^ 1), self.and_(one ^ 1, other))

    def all_of(self, literals: Iterable[Literal]) -> Literal:
        """Whether all are 1."""
        result = TRUE
        for literal in literals:
            result = self.and_(result, literal)
        return result

    def cone(self, roots: Iterable[Literal]) -> list[int]:
        """The nodes, but for the constant, that some signals depend on, in ascending order."""
        seen: set[int] = set()
        waiting = [root >> 1 for root in roots]
        while waiting:
            node = waiting.pop()
            if node == 0 or node in seen:
                continue
            seen.add(node)
            if not self.is_input[node]:
                waiting += (self.left[node] >> 1, self.right[node] >> 1)
        return sorted(seen)
