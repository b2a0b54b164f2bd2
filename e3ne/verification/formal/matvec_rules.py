"""The matrix-vector unit: what a step adds to each membrane is Σ weight·digit, for all digits and all weights' words.

The pipeline is followed from the output backwards, with all stages moving, for a step of each kind: the first one of a
value or a later one. Without tables, the weights are read from the netlist's memory for each of its addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from e3ne.dialects.dataflow import MatvecOp, integers_of
from e3ne.verification.formal.checker import Checker, next_modulo, numbered, width_for
from e3ne.verification.formal.circuit import Circuit
from e3ne.verification.formal.graph import FALSE, TRUE, Literal
from e3ne.verification.formal.induction import Outcome
from e3ne.verification.formal.linear import Cycle, NotLinearError, WeightedSum
from e3ne.verification.formal.linear_trace import Tracer
from e3ne.verification.formal.matvec_search import differing_case

CONTROL = re.compile(
    r"(valid|first_time|first_chunk|last_time|last_chunk|group|chunk|time|gives|fold|address)_?(_?\d+)?"
)


@dataclass(frozen=True)
class _Fold:
    """The loops of a pixel, and which lanes there are."""

    groups: int
    chunks: int
    step_beats: int
    parallel: int
    outputs: int
    inputs: int
    held: bool

    @staticmethod
    def of(op: MatvecOp) -> _Fold:
        given = op.input_type
        outputs, inputs = op.output_lanes.value.data, op.input_lanes.value.data
        parallel = op.parallel_steps.value.data
        groups = op.outputs.value.data // outputs
        held = op.stationary.data == "input" and groups > 1
        return _Fold(groups, given.channels // inputs, given.steps // parallel, parallel, outputs, inputs, held)

    @property
    def steps(self) -> int:
        """Steps until all values of a pixel are there."""
        return self.groups * self.chunks * self.step_beats


def supported(op: MatvecOp) -> bool:
    """Whether there are rules for the unit's form."""
    fold = _Fold.of(op)
    plain = op.bias is None and not op.is_event and not op.has_credit
    return (
        plain and (fold.chunks == 1 or fold.step_beats == 1) and not (fold.held and op.implementation.data == "table")
    )


def add_matvec(c: Checker, op: MatvecOp) -> None:
    """The weights' address follows the steps; held inputs are taken by the first step of all groups."""
    if not supported(op):
        c.missing.append("this form of synapses")
        return
    fold = _Fold.of(op)
    wide = width_for(fold.steps) + 1
    c.reg("f_step", wide, next_modulo("f_step", wide, fold.steps), "step" if fold.held else "f_take")
    c.keep("step_range", f"f_step < {fold.steps}")
    if fold.held:
        c.ok("taken_once", f"f_take == (step & f_step % {fold.groups} == 0)")
        c.reg("f_digits", c.taken, "s_data", "f_take", reset=None)
        c.ok("held", f"~(valid_0 | f_step % {fold.groups} != 0) | digits == f_digits")
    inner = {"group": fold.groups} if fold.held else {"time_": fold.step_beats, "chunk": fold.chunks}
    outer = {"chunk": fold.chunks} if fold.held else {"group": fold.groups}
    behind = 1
    for name, size in (inner | outer).items():
        if size > 1 and c.has(name):
            c.keep(f"loop_{name}", f"{name} == (f_step / {behind}) % {size}")
        behind *= size
    if c.has("address"):
        c.ok("address", f"address == f_step / {fold.step_beats}")


def prove_sums(circuit: Circuit, op: MatvecOp) -> list[Outcome]:
    """For each output lane that its value is Σ weight·code of the inputs."""
    if not supported(op):
        return []
    prover = Sums(circuit, op)
    return [prover.lane(lane) for lane in range(prover.fold.outputs)]


class Sums:
    """The pipeline of a unit, and its steps."""

    def __init__(self, circuit: Circuit, op: MatvecOp) -> None:
        self.circuit, self.op, self.fold = circuit, op, _Fold.of(op)
        self.bits = op.value_bits.value.data
        self.depth = op.latency.value.data
        self.weights = integers_of(op, op.weights).astype(np.int64)
        self.adder = op.implementation.data == "adder"
        self.control = [
            bit
            for name, bits in circuit.signals.items()
            if CONTROL.fullmatch(name)
            for bit in bits
            if bit in dict(circuit.registers)
        ]
        ones = (*circuit.inputs["m_ready"], *circuit.inputs["s_valid"])
        self.selected = frozenset(
            bit for name, bits in circuit.signals.items() if re.fullmatch(r"selected(_\d+)?", name) for bit in bits
        )
        self.moving = dict.fromkeys(ones, TRUE) | {circuit.inputs["rst"][0]: FALSE}
        self.free = Cycle(circuit, self.moving)
        self._words: dict[Literal, NDArray[np.int64]] = {}
        self.cycles = {case: self._cycles(*case) for case in self._cases()}

    def _cases(self) -> Iterator[tuple[int, int, int]]:
        """Time step, chunk and group of the steps that differ; weights from a memory are all in one."""
        fold = self.fold
        chunks = sorted({0, min(1, fold.chunks - 1), fold.chunks - 1}) if self.adder else range(fold.chunks)
        groups = [fold.groups - 1] if self.adder else range(fold.groups)
        for group in groups:
            for chunk in chunks:
                for time in range(fold.step_beats):
                    yield time, chunk, group

    def _cycles(self, time: int, chunk: int, group: int) -> list[Cycle]:
        """The cycles in which a step goes through the pipeline."""
        known: dict[Literal, Literal] = {}
        address = chunk * self.fold.groups + group if self.fold.held else group * self.fold.chunks + chunk
        for name, value in (("time_", time), ("chunk", chunk), ("group", group), ("address", address)):
            for place, bit in enumerate(self.circuit.signals.get(name, ())):
                known[bit] = TRUE if value >> place & 1 else FALSE
        known |= {bits[0]: TRUE for name, bits in self.circuit.signals.items() if re.fullmatch(r"valid_\d+", name)}
        cycles: list[Cycle] = []
        for _ in range(self.depth + 1):
            cycles.append(Cycle(self.circuit, self.moving | known))
            values = zip(self.control, cycles[-1].next(self.control), strict=True)
            known = {bit: value for bit, value in values if value in (FALSE, TRUE)}
        return cycles

    def lane(self, lane: int) -> Outcome:
        """What became of an output lane; what no lemma tells is tried with random digits."""
        name, method = f"ok_sum_{lane}", "weighted sums, traced back"
        try:
            wrong = self._lane(lane)
        except NotLinearError as error:
            case = differing_case(self, lane)
            if case is None:
                return Outcome(name, "skipped", f"{method}: {error}")
            wrong = f"counterexample at step {case}"
        return Outcome(name, "failed" if wrong else "proved", f"{method}: {wrong}" if wrong else method)

    def _lane(self, lane: int) -> str:
        """What is wrong, or nothing."""
        fold, mask = self.fold, (1 << self.bits) - 1
        out, old = self.registers(lane)
        constants: dict[tuple[int, int, int], int] = {}
        for case, cycles in self.cycles.items():
            time, chunk, group = case
            total = cycles[self.depth - 1].before(
                WeightedSum(self.bits, {bit: 1 << place for place, bit in enumerate(out)})
            )
            kept = [total.weights.pop(bit, 0) for bit in old]
            if kept != [self.factor(time, chunk) << place & mask for place in range(self.bits)]:
                return f"step {case}: the membrane does not become what it should"
            offered = cycles[self.depth].gates.at(0, self.circuit.signals["m_valid"])[0]
            if offered != (TRUE if time == fold.step_beats - 1 and chunk == fold.chunks - 1 else FALSE):
                return f"step {case}: a value is offered at the wrong step"
            if sorted(total.weights.values()) != [1 << place for place in range(len(total.weights))]:
                return f"step {case}: what is added is no number"
            # The drive: a number of so many bits, which stands for a sum that is never greater.
            drive = WeightedSum(len(total.weights), total.weights)
            found, expected = self._traced(lane, drive, cycles, chunk, group)
            if ((found - expected) & ((1 << drive.bits) - 1)).any():
                return f"step {case}: other weights"
            low = drive.constant + np.minimum(expected, 0).sum(axis=1).min(initial=0)
            high = drive.constant + np.maximum(expected, 0).sum(axis=1).max(initial=0)
            if drive.bits < self.bits and (low < 0 or high >> drive.bits):
                return f"step {case}: {drive.bits} bits for numbers of {low} to {high}"
            constants[case] = total.constant + drive.constant
        return self._constants(constants, lane)

    def registers(self, lane: int) -> tuple[Sequence[Literal], Sequence[Literal]]:
        """Those of a lane's value, and of what a step adds to."""
        out = self.circuit.signals["m_data"][lane * self.bits : (lane + 1) * self.bits]
        return out, self.circuit.signals[numbered("old_total", lane)] if self.fold.held else out

    def _traced(
        self, lane: int, drive: WeightedSum, cycles: Sequence[Cycle], chunk: int, group: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The weights of the digits in a drive, found and expected, for each word of weights (words, digits).

        The constant of the drive stays in it.
        """
        cycle, traced = Tracer(cycles, self.selected if self.adder else frozenset()).back(drive, self.depth - 1)
        drive.weights, drive.constant = traced.weights, traced.constant
        if self.adder:
            return self._read_weights(lane, drive, cycle)
        found = np.array([[drive.weights.pop(bit, 0) for bit in self.circuit.inputs["s_data"]]])
        if drive.weights:
            raise NotLinearError("the drive depends on more than digits")
        return found, self.expected(lane, np.array([group]), np.array([chunk]))

    def factor(self, time: int, chunk: int) -> int:
        """By what the membrane is multiplied in a step: a new time step doubles it, a new value begins without."""
        if self.fold.held:
            return 1
        if time == chunk == 0:
            return 0
        return 1 << self.fold.parallel if chunk == 0 else 1

    def expected(self, lane: int, group: NDArray[np.int64], chunk: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each bit of a beat adds, time step by time step, the first one most significant: (…, bits)."""
        fold = self.fold
        rows = self.weights[group * fold.outputs + lane]
        columns = chunk[:, None] * fold.inputs + np.arange(fold.inputs)
        weights = np.take_along_axis(rows, columns, axis=1)
        shifts = 1 << np.arange(fold.parallel - 1, -1, -1)
        return (shifts[:, None] * weights[:, None, :]).reshape(len(group), -1)

    def _constants(self, constants: dict[tuple[int, int, int], int], lane: int) -> str:
        """What all steps of a value add besides must be nothing."""
        fold, mask = self.fold, (1 << self.bits) - 1
        for group in {case[2] for case in constants}:
            value = self._start(lane) if fold.held else 0
            for time in range(fold.step_beats):
                for chunk in range(fold.chunks):
                    case = (time, chunk, group)
                    step = constants[case] if case in constants else constants[time, min(1, fold.chunks - 1), group]
                    value = value * self.factor(time, chunk) + step
            if value & mask:
                return f"{value & mask} too much in each value"
        return ""

    def _start(self, lane: int) -> int:
        """With what a total that is kept in the memory begins."""
        cycles = next(cycles for (_, chunk, _), cycles in self.cycles.items() if chunk == 0)
        found = cycles[self.depth - 2].next(self.circuit.signals[numbered("old_total", lane)])
        if not set(found) <= {FALSE, TRUE}:
            raise NotLinearError("the first step does not begin with a constant")
        return sum(1 << place for place, bit in enumerate(found) if bit == TRUE)

    def _read_weights(self, lane: int, drive: WeightedSum, cycle: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """From the selected weights on: each is a digit times a bit of the weights' word, for every address."""
        if cycle < 2:
            raise NotLinearError("the selected weights are not where they should be")
        elements = len(self.circuit.inputs["s_data"])
        fold = self.fold
        words = fold.groups * fold.chunks
        found = np.zeros((words, elements), dtype=np.int64)
        # Held inputs are in a register, which `add_matvec` tells about.
        digits = self.circuit.signals["digits"] if fold.held else self.circuit.inputs["s_data"]
        place = {bit: number for number, bit in enumerate(digits)}
        for bit, weight in drive.weights.items():
            product = self.free.next([bit])[0]
            graph = self.free.graph
            ends = (graph.left[product >> 1], graph.right[product >> 1])
            if (
                product & 1
                or graph.is_input[product >> 1]
                or any(end & 1 or not graph.is_input[end >> 1] for end in ends)
            ):
                raise NotLinearError("a selected weight is no digit times a weight")
            sources = list(self.free.origin(ends).values())
            origins = dict(self._origin(source, cycle - 1) for source in sources)
            digit = next((place[each] for each in origins if each in place and origins[each] == self.fold.held), None)
            memory = next((each for each in origins if each not in place and origins[each] == 1), None)
            if digit is None or memory is None:
                raise NotLinearError("a selected weight is no digit times a weight")
            found[:, digit] += weight * self._word_bit(memory)
        address = np.arange(words)
        group, chunk = (address % fold.groups, address // fold.groups) if fold.held else divmod(address, fold.chunks)
        return found, self.expected(lane, group, chunk)

    def _origin(self, register: Literal, cycle: int) -> tuple[Literal, int]:
        """What a register of a cycle repeats, and of which cycle: an input, or a register that does more."""
        while cycle and register in self.free.following:
            following = self.free.next([register])[0]
            if following & 1 or not self.free.graph.is_input[following >> 1]:
                break
            register, cycle = self.free.origin([following])[following], cycle - 1
        return register, cycle

    def _word_bit(self, register: Literal) -> NDArray[np.int64]:
        """A bit of the weights' word for each address."""
        if register in self._words:
            return self._words[register]
        fold, graph = self.fold, self.free.graph
        words = fold.groups * fold.chunks
        following = self.free.next([register])[0]
        name = "address" if "address" in self.circuit.signals else "chunk" if fold.chunks > 1 else "group"
        leaves = self.free.gates.at(0, self.circuit.signals[name])
        cone = graph.cone([following])
        every = (1 << words) - 1
        # For each address whether a node is 1 and whether it is 0; neither: what a word beyond the last one decides.
        value: dict[int, tuple[int, int]] = {0: (0, every)}
        for number, leaf in enumerate(leaves):
            ones = sum(1 << address for address in range(words) if address >> number & 1)
            value[leaf >> 1] = (ones, ones ^ every)
        for node in cone:
            if graph.is_input[node]:
                value.setdefault(node, (0, 0))
                continue
            ends = (graph.left[node], graph.right[node])
            (one, zero), (other_one, other_zero) = (value[end >> 1][:: -1 if end & 1 else 1] for end in ends)
            value[node] = (one & other_one, zero | other_zero)
        table, zeros = value[following >> 1][:: -1 if following & 1 else 1]
        if table | zeros != every:
            raise NotLinearError("a weight depends on more than its address")
        result = np.array([table >> address & 1 for address in range(words)], dtype=np.int64)
        self._words[register] = result
        return result
