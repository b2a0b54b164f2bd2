"""A unit on its own: the beats of its streams by plain loops, its model, and its hardware, executed cycle by cycle."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.test import TestOp
from xdsl.ir import SSAValue

from e3ne.analysis.event_graph import Cycles, EventGraph, solve
from e3ne.dialects import rtl
from e3ne.dialects.dataflow import Order, ParameterOp, StreamType, TransformOp, UnitOp, number
from e3ne.dialects.dataflow.parameters import Integers
from e3ne.semantics.rtl import Evaluator
from e3ne.units.interface import Choice
from e3ne.units.model import SpikeTimedModel
from e3ne.units.registry import unit_for

Beats = list[list[int]]
"""The elements of each beat of an image."""

Place = tuple[int, int, int]
"""Pixel, channel, time step."""

Content = Mapping[Place, int]
"""An image."""


def places(stream: StreamType) -> list[list[Place]]:
    """What each element of each beat is: the order that the stream type documents."""
    chunks, times = range(stream.channels // stream.lanes), range(stream.steps // stream.parallel)
    if stream.order is Order.STEPS_OUTER:
        beats = [(chunk, time) for time in times for chunk in chunks]
    else:
        beats = [(chunk, time) for chunk in chunks for time in times]
    return [
        [
            (pixel, chunk * stream.lanes + lane, time * stream.parallel + p)
            for p in range(stream.parallel)
            for lane in range(stream.lanes)
        ]
        for pixel in range(stream.height * stream.width)
        for _ in range(stream.repeat)
        for chunk, time in beats
    ]


def packed(stream: StreamType, content: Content) -> Beats:
    """The beats of an image."""
    return [[content[place] for place in beat] for beat in places(stream)]


def content_of(stream: StreamType, value: Callable[[int, int, int], int]) -> Content:
    """An image from the value at each pixel, channel and time step."""
    return {place: value(*place) for beat in places(stream) for place in beat}


def random_images(stream: StreamType, images: int, seed: int) -> list[Content]:
    """Random digits, or values over the whole range of the type, both ends included."""
    rng = random.Random(seed)
    bits = abs(stream.bits)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if stream.bits < 0 else (0, (1 << bits) - 1)
    ends = (low, high, rng.randint(low, high), rng.randint(low, high))
    return [
        {where: rng.choice((*ends, rng.randint(low, high))) for beat in places(stream) for where in beat}
        for _ in range(images)
    ]


def given_stream(stream: StreamType) -> SSAValue:
    """A stream from nowhere."""
    return TestOp(result_types=[stream]).results[0]


def place(
    taken: StreamType, make: Callable[[SSAValue], TransformOp], parameters: Mapping[str, Integers] | None = None
) -> TransformOp:
    """A unit that takes a stream, in a module with its parameters, verified."""
    op = make(given_stream(taken))
    verify(op, parameters)
    return op


def verify(op: UnitOp, parameters: Mapping[str, Integers] | None = None) -> None:
    """Puts a unit into a module with its parameters and what gives its stream, and verifies the whole."""
    before = [operand.owner for operand in op.operands if isinstance(operand.owner, TestOp)]
    ModuleOp([*(ParameterOp(name, array) for name, array in (parameters or {}).items()), *before, op]).verify()


def choose(op: UnitOp, choice: Choice) -> None:
    """Writes a choice into an operation."""
    for name, value in choice.items():
        assert name in op.get_irdl_definition().properties, f"{op.name} has no property {name}"
        op.properties[name] = number(value) if isinstance(value, int) else StringAttr(value)


def word_of(beat: Sequence[int], bits: int) -> int:
    """The wires of a beat: the first element lowest."""
    return sum((element & ((1 << bits) - 1)) << (i * bits) for i, element in enumerate(beat))


@dataclass(frozen=True)
class Played:
    """Words and cycles of what a module took and gave; the cycles in which it first offered them; `m_last` if any."""

    words: list[int]
    taken: list[int]
    given: list[int]
    offered: list[int]
    last: list[int]


def play(module: rtl.ModuleOp, words: Sequence[int], gaps: Sequence[int], stalls: Sequence[int]) -> Played:
    """Runs a module until it has given as many beats as there are stalls; checks that what is offered stays.

    Registers and memories that are not reset start with anything, as they do in hardware.
    """
    evaluator, rng = Evaluator(ModuleOp([module]), module), random.Random(len(words))
    for op in module.block.ops:
        if isinstance(op, rtl.RegisterOp | rtl.MemoryReadRegisteredOp) and getattr(op, "reset", None) is None:
            evaluator.state[op] = rng.getrandbits(rtl.width_of(op.results[0]))
        elif isinstance(op, rtl.MemoryOp) and op.init is None:
            kind = op.memory_type
            evaluator.memories[op] = [rng.getrandbits(kind.width) for _ in range(kind.depth)]
    played = Played([], [], [], [], [])
    held: int | None = None
    for cycle in range(20 * (len(words) + len(stalls)) + sum(gaps) + sum(stalls) + 100):
        came, gone = len(played.taken), len(played.given)
        if gone == len(stalls):
            return played
        offers = came < len(words) and cycle >= (played.taken[-1] + 1 if came else 0) + gaps[came]
        accepts = cycle >= (played.given[-1] + 1 if gone else 0) + stalls[gone]
        data = words[came] if offers else rng.getrandbits(module.inputs["s_data"])
        out = evaluator.step({"s_data": data, "s_valid": int(offers), "m_ready": int(accepts)}, reset=False)
        if offers and out["s_ready"]:
            played.taken.append(cycle)
        assert held is None or (out["m_valid"] and out["m_data"] == held), "an offer is withdrawn"
        held = out["m_data"] if out["m_valid"] else None
        if out["m_valid"] and len(played.offered) == gone:
            played.offered.append(cycle)
        if out["m_valid"] and accepts:
            played.given.append(cycle)
            played.words.append(out["m_data"])
            played.last.append(out.get("m_last", 0))
            held = None
    raise AssertionError("nothing comes any more")


def check_model(op: UnitOp, taken: Sequence[Beats], expected: Sequence[Beats]) -> None:
    """The values of a unit's model, image by image."""
    kind = np.uint8 if isinstance(op, TransformOp) and not op.input_type.signed else np.int64
    found = unit_for(op).compute(op, np.array(taken, dtype=kind))
    assert found.tolist() == [list(map(list, image)) for image in expected]


def timing_of(op: UnitOp, taken: Sequence[Sequence[int]]) -> tuple[EventGraph, Mapping[str, Cycles]]:
    """A unit's schedule for words that come, image by image, and the spacing that follows from them."""
    model = unit_for(op).model(op)
    if not isinstance(model, SpikeTimedModel):
        return model.events(op.unit_name, "taken", "given"), {}
    assert isinstance(op, TransformOp)
    lanes = range(op.input_type.beat_bits)
    spikes = np.array([[[word >> lane & 1 for lane in lanes] for word in image] for image in taken], dtype=np.uint8)
    return model.events_of(op.unit_name, "taken", "given", spikes)


def check_hardware(op: UnitOp, taken: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], seed: int) -> Played:
    """A unit's hardware, words image by image: values, and cycles as the schedule of its model has them.

    Once without and once with pauses at both ends; returns the last run.
    """
    unit, rng = unit_for(op), random.Random(seed)
    module = unit.build(op)
    module.verify()
    words, results = [word for image in taken for word in image], [word for image in expected for word in image]
    graph, spacing = timing_of(op, taken)
    # Pauses before a beat count from the cycle after the last one here, however slowly the unit takes them.
    eager = replace(graph, processes=tuple(replace(p, interval=1) if p.name == "taken" else p for p in graph.processes))
    if not spacing:
        assert solve(graph, 3).times["given"].tolist() == solve(eager, 3).times["given"].tolist()
    played: Played | None = None
    for often in (0.0, 0.3):
        gaps, stalls = ([int(rng.random() < often) * rng.randint(1, 6) for _ in each] for each in (words, results))
        played = play(module.clone(), words, gaps, stalls)
        pauses = {"taken": np.array(gaps, dtype=np.int64), "given": np.array(stalls, dtype=np.int64)}
        schedule = solve(eager, len(taken), {**pauses, **spacing})
        assert played.words == results
        assert played.given == schedule.times["given"].reshape(-1).tolist()
        assert played.offered == schedule.offers("given").reshape(-1).tolist()
        assert played.taken == schedule.times["taken"].reshape(-1).tolist()[: len(played.taken)]
    assert played is not None
    return played


def check(op: TransformOp, images: Sequence[Content], expected: Sequence[Content], *, hardware: bool = True) -> None:
    """A unit between two streams: its model, and its hardware."""
    taken, given = op.input_type, op.output_type
    before, after = [packed(taken, image) for image in images], [packed(given, image) for image in expected]
    check_model(op, before, after)
    if hardware:
        words = [[word_of(beat, taken.element_bits) for beat in image] for image in before]
        results = [[word_of(beat, given.element_bits) for beat in image] for image in after]
        check_hardware(op, words, results, len(before[0]))
