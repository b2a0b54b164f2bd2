"""A weighted sum of register bits, followed back to where it comes from.

Numbers inside may have fewer bits than what they are added to. Such a number is found where a lemma fails that takes no
account of it: then it is followed by itself, modulo its own size, and shown never to be greater.
"""

from __future__ import annotations

from collections.abc import Sequence

from e3ne.verification.formal.graph import Literal
from e3ne.verification.formal.linear import Cycle, NotLinearError, WeightedSum


class Tracer:
    """Goes back through cycles, to the first one, or until only registers of `ends` are left."""

    def __init__(self, cycles: Sequence[Cycle], ends: frozenset[Literal]) -> None:
        self.cycles, self.ends = cycles, ends

    def back(self, total: WeightedSum, cycle: int) -> tuple[int, WeightedSum]:
        """A sum of bits of a cycle as one of bits of an earlier cycle, whose number comes first.

        Raises NotLinearError.
        """
        passed: list[tuple[int, WeightedSum]] = []
        while cycle and not (self.ends and self.ends.issuperset(total.weights)):
            passed.append((cycle, total))
            try:
                total = self.cycles[cycle - 1].before(total)
            except NotLinearError as error:
                return self._by_parts(passed, error)
            cycle -= 1
        total.constant &= (1 << total.bits) - 1
        return cycle, total

    def _by_parts(self, passed: Sequence[tuple[int, WeightedSum]], error: NotLinearError) -> tuple[int, WeightedSum]:
        """The number to which the bits belong of which there is no lemma, and the rest."""
        found = set(error.registers)
        for cycle, total in reversed(passed):
            if cycle != passed[-1][0]:
                found = self._made_of(total, found, cycle)
            unit = _unit([total.signed(total.weights[bit]) for bit in found])
            if unit is None or len(found) == len(total.weights):
                continue
            word = WeightedSum(len(found), {bit: total.signed(total.weights[bit]) // unit for bit in found})
            end, number = self.back(word, cycle)
            low, high = number.range()
            # Modulo 2^bits the constant may be any of its class.
            number.constant += -(low >> number.bits) << number.bits if low < 0 else 0
            low, high = number.range()
            if low < 0 or high >> number.bits:
                raise NotLinearError(f"{number.bits} bits for numbers of {low} to {high}")
            rest = WeightedSum(
                total.bits, {bit: w for bit, w in total.weights.items() if bit not in found}, total.constant
            )
            rest_end, result = self.back(rest, cycle)
            if rest.weights and rest_end != end:
                raise NotLinearError("numbers come from different cycles")
            result.constant += unit * number.constant
            for bit, weight in number.weights.items():
                result.add(bit, unit * number.signed(weight))
            result.constant &= (1 << result.bits) - 1
            return end, result
        raise error

    def _made_of(self, total: WeightedSum, bits: set[Literal], cycle: int) -> set[Literal]:
        """The bits of a sum that depend on some bits of the cycle before."""
        before = self.cycles[cycle - 1]
        result: set[Literal] = set()
        wanted = {literal >> 1 for literal in before.gates.at(0, bits)}
        for register in total.weights:
            (following,) = before.next([register])
            if wanted & set(before.graph.cone([following])):
                result.add(register)
        return result


def _unit(weights: Sequence[int]) -> int | None:
    """What a number is multiplied by whose bits have these weights; None if they are no number's."""
    unit = min(weights, key=abs)
    places = sorted(weight // unit for weight in weights)
    return unit if places == [1 << place for place in range(len(weights))] else None
