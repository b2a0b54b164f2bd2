"""The matrix-vector unit: every folding, order and implementation gives W·a + b."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import StringAttr

from e3ne.dialects.dataflow import (
    CONTROLS,
    LUT_SIZES,
    STATIONARY,
    WEIGHT_MEMORIES,
    MatvecOp,
    Order,
    StreamType,
    retype,
)
from e3ne.errors import E3neError
from e3ne.units.interface import Choice
from e3ne.units.matvec import Matvec, decide_latency
from tests.units.bench import Content, check, choose, place, random_images

EXACT = settings(deadline=None, derandomize=True)
Matrix = list[list[int]]


def value_bits(weights: Matrix, bias: list[int], steps: int) -> int:
    """Enough for every input: all codes that help, and none that does not."""
    most = 2**steps - 1
    low = min(b + most * sum(w for w in row if w < 0) for row, b in zip(weights, bias, strict=True))
    high = max(b + most * sum(w for w in row if w > 0) for row, b in zip(weights, bias, strict=True))
    return next(bits for bits in range(1, 64) if -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1))


def matvec(stream: StreamType, weights: Matrix, bias: list[int] | None, choice: Choice) -> MatvecOp:
    """The unit with a choice, and a stream laid out as the choice wants it; `stream` gives sizes only."""
    outputs = len(weights)
    bits = value_bits(weights, bias or [0] * outputs, stream.steps)
    parameters = {"w": np.array(weights)} | ({} if bias is None else {"b": np.array(bias)})
    biased = None if bias is None else "b"
    op = place(stream, lambda source: MatvecOp("matvec", "layer", source, "w", outputs, bits, biased), parameters)
    assert isinstance(op, MatvecOp)
    choose(op, choice)
    taken = stream.replaced(
        lanes=op.input_lanes.value.data,
        parallel=op.parallel_steps.value.data,
        repeat=1 if op.is_input_stationary else outputs // op.output_lanes.value.data,
        order=op.reduction,
    )
    retype(op.input, taken)
    op.settle()
    op.verify()
    return op


def check_matvec(op: MatvecOp, weights: Matrix, bias: list[int] | None, *, hardware: bool = True) -> None:
    taken = op.input_type
    images, expected = random_images(taken, 2, seed=len(weights)), list[Content]()
    images[0] = dict.fromkeys(images[0], 1)
    for image in images:
        values: dict[tuple[int, int, int], int] = {}
        for pixel, (output, row) in product(range(taken.pixels), enumerate(weights)):
            trains = [[image[pixel, channel, step] for step in range(taken.steps)] for channel in range(taken.channels)]
            codes = [int("".join(map(str, train)), 2) for train in trains]
            value = sum(weight * code for weight, code in zip(row, codes, strict=True))
            values[pixel, output, 0] = value + (0 if bias is None else bias[output])
        expected.append(values)
    check(op, images, expected, hardware=hardware)


SMALL = StreamType.of(1, 1, 6, steps=2)
WEIGHTS = [[3, 0, -2, 1, 1, -4], [0, 0, 0, 0, 0, 0], [1, -1, 2, 3, -3, 0], [0, 2, 0, 0, -1, 1]]
WHOLE: Choice = {"output_lanes": 4, "input_lanes": 6, "parallel_steps": 1, "implementation": "table"}


def legal() -> list[dict[str, int | str]]:
    """Divisors, orders and stationary parts that differ; tables while two inputs of a LUT are left for spikes.

    Shared sums where all weights are there at once.
    """
    found: list[dict[str, int | str]] = []
    for outputs, inputs, parallel, order, kept in product((1, 2, 4), (1, 2, 3, 6), (1, 2), Order, STATIONARY):
        if order is Order.STEPS_OUTER and (inputs == 6 or parallel == 2):
            continue
        if kept == "input" and (outputs == 4 or parallel == 1):
            continue
        names = ("output_lanes", "input_lanes", "parallel_steps", "order", "stationary")
        folding = dict(zip(names, (outputs, inputs, parallel, order.value, kept), strict=True))
        address_bits = (4 // outputs - 1).bit_length() + (6 // inputs - 1).bit_length()
        found += [{**folding, "implementation": "table"}] * (address_bits <= 4)
        found += [{**folding, "implementation": "shared"}] * (address_bits == 0)
        found += [{**folding, "implementation": "adder", "weight_memory": memory} for memory in WEIGHT_MEMORIES]
        if parallel == 1 and kept == "output":
            found += [{**folding, "implementation": "event", "weight_memory": memory} for memory in WEIGHT_MEMORIES]
    return found


def test_choices() -> None:
    found = [sorted(choice.items()) for choice in Matvec().legal_choices(matvec(SMALL, WEIGHTS, None, WHOLE))]
    assert sorted(found) == sorted(sorted(choice.items()) for choice in legal())


@pytest.mark.parametrize("choice", legal(), ids=lambda choice: "-".join(map(str, choice.values())))
def test_every_choice(choice: dict[str, int | str]) -> None:
    bias = [5, -7, 0, 2] if int(choice["input_lanes"]) % 2 else None
    check_matvec(matvec(SMALL, WEIGHTS, bias, choice), WEIGHTS, bias)


@pytest.mark.parametrize("choice", legal()[::3], ids=lambda choice: "-".join(map(str, choice.values())))
def test_choices_for_small_luts_where_nothing_waits_inside(choice: dict[str, int | str]) -> None:
    bias = None if int(choice["input_lanes"]) % 2 else [5, -7, 0, 2]
    check_matvec(matvec(SMALL, WEIGHTS, bias, {**choice, "lut_inputs": 4, "control": "credit"}), WEIGHTS, bias)


@st.composite
def problems(draw: st.DrawFn) -> tuple[StreamType, Matrix, list[int] | None, dict[str, int | str]]:
    outputs, groups, lanes, chunks, parallel, times, pixels = (draw(st.integers(1, 3)) for _ in range(7))
    most = draw(st.sampled_from((1, 4, 100)))
    row = st.lists(st.just(0) | st.integers(-most, most), min_size=lanes * chunks, max_size=lanes * chunks)
    weights = draw(st.lists(row, min_size=outputs * groups, max_size=outputs * groups))
    bias = draw(st.none() | st.lists(st.integers(-99, 99), min_size=outputs * groups, max_size=outputs * groups))
    implementations = ("table", "shared", "adder") if groups == chunks == 1 else ("table", "adder")
    choice: dict[str, int | str] = {
        "output_lanes": outputs,
        "input_lanes": lanes,
        "parallel_steps": parallel,
        "order": draw(st.sampled_from(Order)).value,
        "stationary": draw(st.sampled_from(STATIONARY)) if times == 1 else "output",
        "implementation": draw(st.sampled_from(implementations)),
        "weight_memory": draw(st.sampled_from(WEIGHT_MEMORIES)),
        "lut_inputs": draw(st.sampled_from(LUT_SIZES)),
        "control": draw(st.sampled_from(CONTROLS)),
    }
    return StreamType.of(1, pixels, lanes * chunks, steps=parallel * times), weights, bias, choice


@settings(EXACT, max_examples=60)
@given(problems(), st.integers(0, 4))
def test_any_matrix(problem: tuple[StreamType, Matrix, list[int] | None, dict[str, int | str]], rarely: int) -> None:
    stream, weights, bias, choice = problem
    check_matvec(matvec(stream, weights, bias, choice), weights, bias, hardware=rarely == 0)


@pytest.mark.parametrize("magnitude", [2**14 - 1, 2**14, 2**15 - 1, 2**20 + 1, 2**29 + 1])
def test_large_products_are_exact(magnitude: int) -> None:
    """Around the 24 bits of single precision and far above, odd all the same."""
    weights = [[magnitude, -magnitude, 1], [magnitude, magnitude, magnitude]]
    stream = StreamType.of(1, 8, 3, steps=8)
    choice: Choice = {**WHOLE, "output_lanes": 1, "input_lanes": 3}
    check_matvec(matvec(stream, weights, [1, -1], choice), weights, [1, -1], hardware=magnitude < 2**20)


def test_tables_of_too_many_folds_are_refused() -> None:
    weights = [[1] * 6] * 8
    choice: Choice = {"output_lanes": 1, "input_lanes": 2, "parallel_steps": 1, "implementation": "table"}
    op = matvec(SMALL, weights, None, choice)
    assert not any(dict(choice).items() <= dict(each).items() for each in Matvec().legal_choices(op))
    with pytest.raises(E3neError, match="tables cannot hold 8 groups of outputs x 3 chunks of inputs"):
        Matvec().build(op)
    op.implementation = StringAttr("adder")
    check_matvec(op, weights, None)


def test_shared_sums_of_several_sets_of_weights_are_refused() -> None:
    choice: Choice = {"output_lanes": 1, "input_lanes": 6, "parallel_steps": 1, "implementation": "shared"}
    op = matvec(SMALL, WEIGHTS, None, choice)
    assert not any(dict(choice).items() <= dict(each).items() for each in Matvec().legal_choices(op))
    with pytest.raises(E3neError, match=r"shared sums cannot serve 4 groups .* must be table or adder"):
        Matvec().build(op)
    op.implementation = StringAttr("table")
    check_matvec(op, WEIGHTS, None)


def structured(bits: int, kind: str, outputs: int = 8, inputs: int = 20) -> Matrix:
    """Weights of so many bits, with rows and columns that are zero, equal, opposite or twice as large."""
    most = max(1, (1 << (bits - 1)) - 1)
    rng = np.random.default_rng(bits)
    weights = np.clip(np.rint(rng.laplace(size=(outputs, inputs)) * most / 2), -most, most).astype(np.int64)
    if kind == "alike":
        weights[1], weights[2], weights[3], weights[4] = -2 * weights[0], weights[0], 0, -weights[5]
        weights[:, 3], weights[:, 4:8], weights[:, 9] = 0, weights[:, 8:9], -weights[:, 8]
    elif kind == "pruned":
        weights[rng.random(weights.shape) < 0.7] = 0
    return weights.tolist()


@pytest.mark.parametrize("kind", ["dense", "alike", "pruned"])
@pytest.mark.parametrize(("bits", "parallel", "lut_inputs"), [(2, 1, 6), (3, 2, 4), (3, 4, 6), (4, 1, 4), (5, 3, 6)])
def test_shared_sums(bits: int, parallel: int, lut_inputs: int, kind: str) -> None:
    weights = structured(bits, kind)
    bias = None if parallel == 2 else list(range(-4, 4))
    choice: Choice = {
        "output_lanes": 8,
        "input_lanes": 20,
        "parallel_steps": parallel,
        "implementation": "shared",
        "lut_inputs": lut_inputs,
        "control": "credit" if bits == 3 else "elastic",
    }
    stream = StreamType.of(1, 2, 20, steps=parallel * (1 if bits == 5 else 2))
    op = matvec(stream, weights, bias, choice)
    check_matvec(op, weights, bias)
    parts = sum(Matvec().features(op).lut.values())
    op.implementation = StringAttr("table")
    assert kind != "alike" or bits == 2 or parts < 0.85 * sum(Matvec().features(op).lut.values())


def test_a_decided_latency_is_obeyed() -> None:
    op = matvec(SMALL, WEIGHTS, None, WHOLE)
    decide_latency(op)
    assert op.latency.value.data == Matvec().latency(op) == Matvec().model(op).latency
