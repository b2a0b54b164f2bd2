"""Integer neurons against the ideal neuron, code by code."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from e3ne.errors import E3neError
from e3ne.quantization.levels import Levels
from e3ne.quantization.thresholds import Neuron, exact_neuron, integer_neuron
from e3ne.semantics.snn_arithmetic import fire


def ideal(theta: float, bias: float, membrane: int, levels: int) -> int:
    code = floor((membrane + Fraction(bias)) / Fraction(theta) + Fraction(1, 2))
    return min(max(code, 0), levels - 1)


def codes(neuron: Neuron, membranes: np.ndarray, levels: int) -> np.ndarray:
    return fire(membranes, neuron.bias, neuron.threshold, neuron.fraction_bits, np.arange(levels))


channels = st.lists(
    st.tuples(
        st.floats(0.3, 200).map(lambda x: round(x, 6)),
        st.floats(-300, 300).map(lambda x: round(x, 6)),
        st.integers(-400, 0),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=5,
)


A_TIE = [(0.4, 0.4, 0, 1)]
"""The ideal code of membrane 1 is 3; in float64 it would be 4."""


@settings(deadline=None)
@example(A_TIE, 3)
@given(channels, st.integers(1, 5))
def test_exact_means_every_reachable_membrane(rows: list[tuple[float, float, int, int]], steps: int) -> None:
    theta, bias, low, high = (np.array(column) for column in zip(*rows, strict=True))
    levels = 2**steps
    neuron = integer_neuron(theta.astype(float), bias.astype(float), low, high, Levels(np.arange(levels)))
    membranes = np.arange(low.min(), high.max() + 1)[:, None].repeat(len(rows), axis=1)
    given_codes = codes(neuron, membranes, levels)
    for channel, (t, b, least, greatest) in enumerate(rows):
        wanted = [ideal(t, b, v, levels) for v in range(least, greatest + 1)]
        got = given_codes[least - low.min() : greatest - low.min() + 1, channel].tolist()
        assert got == wanted
    assert neuron.exact


@example(A_TIE, 3)
@given(channels, st.integers(1, 4))
@settings(deadline=None)
def test_fewest_fraction_bits(rows: list[tuple[float, float, int, int]], steps: int) -> None:
    """No neuron with nearest rounding and fewer fraction bits is exact."""
    theta, bias, low, high = (np.array(column) for column in zip(*rows, strict=True))
    levels = 2**steps
    neuron = integer_neuron(theta.astype(float), bias.astype(float), low, high, Levels(np.arange(levels)))
    if neuron.fraction_bits == 0 or (np.bitwise_count(neuron.threshold) == 1).all():
        # thresholds that are powers of two stay so, whatever else would do
        return
    fraction = neuron.fraction_bits - 1
    naive = Neuron(
        np.rint((bias + theta / 2) * 2**fraction).astype(np.int64),
        np.maximum(np.rint(theta * 2**fraction), 1).astype(np.int64),
        fraction,
        exact=False,
    )
    wrong = 0
    for channel, (t, b, least, greatest) in enumerate(rows):
        if ideal(t, b, greatest, levels) == 0:
            continue
        membranes = np.zeros((greatest - least + 1, len(rows)), np.int64)
        membranes[:, channel] = np.arange(least, greatest + 1)
        got = codes(naive, membranes, levels)[:, channel].tolist()
        wrong += sum(a != ideal(t, b, v, levels) for a, v in zip(got, range(least, greatest + 1), strict=True))
    assert wrong > 0


def test_dead_channel_gets_a_threshold_just_beyond_its_reach() -> None:
    neuron = integer_neuron(
        np.array([10.0, 10.0]), np.array([-200.0, 0.0]), np.array([-50, -50]), np.array([90, 90]), Levels(np.arange(16))
    )
    fraction = neuron.fraction_bits
    assert neuron.bias[0] == 0
    assert neuron.threshold[0] == (90 << fraction) + 1
    assert codes(neuron, np.array([[90, 90]]), 16).tolist() == [[0, 9]]


def test_channel_that_always_saturates() -> None:
    neuron = integer_neuron(np.array([2.0]), np.array([1000.0]), np.array([-50]), np.array([90]), Levels(np.arange(16)))
    assert neuron.exact
    assert codes(neuron, np.arange(-50, 91)[:, None], 16).min() == 15


@pytest.mark.parametrize("exponent", [-3, 0, 5])
def test_powers_of_two_stay_powers_of_two(exponent: int) -> None:
    theta = np.array([2.0**exponent * (1 + 1e-8), 2.0 ** (exponent + 2), 2.0**exponent])
    bias = np.array([0.3, -1.7, -1e6])
    neuron = integer_neuron(theta, bias, np.full(3, -100), np.full(3, 100), Levels(np.arange(16)))
    assert neuron.exact
    assert (np.bitwise_count(neuron.threshold) == 1).all()


def test_what_does_not_fit_is_refused() -> None:
    """Codes from 99 to 101 at thresholds of 2^31: the bias would have to be a hundred times as large."""
    theta, span = np.array([2.0**30 + 12345]), np.array([(1 << 31) - 1])
    with pytest.raises(E3neError, match="do not fit into 32 bits"):
        integer_neuron(theta, theta * 100, -span, span, Levels(np.arange(256)))
    goals = np.arange(1, 256)[None] * (1 << 30) - 100 * (1 << 30)
    with pytest.raises(E3neError, match="no thresholds of 32 bits"):
        exact_neuron(theta, theta * 100, goals, -span, span, 256)


NEARLY_DEAD = [(1e11, 1e12, 10, 10), (1e11, 1.05e12 - 30, 10, 11), (1e30, 2.6e30, 3, 3), (1e11, -1e12, 0, 0)]
"""(theta, bias, the codes of the least and the greatest membrane of −100 … 100)."""


@pytest.mark.parametrize(("theta", "bias", "least", "greatest"), NEARLY_DEAD)
@pytest.mark.parametrize("other", [3.3, 4.0])
def test_weights_that_are_small_for_their_bias(
    theta: float, bias: float, least: int, greatest: int, other: float
) -> None:
    """One level is far more than the membrane's reach; a channel beside it is as always."""
    thetas, biases = np.array([theta, other]), np.array([bias, 1.7])
    low, high = np.full(2, -100), np.full(2, 100)
    neuron = integer_neuron(thetas, biases, low, high, Levels(np.arange(256)))
    assert neuron.exact
    membranes = np.arange(-100, 101)
    given_codes = codes(neuron, membranes[:, None].repeat(2, axis=1), 256)
    assert given_codes[:, 0].tolist() == [ideal(theta, bias, v, 256) for v in membranes.tolist()]
    assert given_codes[:, 1].tolist() == [ideal(other, 1.7, v, 256) for v in membranes.tolist()]
    assert given_codes[[0, -1], 0].tolist() == [least, greatest]
    goals = np.array([[np.searchsorted(given_codes[:, c], k) - 100 for k in range(1, 256)] for c in (0, 1)])
    exact = exact_neuron(thetas, biases, goals, low, high, 256)
    assert np.array_equal(codes(exact, membranes[:, None].repeat(2, axis=1), 256), given_codes)


def test_powers_of_two_stay_so_where_weights_are_small_for_their_bias() -> None:
    theta, bias = np.array([2.0**40, 4.0]), np.array([10.5 * 2.0**40 - 30, 1.7])
    neuron = integer_neuron(theta, bias, np.full(2, -100), np.full(2, 100), Levels(np.arange(16)))
    assert neuron.exact
    assert (np.bitwise_count(neuron.threshold) == 1).all()
    membranes = np.arange(-100, 101)
    given_codes = codes(neuron, membranes[:, None].repeat(2, axis=1), 16)[:, 0]
    assert given_codes.tolist() == [10] * 130 + [11] * 71


def test_limit_of_fraction_bits() -> None:
    theta, bias = np.array([1.2345678]), np.array([0.123456])
    best = integer_neuron(theta, bias, np.array([-10000]), np.array([10000]), Levels(np.arange(256)))
    assert best.exact
    assert best.fraction_bits > 2
    limited = integer_neuron(theta, bias, np.array([-10000]), np.array([10000]), Levels(np.arange(256)), 2)
    assert not limited.exact
    assert limited.fraction_bits <= 2
