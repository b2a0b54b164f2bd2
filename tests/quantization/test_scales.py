"""Scales of weights and activations: least squares, limits, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from e3ne.quantization.activations import METHODS, Method, activation_scale, quantize_activations
from e3ne.quantization.levels import Levels
from e3ne.quantization.weights import power_of_two_scales, quantize_weights, weight_limits, weight_scales

SIXTEEN = Levels(np.arange(16))


def error(weights: np.ndarray, scales: np.ndarray, bits: int) -> np.ndarray:
    return ((quantize_weights(weights, scales, bits) * scales[:, None].astype(float) - weights) ** 2).sum(axis=1)


@pytest.mark.parametrize(("bits", "slack"), [(2, 1.02), (3, 1.02), (4, 1.03), (8, 1.15)])
def test_per_channel_error_is_near_the_best_of_a_fine_grid(bits: int, slack: float) -> None:
    weights = np.random.default_rng(bits).normal(size=(8, 75)) * np.logspace(-1, 1, 8)[:, None]
    scales = weight_scales(weights, bits, per_channel=True)
    grid = np.abs(weights).max(axis=1) / weight_limits(bits)[1] * np.linspace(0.05, 2, 3000)[:, None]
    best = np.min([error(weights, row.astype(np.float32), bits) for row in grid], axis=0)
    assert (error(weights, scales, bits) <= best * slack).all()


@example(np.full((3, 10), 1e-45, np.float32), 4)
@example(np.full((3, 10), -3e-39, np.float32), 2)
@given(arrays(np.float32, (3, 10), elements=st.floats(-4, 4, width=32)), st.integers(2, 8))
def test_integers_are_within_the_width(weights: np.ndarray, bits: int) -> None:
    low, high = weight_limits(bits)
    for scales in (weight_scales(weights, bits, per_channel=True), weight_scales(weights, bits, per_channel=False)):
        assert scales.dtype == np.float32
        assert np.isfinite(scales).all()
        assert (scales > 0).all()
        integers = quantize_weights(weights, scales, bits)
        assert low <= integers.min() <= integers.max() <= high


def test_representable_weights_are_kept_exactly() -> None:
    integers = np.random.default_rng(0).integers(-4, 4, (5, 40))
    integers[:, 0] = 3
    weights = integers * 0.125
    scales = weight_scales(weights, 3, per_channel=True)
    assert np.array_equal(quantize_weights(weights, scales, 3), integers)


def test_one_scale_per_layer() -> None:
    weights = np.random.default_rng(0).normal(size=(8, 20))
    assert np.ptp(weight_scales(weights, 4, per_channel=False)) == 0


def test_channel_of_zeros() -> None:
    weights = np.zeros((3, 4))
    assert (weight_scales(weights, 4, per_channel=True) == 1).all()
    weights[1] = 0.5
    scales = weight_scales(weights, 4, per_channel=True)
    assert scales[0] == scales[1]


@pytest.mark.parametrize("unit", [0.01, 1.0, 37.0])
def test_power_of_two_scales(unit: float) -> None:
    weights = np.random.default_rng(0).normal(size=(16, 50)) * np.logspace(-2, 0, 16)[:, None]
    scales = power_of_two_scales(weights, 4, unit)
    exponents = np.log2(unit / scales.astype(float))
    assert np.allclose(exponents, np.rint(exponents), atol=1e-6)
    free = error(weights, weight_scales(weights, 4, per_channel=True), 4)
    assert (error(weights, scales, 4) < 6 * free).all()


@pytest.mark.parametrize("unit", [0.01, 1.0, 37.0])
def test_power_of_two_scales_of_weights_of_nearly_nothing(unit: float) -> None:
    scales = power_of_two_scales(np.full((2, 5), 1e-45, np.float32), 4, unit).astype(float)
    assert (scales > 0).all()
    exponents = np.log2(unit / scales)
    assert np.allclose(exponents, np.rint(exponents), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_activation_scale(method: Method) -> None:
    values = np.maximum(np.random.default_rng(0).normal(size=20_000), 0)
    scale = activation_scale(values, SIXTEEN, method)
    assert 0 < scale * 15 <= values.max() + 1e-12
    assert (scale * 15 == pytest.approx(values.max())) == (method == "max")
    if method == "mse":
        errors = [
            ((quantize_activations(values, c / 15, SIXTEEN) - values) ** 2).sum() for c in np.linspace(0.5, 4, 200)
        ]
        assert ((quantize_activations(values, scale, SIXTEEN) - values) ** 2).sum() < min(errors) * 1.02


@pytest.mark.parametrize("method", METHODS)
def test_layer_that_never_fires(method: Method) -> None:
    assert activation_scale(-np.ones(10), SIXTEEN, method) == 1 / 15


def test_rounding_of_activations() -> None:
    values = np.array([-1.0, 0.49, 0.5, 1.5, 99.0])
    assert quantize_activations(values, 1.0, Levels(np.arange(4))).tolist() == [0, 0, 1, 2, 3]
