"""Properties of a circuit that hold in every cycle after a reset: by induction over cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.graph import Literal
from e3ne.verification.formal.solver import CONFLICTS, Solver
from e3ne.verification.formal.unroll import Unrolled

PROPERTY, INVARIANT, ASSUMPTION = "ok_", "keep_", "assume_"

SEARCHED = 24
"""Cycles after a reset in which a counterexample is looked for if induction fails."""

Trace = Sequence[Mapping[str, int]]
"""What the signals of a counterexample are, cycle by cycle."""


@dataclass(frozen=True)
class Outcome:
    """What became of a property: "proved", "failed" or "skipped" (given up), and how."""

    name: str
    result: str
    method: str
    trace: Trace = ()


class Prover:
    """Proves the signals `ok_…` and `keep_…` of a circuit where those named `assume_…` are 1 in every cycle.

    A proof begins with a cycle of reset in any state, so that no initial values matter. In the induction step the
    reset may come at any time. Each property may be assumed in the `depth` cycles before the one in which it is proved.
    """

    def __init__(self, circuit: Circuit, splits: Mapping[str, str] | None = None, conflicts: int = CONFLICTS) -> None:
        self.circuit, self.conflicts = circuit, conflicts
        self.splits = splits or {}
        self.assumptions = list(circuit.matching(ASSUMPTION).values())
        # Invariants first: what has been proved of a cycle helps with the rest.
        self.wanted = circuit.matching(INVARIANT) | circuit.matching(PROPERTY)

    def prove(self, depth: int = 1, searched: int = SEARCHED) -> list[Outcome]:
        """By induction; what is not inductive has failed, with a counterexample if there is one soon after a reset."""
        base = self._step(depth, base=True)
        step = self._step(depth, base=False)
        broken = [name for name in self.wanted if base[name] == "failed" or step[name] == "failed"]
        # A property may fail only some cycles after what it rests on.
        asked = [name for name in self.wanted if name in broken or name.startswith(PROPERTY)]
        traces = self.search(searched, asked) if broken else {}
        outcomes: list[Outcome] = []
        for name in self.wanted:
            results = {base[name], step[name]}
            if name in broken or name in traces:
                found = traces.get(name, ())
                method = f"counterexample after {len(found) - 1} cycles" if found else "induction fails"
                outcomes.append(Outcome(name, "failed", method, found))
            else:
                result = "skipped" if "skipped" in results else "proved"
                outcomes.append(Outcome(name, result, f"induction, k = {depth}"))
        # One that rests on what has failed is not proved.
        if any(outcome.result != "proved" for outcome in outcomes):
            return [
                Outcome(each.name, "skipped", "rests on what is not proved") if each.result == "proved" else each
                for each in outcomes
            ]
        return outcomes

    def search(self, depth: int, names: Sequence[str]) -> dict[str, Trace]:
        """The shortest runs from a reset in which properties and invariants are 0.

        Those in which an invariant is may be shorter than those in which a property is, with which the search ends.
        """
        unrolled = Unrolled(self.circuit)
        solver = Solver(unrolled.graph, self.conflicts)
        traces: dict[str, Trace] = {}
        reset = self.circuit.inputs["rst"][0]
        unrolled.step({reset: 1})
        for cycle in range(1, depth + 1):
            unrolled.step({reset: 0})
            for literal in unrolled.at(cycle, self.assumptions):
                solver.require(literal)
            for name in names:
                if name in traces:
                    continue
                holds = unrolled.at(cycle, [self.wanted[name]])[0]
                found = solver.find([holds ^ 1])
                if found is None:
                    solver.require(holds)
                elif found is not False:
                    assert isinstance(found, list)
                    traces[name] = self._trace(unrolled, cycle, found)
            if any(name.startswith(PROPERTY) for name in traces):
                break
        solver.close()
        return traces

    def _step(self, depth: int, *, base: bool) -> dict[str, str]:
        """For the cycle after `depth` others, which begin with a reset, or in which all properties hold."""
        unrolled = Unrolled(self.circuit)
        solver = Solver(unrolled.graph, self.conflicts)
        results: dict[str, str] = {}
        known = list(self.wanted.values())
        for cycle in range(depth + 1):
            unrolled.step({self.circuit.inputs["rst"][0]: 1} if base and cycle == 0 else None)
            if cycle or not base:
                for literal in unrolled.at(cycle, self.assumptions):
                    solver.require(literal)
            if base and cycle:
                results |= self._check(solver, unrolled, cycle, [n for n in self.wanted if results.get(n) != "failed"])
            elif not base and cycle < depth:
                for literal in unrolled.at(cycle, known):
                    solver.require(literal)
            elif not base:
                results = self._check(solver, unrolled, cycle, list(self.wanted))
        solver.close()
        return results

    def _check(self, solver: Solver, unrolled: Unrolled, cycle: int, names: Sequence[str]) -> dict[str, str]:
        results: dict[str, str] = {}
        for name in names:
            holds = unrolled.at(cycle, [self.wanted[name]])[0]
            results[name] = self._case_by_case(solver, unrolled, cycle, name, holds)
            if results[name] == "proved":
                solver.require(holds)
        return results

    def _case_by_case(self, solver: Solver, unrolled: Unrolled, cycle: int, name: str, holds: Literal) -> str:
        split = self.splits.get(name)
        bits = unrolled.at(cycle, self.circuit.signals[split]) if split else []
        worst = "proved"
        for value in range(1 << len(bits)):
            case = [bit ^ (value >> place & 1 ^ 1) for place, bit in enumerate(bits)]
            found = solver.find([holds ^ 1, *case])
            if found is False:
                worst = "skipped"
            elif found is not None:
                return "failed"
        return worst

    def _trace(self, unrolled: Unrolled, last: int, values: Sequence[bool]) -> Trace:
        def value(cycle: int, bits: Sequence[Literal]) -> int:
            found = unrolled.at(cycle, bits)
            places = [values[bit >> 1] ^ bool(bit & 1) if bit >> 1 < len(values) else False for bit in found]
            return sum(int(one) << place for place, one in enumerate(places))

        return [{name: value(cycle, bits) for name, bits in self.circuit.signals.items()} for cycle in range(last + 1)]
