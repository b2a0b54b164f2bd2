"""The energy of an image: additions and memory accesses, counted, times the published energy of each.

The numbers are those of e3ne/devices/energy.json (Horowitz, ISSCC 2014, 45 nm). They rank designs against each other;
an FPGA takes more, for wires and clock, and its leakage is not in them.

- An addition of b bits: linear between the published 8 and 32 bits, proportional below, the same slope above.
- An access of b bits to a memory of C bytes: 10 pJ for 64 bits of 8 KiB, proportional to b, and to √(C / 8 KiB); the
  published 32 KiB (20 pJ) and 1 MiB (100 pJ, by the rule 113) are on that line. A write counts as a read.

The model sees an operation with its layout and nothing else, so that the choice of the hardware minimises the very
number that is reported. How often spikes meet weights is kept with each matvec (`synaptic_operations`); where nobody
counted it stands the worst case: every input spikes in every step, and meets a weight of every output.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import cast

from e3ne.dialects.dataflow import (
    ArgmaxOp,
    FifoOp,
    FireOp,
    GraphOp,
    LifOp,
    MatvecOp,
    MaxPoolOp,
    Order,
    PoolOp,
    ReplayOp,
    SumFramesOp,
    TransformOp,
    UnitOp,
    WindowOp,
    as_tuple,
    integers_of,
    units_of,
)
from e3ne.units.interface import Choice
from e3ne.units.lif_recurrence import feedback_bits
from e3ne.units.matvec_adder import weight_bits, weight_range
from e3ne.units.registry import unit_for
from e3ne.units.window_taps import Sweep

BASE_WORD = 64
BASE_KIB = 8
GRID = 1024
"""Parts of a picojoule to which the energy of a unit is rounded: a power of two, so that sums are exact in any order
and equal designs have equal energies."""


@dataclass(frozen=True)
class Energy:
    """Of one image on average: additions, accesses to memories in bits, and their energy in picojoules."""

    additions: float = 0.0
    weight_bits: float = 0.0
    buffer_bits: float = 0.0
    addition_pj: float = 0.0
    memory_pj: float = 0.0

    @property
    def total_pj(self) -> float:
        """Picojoules an image."""
        return self.addition_pj + self.memory_pj

    @property
    def total_nj(self) -> float:
        """Nanojoules an image."""
        return self.total_pj / 1000

    def __add__(self, other: Energy) -> Energy:
        """The sum, of two units."""
        mine, others = asdict(self), asdict(other)
        return Energy(**{name: value + others[name] for name, value in mine.items()})


def addition_pj(bits: int) -> float:
    """Picojoules of an addition."""
    narrow, wide = (_table("add_pj")[size] for size in ("8", "32"))
    return narrow * bits / 8 if bits <= 8 else narrow + (wide - narrow) * (bits - 8) / 24


def access_pj(bits: float, capacity_bits: float) -> float:
    """Picojoules of reading or writing some bits of a memory that holds `capacity_bits`."""
    scale = math.sqrt(capacity_bits / (8 * 1024 * BASE_KIB))
    return _table("sram_read_64_bits_pj")[str(BASE_KIB)] * bits / BASE_WORD * scale


@cache
def _table(name: str) -> Mapping[str, float]:
    data = json.loads(files("e3ne.devices").joinpath("energy.json").read_text(encoding="utf-8"))
    return cast(Mapping[str, float], data[name])


def energy_of(graph: GraphOp) -> Energy:
    """The energy of an image on a finished graph."""
    return sum(map(energy_of_unit, units_of(graph)), Energy())


def energy_of_unit(unit: UnitOp) -> Energy:
    """The energy of an image on a unit whose layout is decided; nothing where it has neither sums nor memories."""
    found = _energy(unit)
    return replace(found, addition_pj=_on_grid(found.addition_pj), memory_pj=_on_grid(found.memory_pj))


def operations_of(op: MatvecOp) -> float:
    """Mean number an image of spikes that meet weights; the worst case where it was not counted."""
    if op.synaptic_operations is not None:
        return op.synaptic_operations.value.data
    given = op.input_type
    return float(given.pixels * given.steps * given.channels * op.outputs.value.data)


def _energy(unit: UnitOp) -> Energy:
    match unit:
        case MatvecOp():
            return matvec_energy(unit, {})
        case FireOp():
            # Each digit of a value is one comparison, which is a subtraction.
            given = unit.input_type
            return _added(given.pixels * given.channels * unit.steps.value.data, abs(given.bits))
        case LifOp():
            # Decay, drive and threshold are a sum each, and what is kept is read and written.
            sums = 3 + 2 * (unit.synapse_decay is not None)
            return _kept(unit, sums, unit.membrane_bits.value.data, unit.state_bits) + _fed_back(unit)
        case SumFramesOp():
            bits = unit.value_bits.value.data
            return _kept(unit, 1, bits, bits)
        case ReplayOp():
            return _through(unit, 2 * unit.beats)
        case FifoOp():
            return _through(unit, unit.depth.value.data)
        case WindowOp():
            return _window(unit)
        case PoolOp():
            return _compared(unit, unit.size.value.data)
        case MaxPoolOp():
            # Each beat is written to the words of its window, which are read before.
            memories = unit_for(unit).features(unit).memories
            capacity, width = sum(m.words * m.width for m in memories), sum(m.width for m in memories)
            kept = _buffered(2 * width * unit.input_type.beats_per_image, capacity)
            return _compared(unit, math.prod(as_tuple(unit.kernel)) * unit.pixels.value.data) + kept
        case ArgmaxOp():
            given = unit.input_type
            return _added(given.pixels * (given.channels - 1), abs(given.bits))
        case _:
            return Energy()


def _window(op: WindowOp) -> Energy:
    """Each beat is written to the rows above, and those of its column are read, whatever the rows are made of."""
    given = op.input_type
    width = (op.reach[0] - 1) * given.beat_bits
    words = Sweep.of(op, 1).total * given.beats_per_pixel
    return _buffered(2 * width * given.beats_per_image, words * width)


def _kept(unit: LifOp | SumFramesOp, sums: int, bits: int, kept: int) -> Energy:
    """So many sums of so many bits for each element, and `kept` bits of it that are read and written in each frame."""
    given = unit.input_type
    elements = given.pixels * given.channels
    return _added(elements * sums, bits) + _buffered(2 * kept * elements, kept * elements // given.frames)


def _fed_back(unit: LifOp) -> Energy:
    """As if every neuron spiked in every frame: how many do was not counted."""
    channels = unit.input_type.channels
    return _added(unit.input_type.frames * channels * channels, feedback_bits(unit)) if unit.is_recurrent else Energy()


def _compared(unit: PoolOp | MaxPoolOp, values: int) -> Energy:
    """The largest of so many membranes for each result; of trains it is found by their digits, without a sum."""
    given = unit.output_type
    if given.bits > 0:
        return Energy()
    return _added(given.pixels * given.channels * (values - 1), abs(given.bits))


def _through(unit: TransformOp, words: int) -> Energy:
    """What is written once and read as often as it is given."""
    taken, given = unit.input_type, unit.output_type
    bits = taken.beats_per_image * taken.beat_bits + given.beats_per_image * given.beat_bits
    return _buffered(bits, words * taken.beat_bits)


def matvec_energy(op: MatvecOp, choice: Choice) -> Energy:
    """The energy of an image on a matvec with the choices of `op` but for those in `choice`; no layout is needed.

    A spike adds its weight; each group of outputs is added to its membranes once a beat of inputs. Where spikes are
    visited one by one there are no sums of lanes, and only their weights are read.
    """
    width, given, operations = op.value_bits.value.data, op.input_type, operations_of(op)
    lanes = int(choice.get("output_lanes", op.output_lanes.value.data))
    inputs = int(choice.get("input_lanes", op.input_lanes.value.data))
    steps = given.steps // int(choice.get("parallel_steps", op.parallel_steps.value.data))
    implementation = choice.get("implementation", op.implementation.data)
    groups, chunks = op.outputs.value.data // lanes, given.channels // inputs
    total = _added(operations, width)
    if implementation == "event":
        return total + _weights_read(op, operations)
    beats = given.pixels * groups * chunks * steps
    total += _added(beats * lanes, width)
    if choice.get("stationary", op.stationary.data) == "input" and groups > 1:
        # Membranes of all groups are in a memory: read and written for each beat.
        total += _buffered(2 * beats * lanes * width, op.outputs.value.data * width)
    if implementation != "adder" or groups * chunks == 1:
        return total
    # A word of weights is held while the time steps of its inputs pass.
    held = steps if choice.get("order", op.order.data) == Order.STEPS_INNER.value else 1
    return total + _weights_read(op, beats // held * lanes * inputs)


def least_energy(unit: UnitOp) -> float:
    """Picojoules an image that a unit takes at least, however it is built and whatever its layout is."""
    match unit:
        case MatvecOp():
            width, operations = unit.value_bits.value.data, operations_of(unit)
            sums = _added(unit.input_type.pixels * unit.outputs.value.data, width).total_pj
            if not unit.why_not_event:
                sums = min(sums, _weights_read(unit, operations).total_pj)
            return _added(operations, width).total_pj + sums - 1 / GRID
        case FireOp() | LifOp() | SumFramesOp() | PoolOp() | ArgmaxOp():
            return energy_of_unit(unit).total_pj
        case _:
            return 0.0


def _weights_read(op: MatvecOp, count: float) -> Energy:
    weights = integers_of(op, op.weights)
    bits = weight_bits(*weight_range(weights))
    return Energy(weight_bits=count * bits, memory_pj=access_pj(count * bits, weights.size * bits))


def _added(count: float, bits: int) -> Energy:
    return Energy(additions=count, addition_pj=count * addition_pj(bits))


def _buffered(bits: float, capacity: float) -> Energy:
    return Energy(buffer_bits=bits, memory_pj=access_pj(bits, capacity))


def _on_grid(energy: float) -> float:
    return round(energy * GRID) / GRID
