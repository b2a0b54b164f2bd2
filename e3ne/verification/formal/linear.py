"""Sums of weighted bits, traced backwards through the registers of a pipeline.

A sum of register bits, modulo a power of two, becomes one of the bits a cycle before: the bits that have gates in
common are taken together (a table, a compressor, an adder), and what they add up to must be a weighted sum of what
they depend on. That is a lemma for each such group, proved for all values: by trying all if there are few bits, else
by the SAT solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.graph import FALSE, TRUE, Graph, Literal
from e3ne.verification.formal.solver import Solver
from e3ne.verification.formal.unroll import Unrolled

FEW = 8
"""Bits of which all values are tried."""

CONFLICTS = 30_000
"""Of a lemma that takes more of the SAT solver there is another, about more bits at once or about fewer."""


_Bit = tuple[Literal, frozenset[int]]
"""A bit, and the inputs of the graph that it depends on."""


class NotLinearError(Exception):
    """A group of bits adds up to no weighted sum of what it depends on, or nobody could tell.

    `registers` are those that hold the bits.
    """

    registers: frozenset[Literal] = frozenset()


@dataclass
class WeightedSum:
    """Σ weight·bit + constant, modulo 2^`bits`; bits are literals, never inverted."""

    bits: int
    weights: dict[Literal, int] = field(default_factory=dict[Literal, int])
    constant: int = 0

    def add(self, literal: Literal, weight: int) -> None:
        """Adds a bit, which may be inverted or constant."""
        if literal & 1:
            self.constant += weight
            weight = -weight
        node, mask = literal & ~1, (1 << self.bits) - 1
        self.constant &= mask
        if node != FALSE and (weight := (self.weights.get(node, 0) + weight) & mask):
            self.weights[node] = weight
        elif node != FALSE:
            self.weights.pop(node, None)

    def range(self) -> tuple[int, int]:
        """The least and the greatest number for free bits; weights are those of least magnitude."""
        values = [self.signed(weight) for weight in self.weights.values()]
        return self.constant + sum(v for v in values if v < 0), self.constant + sum(v for v in values if v > 0)

    def signed(self, weight: int) -> int:
        """The number of least magnitude that is the weight modulo 2^bits."""
        weight &= (1 << self.bits) - 1
        return weight - (weight >> (self.bits - 1) << self.bits)


class Cycle:
    """The gates of a cycle in which some inputs and registers are known."""

    def __init__(self, circuit: Circuit, known: Mapping[Literal, Literal]) -> None:
        self.circuit, self.known = circuit, known
        self.following = dict(circuit.registers)
        self.gates = Unrolled(circuit, known)
        self.gates.step(known)
        self.solver: Solver | None = None

    @property
    def graph(self) -> Graph:
        """The graph in which the gates are."""
        return self.gates.graph

    def next(self, registers: Iterable[Literal]) -> list[Literal]:
        """What registers hold in the next cycle, as literals of the graph."""
        return self.gates.at(0, [self.following[register] for register in registers])

    def origin(self, literals: Iterable[Literal]) -> dict[Literal, Literal]:
        """The inputs and registers of the circuit that inputs of the graph stand for."""
        wanted = set(literals)
        circuit = self.circuit.graph
        return {lit: 2 * node for node, lit in self.gates.cycles[0].items() if circuit.is_input[node] and lit in wanted}

    def before(self, total: WeightedSum) -> WeightedSum:
        """The same number as a sum of bits of this cycle; raises NotLinearError."""
        result = WeightedSum(total.bits, {}, total.constant)
        registers = list(total.weights)
        parts = [(lit, total.weights[q]) for q, lit in zip(registers, self.next(registers), strict=True)]
        grouped = WeightedSum(total.bits)
        for literal, weight in parts:
            grouped.add(literal, weight)
        result.constant += grouped.constant
        gates: list[_Bit] = []
        for literal in grouped.weights:
            if self.graph.is_input[literal >> 1]:
                result.add(literal, grouped.weights[literal])
            else:
                gates.append((literal, frozenset(n for n in self.graph.cone([literal]) if self.graph.is_input[n])))
        for group in _connected(gates, 1):
            try:
                self._replace_group(group, grouped.weights, result)
            except NotLinearError as error:
                mine = {literal for literal, _ in group}
                error.registers = frozenset(q for q, (lit, _) in zip(registers, parts, strict=True) if lit & ~1 in mine)
                raise
        origin = self.origin(result.weights)
        result.weights = {origin[literal]: weight for literal, weight in result.weights.items()}
        return result

    def _replace_group(self, group: Sequence[_Bit], weights: Mapping[Literal, int], result: WeightedSum) -> None:
        """Of bits that depend on something in common, those that depend on two bits together come first."""
        parts = _connected(group, 2)
        if len(parts) > 1:
            trial = WeightedSum(result.bits, dict(result.weights), result.constant)
            try:
                for part in parts:
                    self._replace({bit: weights[bit] for bit, _ in part}, _support(part), trial)
            except NotLinearError:
                pass
            else:
                result.weights, result.constant = trial.weights, trial.constant
                return
        self._replace({bit: weights[bit] for bit, _ in group}, _support(group), result)

    def _replace(self, bits: Mapping[Literal, int], support: Sequence[int], result: WeightedSum) -> None:
        """Adds what a group adds up to, by what it depends on."""
        constant, slopes = self._modular(bits, support, result.bits)
        result.constant += constant
        for node, slope in zip(support, slopes, strict=True):
            result.add(2 * node, slope)

    def _modular(self, bits: Mapping[Literal, int], support: Sequence[int], width: int) -> tuple[int, list[int]]:
        """Modulo 2^`width`, for all values of what they depend on."""
        mask, few = (1 << width) - 1, len(support) <= FEW
        cases = range(1 << len(support)) if few else _single(len(support))
        values = [value & mask for value in self._values(bits, support, cases)]
        constant = values[0]
        slopes = [(values[1 << place if few else place + 1] - constant) & mask for place in range(len(support))]
        if few:
            for case, value in enumerate(values):
                expected = constant + sum(slope for place, slope in enumerate(slopes) if case >> place & 1)
                if (expected - value) & mask:
                    raise NotLinearError(f"{len(bits)} bits of {len(support)} are no weighted sum")
        else:
            self._prove(bits, dict(zip(support, slopes, strict=True)), constant, width)
        return constant, slopes

    def _values(self, bits: Mapping[Literal, int], support: Sequence[int], cases: Iterable[int]) -> Iterator[int]:
        """What bits add up to in each case, for which bit i is that of `support[i]`."""
        for value in self._evaluated(bits, support, cases):
            yield sum(weight for literal, weight in bits.items() if value[literal >> 1] ^ (literal & 1))

    def _evaluated(self, bits: Iterable[Literal], support: Sequence[int], cases: Iterable[int]) -> list[dict[int, int]]:
        """The values of the nodes of some literals in each case, for which bit i is that of `support[i]`."""
        cone, graph = self.graph.cone(bits), self.graph
        results: list[dict[int, int]] = []
        for case in cases:
            value = {0: 0} | {node: case >> place & 1 for place, node in enumerate(support)}
            for node in cone:
                if node not in value:
                    left, right = graph.left[node], graph.right[node]
                    value[node] = (value[left >> 1] ^ (left & 1)) & (value[right >> 1] ^ (right & 1))
            results.append(value)
        return results

    def _prove(self, bits: Mapping[Literal, int], slopes: Mapping[int, int], constant: int, width: int) -> None:
        """That both sums are one number, as adders: raises NotLinearError."""
        graph = self.graph
        left = added(graph, [(literal, weight) for literal, weight in bits.items()], 0, width)
        right = added(graph, [(2 * node, slope) for node, slope in slopes.items()], constant, width)
        differs = graph.all_of(graph.xor(a, b) ^ 1 for a, b in zip(left, right, strict=True)) ^ 1
        if self.solver is None:
            self.solver = Solver(graph, CONFLICTS)
        if self.solver.find([differs]) is not None:
            raise NotLinearError(f"{len(bits)} bits of {len(slopes)} are no weighted sum")


def _single(bits: int) -> list[int]:
    """No bit, and each one alone."""
    return [0, *(1 << place for place in range(bits))]


def added(graph: Graph, bits: Sequence[tuple[Literal, int]], constant: int, width: int) -> list[Literal]:
    """Σ weight·bit + constant in `width` bits: bits side by side in as few numbers as possible, which are added."""
    columns: list[list[Literal]] = [[] for _ in range(width)]
    for literal, weight in bits:
        negative = weight >> (width - 1)
        # −w·x is w·(1 − x) − w.
        magnitude = ((1 << width) - weight) if negative else weight
        constant -= magnitude if negative else 0
        for place in range(width):
            if magnitude >> place & 1:
                columns[place].append(literal ^ negative)
    rows = [[TRUE if constant >> place & 1 else FALSE for place in range(width)]]
    rows.extend(
        [column[number] if number < len(column) else FALSE for column in columns]
        for number in range(max(len(column) for column in columns))
    )
    # The constant last: it is none in most cases.
    total = rows[1] if len(rows) > 1 else rows[0]
    for row in [*rows[2:], rows[0]] if len(rows) > 1 else []:
        carry, result = FALSE, list[Literal]()
        for a, b in zip(total, row, strict=True):
            either = graph.xor(a, b)
            result.append(graph.xor(either, carry))
            carry = graph.or_(graph.and_(a, b), graph.and_(either, carry))
        total = result
    return total


def _support(group: Sequence[_Bit]) -> list[int]:
    return sorted(set[int]().union(*(support for _, support in group)))


def _connected(bits: Sequence[_Bit], common: int) -> list[list[_Bit]]:
    """Groups of bits that depend on so many nodes in common, directly or by way of others."""
    groups: list[list[_Bit]] = []
    for bit in bits:
        apart: list[list[_Bit]] = []
        mine = [bit]
        for group in groups:
            if any(len(bit[1] & other[1]) >= min(common, len(other[1]), len(bit[1])) for other in group):
                mine += group
            else:
                apart.append(group)
        groups = [*apart, mine]
    return groups
