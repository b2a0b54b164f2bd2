"""The implementation `event`: values and cycles of every choice, for trains of all densities."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e3ne.analysis.event_graph import interval_and_latency, solve
from e3ne.dialects.dataflow import WEIGHT_MEMORIES, MatvecOp, Order, StreamType
from e3ne.units.matvec import Matvec, decide_latency
from e3ne.units.matvec_event_model import MatvecEventModel
from tests.units.bench import Content, check, packed
from tests.units.test_matvec import EXACT, Matrix, matvec

DENSITIES = (0.0, 0.05, 0.3, 0.8, 1.0)


def trains(stream: StreamType, density: float, rng: random.Random) -> Content:
    """An image whose digits are 1 with some probability."""
    steps = product(range(stream.pixels), range(stream.channels), range(stream.steps))
    return {place: int(rng.random() < density) for place in steps}


def value(image: Content, row: list[int], steps: int) -> int:
    """Σ w·a for one vector."""
    return sum(w * int("".join(str(image[0, i, t]) for t in range(steps)), 2) for i, w in enumerate(row))


def check_event(op: MatvecOp, weights: Matrix, bias: list[int] | None, seed: int) -> None:
    """Values and cycles of images of all densities, with and without pauses."""
    rng, taken = random.Random(seed), op.input_type
    images = [trains(taken, density, rng) for density in DENSITIES]
    offsets = bias or [0] * len(weights)
    expected = [
        {(0, o, 0): value(image, row, taken.steps) + offsets[o] for o, row in enumerate(weights)} for image in images
    ]
    check(op, images, expected)


def event(stream: StreamType, weights: Matrix, bias: list[int] | None, **choice: int | str) -> MatvecOp:
    op = matvec(stream, weights, bias, {"parallel_steps": 1, "implementation": "event", **choice})
    decide_latency(op)
    return op


def matrix(outputs: int, inputs: int, seed: int, most: int = 3) -> Matrix:
    rng = random.Random(seed)
    return [[rng.randint(-most, most) for _ in range(inputs)] for _ in range(outputs)]


@pytest.mark.parametrize("memory", WEIGHT_MEMORIES)
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(("outputs", "inputs"), list(product((1, 2, 4), (1, 2, 3, 4, 6, 12))))
def test_every_folding(outputs: int, inputs: int, order: Order, memory: str) -> None:
    stream, weights = StreamType.of(1, 1, 12, steps=3), matrix(4, 12, outputs * inputs)
    bias = [5, -7, 0, 2] if inputs % 2 else None
    op = event(stream, weights, bias, output_lanes=outputs, input_lanes=inputs, order=order.value, weight_memory=memory)
    check_event(op, weights, bias, inputs)


@pytest.mark.parametrize("inputs", [8, 9, 16, 20, 64, 70])
def test_wide_beats(inputs: int) -> None:
    weights = matrix(3, inputs, inputs)
    op = event(StreamType.of(1, 1, inputs, steps=2), weights, None, output_lanes=3, input_lanes=inputs)
    check_event(op, weights, None, inputs)


@st.composite
def problems(draw: st.DrawFn) -> tuple[MatvecOp, Matrix, list[int] | None]:
    outputs, groups, lanes, chunks, steps = (draw(st.integers(1, 4)) for _ in range(5))
    most = draw(st.sampled_from((1, 4, 100)))
    row = st.lists(st.just(0) | st.integers(-most, most), min_size=lanes * chunks, max_size=lanes * chunks)
    if draw(st.booleans()):
        row = row.map(lambda found: [abs(weight) for weight in found])
    weights = draw(st.lists(row, min_size=outputs * groups, max_size=outputs * groups))
    bias = draw(st.none() | st.lists(st.integers(-99, 99), min_size=outputs * groups, max_size=outputs * groups))
    op = event(
        StreamType.of(1, 1, lanes * chunks, steps=steps),
        weights,
        bias,
        output_lanes=outputs,
        input_lanes=lanes,
        order=draw(st.sampled_from(Order)).value,
        weight_memory=draw(st.sampled_from(WEIGHT_MEMORIES)),
    )
    return op, weights, bias


@EXACT
@given(problems(), st.integers(0, 99))
def test_any_matrix(problem: tuple[MatvecOp, Matrix, list[int] | None], seed: int) -> None:
    check_event(*problem, seed)


def test_a_spike_takes_a_cycle_and_so_does_a_beat_without() -> None:
    stream = StreamType.of(1, 1, 6, steps=4)
    op = event(stream, matrix(2, 6, 1), None, output_lanes=2, input_lanes=6, weight_memory="distributed")
    model = Matvec().model(op)
    assert isinstance(model, MatvecEventModel)
    assert model.latency == 3
    spikes = {0: 3, 1: 0, 2: 6, 3: 1}
    image = {(0, i, t): int(i < spikes[t]) for i in range(6) for t in range(4)}
    beats = np.array([packed(op.input_type, image)], dtype=np.uint8)
    graph, spacing = model.events_of("matvec", "taken", "given", beats)
    times = solve(graph, 1, spacing).times
    assert times["taken"].tolist() == [[0, 3, 4, 10]]
    assert times["given"].tolist() == [[10 + 3]]


@pytest.mark.parametrize("order", Order)
def test_the_schedule_without_data_is_that_of_spikes_alone(order: Order) -> None:
    stream = StreamType.of(1, 1, 12, steps=3)
    op = event(stream, matrix(4, 12, 5), None, output_lanes=2, input_lanes=4, order=order.value)
    model = Matvec().model(op)
    assert isinstance(model, MatvecEventModel)
    worst = model.events("matvec", "taken", "given")
    found = model.events_of("matvec", "taken", "given", np.ones((5, op.input_type.beats_per_image, 4), dtype=np.uint8))
    for name in ("taken", "given"):
        assert solve(worst, 5).times[name].tolist() == solve(found[0], 5, found[1]).times[name].tolist()
    interval, latency = interval_and_latency(worst, "taken", "given")
    assert interval == Matvec().cost(op).cycles == 2 * 12 * 3
    assert latency == interval + model.latency


def test_fewer_spikes_are_never_later() -> None:
    rng, stream = random.Random(3), StreamType.of(1, 1, 12, steps=3)
    op = event(stream, matrix(4, 12, 5), None, output_lanes=1, input_lanes=6)
    model = Matvec().model(op)
    assert isinstance(model, MatvecEventModel)
    slowest = solve(model.events("matvec", "taken", "given"), len(DENSITIES)).times["given"]
    images = [packed(op.input_type, trains(op.input_type, density, rng)) for density in DENSITIES]
    graph, spacing = model.events_of("matvec", "taken", "given", np.array(images, dtype=np.uint8))
    assert (solve(graph, len(images), spacing).times["given"] <= slowest).all()


def test_it_is_legal_for_one_vector_alone() -> None:
    one = matvec(StreamType.of(1, 1, 6, steps=2), matrix(4, 6, 1), None, {**WHOLE, "implementation": "table"})
    found = [choice for choice in Matvec().legal_choices(one) if choice["implementation"] == "event"]
    assert len(found) == 2 * 3 * (3 * 2 + 1)
    assert all(choice["parallel_steps"] == 1 and choice["stationary"] == "output" for choice in found)
    several = matvec(StreamType.of(1, 3, 6, steps=2), matrix(4, 6, 1), None, {**WHOLE, "implementation": "table"})
    assert not [choice for choice in Matvec().legal_choices(several) if choice["implementation"] == "event"]


WHOLE: dict[str, int | str] = {"output_lanes": 4, "input_lanes": 6, "parallel_steps": 1}
