"""How ONNX networks round: all modes of activations and weights, ties, negative numbers; the epsilon of roots."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from e3ne.dialects.snn import BatchNormOp, LinearOp, RequantizeOp, find_network
from e3ne.frontends.model_source import load_model
from e3ne.frontends.onnx.description import Rounding
from e3ne.frontends.onnx.exact import Ramp, Root, level_of
from e3ne.frontends.onnx.quantizers import rounded
from tests.frontends.onnx_compare import IMAGES, check, compare
from tests.frontends.onnx_graphs import RULES_OF_ROUNDING, Graph, integers

MODES: dict[str, Rounding] = {
    "ROUND": "half_even",
    "HALF_UP": "half_up",
    "HALF_DOWN": "half_down",
    "FLOOR": "floor",
    "CEIL": "ceil",
    "UP": "up",
    "DOWN": "down",
}
QUARTERS = [Fraction(number, 4) for number in range(-22, 23)]


@pytest.mark.parametrize("mode", MODES)
def test_quarters(mode: str) -> None:
    numbers = np.array([float(number) for number in QUARTERS], np.float32)
    codes = rounded(numbers, np.ones_like(numbers), MODES[mode], -100, 100)
    assert codes.tolist() == [RULES_OF_ROUNDING[mode](number) for number in QUARTERS]


@pytest.mark.parametrize("mode", MODES)
def test_levels_of_codes(mode: str) -> None:
    for code in range(1, 6):
        level, strict = level_of(code, MODES[mode])
        for number in QUARTERS:
            reaches = number > level or (number == level and not strict)
            assert reaches == (RULES_OF_ROUNDING[mode](number) >= code), (code, number)


@pytest.mark.parametrize("shift", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_powers_of_two(tmp_path: Path, mode: str, shift: int) -> None:
    """Membranes at a tie, or at a whole number, everywhere."""
    rng, graph = np.random.default_rng(shift), Graph().activation(2.0**-4, 4)
    graph.then("Conv", graph.weights(integers(rng, 3, 1, 3, 3) / 4, 0.25, 3)).then("Relu")
    graph.activation(2.0 ** (shift - 6), 4, mode=mode)
    graph.then("Flatten").then("MatMul", graph.weights(integers(rng, 48, 3) / 4, 0.25, 3))
    network = check(graph, tmp_path)
    (neuron,) = (op for op in network.layers() if isinstance(op, RequantizeOp))
    assert (neuron.ties_to_even is not None) == (mode == "ROUND")


@pytest.mark.parametrize("mode", MODES)
def test_weights(tmp_path: Path, mode: str) -> None:
    """Quarters of both signs, as many as there are inputs."""
    numbers = np.array([float(number) for number in QUARTERS[:36]])
    graph = Graph().activation(1 / 255, 8).then("Flatten")
    weights = graph.quant(graph.tensor(np.stack([numbers, -numbers], axis=1)), 1.0, 4, signed=1, mode=mode)
    network = check(graph.then("MatMul", weights), tmp_path)
    (last,) = (op for op in network.layers() if isinstance(op, LinearOp))
    wanted = [[RULES_OF_ROUNDING[mode](sign * number) for number in QUARTERS[:36]] for sign in (1, -1)]
    assert last.weights_parameter.array.tolist() == wanted


def test_weights_are_rounded_as_every_runtime_rounds_them(tmp_path: Path) -> None:
    """0.75 / 0.3 is more than 2.5 but no single precision number in between: 2, not 3."""
    scale = np.float32(0.3)
    weight = np.float32(np.float64(scale) * 2.5)
    assert Fraction(float(weight)) / Fraction(float(scale)) != Fraction(5, 2)
    assert weight / scale == np.float32(2.5)
    graph = Graph(shape=(1, 1, 1, 1)).activation(1.0, 1).then("Flatten")
    graph.then("MatMul", graph.weights(np.array([[weight]]), scale, 4))
    network = check(graph, tmp_path, np.ones((1, 1, 1, 1), np.float32))
    (last,) = (op for op in network.layers() if isinstance(op, LinearOp))
    assert last.weights_parameter.array.tolist() == [[2]]


@pytest.mark.parametrize("fields", [{}, {"epsilon": 1e-3}, {"epsilon": 1e-5}])
def test_epsilon_of_a_small_variance(tmp_path: Path, fields: dict[str, float]) -> None:
    """As large as the variance, or much larger: without it the codes would be others."""
    rng, graph = np.random.default_rng(3), Graph().activation(1 / 255, 8)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 3, 3) / 1000, 0.001, 3))
    norm = [[0.9, -1.2], [0.1, 0.3], [0.001, -0.002], [1e-5, 3e-5]]
    graph.then("BatchNormalization", *(graph.tensor(np.array(each)) for each in norm), **fields)
    graph.then("Relu").activation(0.05, 5).then("Flatten")
    run = compare(graph.then("MatMul", graph.weights(integers(rng, 32, 3), 1.0, 3)), tmp_path)
    assert len(np.unique(run.outputs[0], axis=0)) == len(IMAGES)


@pytest.mark.parametrize(
    ("gamma", "beta", "variance"), [(1e-7, 1.0, 1.0), (1e-33, 1.0, 3.0), (1e-33, 0.26, 3.0), (-1e-20, 0.5, 1e-30)]
)
def test_a_factor_that_leaves_nothing_of_the_membrane(
    tmp_path: Path, gamma: float, beta: float, variance: float
) -> None:
    """A channel beside another that is as always, whose codes are those of its offset."""
    rng, graph = np.random.default_rng(3), Graph().activation(1 / 255, 8)
    graph.then("Conv", graph.weights(integers(rng, 2, 1, 3, 3), 1.0, 3))
    graph.norm([gamma, 1.0], [beta, 0.5], [0, 0], [variance, 1.0], epsilon=0.0)
    graph.then("Relu").activation(0.125, 4).then("Flatten")
    check(graph.then("MatMul", graph.weights(integers(rng, 32, 3), 1.0, 3)), tmp_path)


@pytest.mark.parametrize("square", [Fraction(3), Fraction(1, 3), Fraction(4), Fraction(7, 10**40)])
@pytest.mark.parametrize("slope", [Fraction(1, 10**33), Fraction(1, 7), Fraction(10**9)])
def test_first_membranes_within_limits(square: Fraction, slope: Fraction) -> None:
    ramp = Ramp(Fraction(1, 5), Fraction(-2, 3), slope, Root(square), Fraction(1))
    for level, strict in product((Fraction(0), Fraction(1, 2), Fraction(1), Fraction(3, 2)), (False, True)):
        found = ramp.first(level, -50, 60, strict=strict)
        # y of a membrane against the level, squared with their signs
        values = [slope * (v * ramp.unit + ramp.offset) for v in range(-50, 61)]
        above = [value * abs(value) - (level - 1) * abs(level - 1) * square for value in values]
        wanted = [v for v, sign in zip(range(-50, 61), above, strict=True) if sign > 0 or (sign == 0 and not strict)]
        assert found == min(wanted, default=61)


def test_an_epsilon_that_is_left_out_is_of_single_precision(tmp_path: Path) -> None:
    graph = Graph()
    graph.then("Conv", graph.tensor(np.ones((2, 1, 3, 3))))
    graph.then("BatchNormalization", *(graph.tensor(np.ones(2)) for _ in range(4))).then("Relu").then("Flatten")
    graph.then("MatMul", graph.tensor(np.ones((32, 2))))
    network = find_network(load_model(str(graph.save(tmp_path)), None))
    (norm,) = (op for op in network.layers() if isinstance(op, BatchNormOp))
    assert norm.epsilon.value.data == float(np.float32(1e-5))
