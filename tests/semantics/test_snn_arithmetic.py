"""The definition's own rules: worked example, digit-serial neuron, exactness, comparison with naive loops."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e3ne.dialects.snn import BipolarAttr, PhaseAttr, RadixAttr, TtfsAttr, TtfsLinearAttr, WeightedAttr, Window
from e3ne.dialects.snn.encodings import emit
from e3ne.semantics import snn_arithmetic as arithmetic
from e3ne.semantics.plan import encode


def test_worked_example() -> None:
    """Design, semantics: a = (5, 0, 15), T = 4, w = (3, -2, 1), theta = 4: V = 30, a' = 7, digits 0111."""
    encoding = RadixAttr.of(4)
    codes = np.array([[5, 0, 15]], np.uint16)
    weights = np.array([[3, -2, 1]], np.int8)
    digits = encoding.encode(codes)
    assert digits[:, 0, 0].tolist() == [0, 1, 0, 1]
    drives = [int(weights[0] @ digit[0].astype(int)) for digit in digits]
    assert drives == [1, 4, 1, 4]
    membrane, membranes = 0, []
    for drive in drives:
        membrane = 2 * membrane + drive
        membranes.append(membrane)
    assert membranes == [1, 6, 13, 30]
    assert arithmetic.multiply_exact(codes, weights).tolist() == [[30]]
    fired = arithmetic.fire(np.array([[30]]), np.array([0]), np.array([4]), 0, encoding.numbers)
    assert fired.tolist() == [[7]]
    assert emit(np.array([[30]]), encoding.weights, 4, np.array([4]))[:, 0, 0].tolist() == [0, 1, 1, 1]


ENCODINGS: st.SearchStrategy[WeightedAttr] = st.one_of(
    st.builds(RadixAttr.of, st.integers(1, 8)),
    st.builds(PhaseAttr.of, st.integers(1, 4), st.integers(1, 8)),
    st.builds(TtfsAttr.of, st.integers(1, 8)),
    st.builds(TtfsLinearAttr.of, st.integers(1, 20)),
    st.builds(BipolarAttr.of, st.integers(1, 8)),
)


@given(
    st.lists(st.integers(-(2**30), 2**30), min_size=1, max_size=8),
    st.integers(-(2**20), 2**20),
    st.integers(1, 2**20),
    st.integers(0, 16),
    ENCODINGS,
    st.booleans(),
)
def test_digit_serial_neuron_is_the_closed_form(
    membranes: list[int], bias: int, threshold: int, fraction: int, encoding: WeightedAttr, even: bool
) -> None:
    values = np.array([membranes])
    even = even and isinstance(encoding, RadixAttr)
    codes = arithmetic.fire(
        values, np.array([bias]), np.array([threshold]), fraction, encoding.numbers, ties_to_even=even
    )
    scaled, theta = (values << fraction) + bias, np.array([threshold])
    spikes = emit(scaled, encoding.weights, encoding.most_spikes, theta, ties_to_even=even)
    digits = np.where(spikes, encoding.digits[1], encoding.digits[0])
    assert np.array_equal(encoding.decode(digits), encoding.least + encoding.gap * codes.astype(np.int64))
    assert np.array_equal(digits, encoding.encode(encoding.decode(digits)))
    assert np.array_equal(encoding.spikes(codes), np.count_nonzero(digits, axis=0))
    known = set(encoding.numbers.tolist())
    reached = [divmod((v << fraction) + bias, threshold) for v in membranes]
    expected = [code - (even and rest == 0 and code % 2) for code, rest in reached]
    rounded = [min(max(code, 0), encoding.greatest) for code in expected]
    assert codes.tolist() == [[max(k for k in known if k <= each) for each in rounded]]


@given(st.integers(-40, 40), st.integers(1, 8).map(lambda half: 2 * half), st.integers(1, 5))
def test_ties_to_even_is_the_rounding_of_python(membrane: int, threshold: int, steps: int) -> None:
    rule = np.array([threshold // 2]), np.array([threshold])
    (code,) = arithmetic.fire(np.array([[membrane]]), *rule, 0, np.arange(2**steps), ties_to_even=True)[0]
    assert code == min(max(round(Fraction(membrane, threshold)), 0), 2**steps - 1)


windows = st.builds(
    Window,
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(*[st.integers(0, 2)] * 4),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)


def naive(values: np.ndarray, window: Window, position: tuple[int, int]) -> list[tuple[int, int, np.ndarray]]:
    """(i, j, values (N, C)) of the taps of one position that lie within the map."""
    found = []
    for i, j in product(range(window.kernel[0]), range(window.kernel[1])):
        y = position[0] * window.stride[0] + i * window.dilation[0] - window.padding[0]
        x = position[1] * window.stride[1] + j * window.dilation[1] - window.padding[1]
        if 0 <= y < values.shape[2] and 0 <= x < values.shape[3]:
            found.append((i, j, values[:, :, y, x].astype(np.int64)))
    return found


@given(windows, st.integers(1, 3), st.integers(1, 2), st.integers(5, 7), st.integers(5, 6), st.integers(0, 2**32 - 1))
def test_windows_equal_naive_loops(window: Window, groups: int, width: int, rows: int, columns: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 16, (2, groups * width, rows, columns)).astype(np.uint16)
    weights = generator.integers(-4, 4, (groups * 2, width, *window.kernel))
    convolved = arithmetic.convolve_exact(values, weights, window, groups)
    summed = arithmetic.sum_pool(values, window)
    largest = None if window.padding_only(rows, columns) else arithmetic.max_pool(values, window)
    assert convolved.shape == (2, groups * 2, *window.positions(rows, columns))
    for position in product(*map(range, window.positions(rows, columns))):
        taps = naive(values, window, position)
        assert np.array_equal(summed[(..., *position)], sum((v for *_, v in taps), np.zeros((2, groups * width))))
        if largest is not None:
            assert np.array_equal(largest[(..., *position)], np.max([v for *_, v in taps], axis=0))
        for output in range(groups * 2):
            first = (output // 2) * width
            expected = sum((v[:, first : first + width] @ weights[output, :, i, j] for i, j, v in taps), np.zeros(2))
            assert np.array_equal(convolved[(slice(None), output, *position)], expected)


@pytest.mark.parametrize(
    ("weight", "code", "size", "kind"),
    [
        (100, 15, 1000, np.float32),
        (2**20, 15, 1000, np.float64),
        (2**31 - 1, 65535, 30_000, np.int64),
    ],
)
def test_sums_are_exact_whatever_their_size(weight: int, code: int, size: int, kind: type) -> None:
    weights = np.full((1, size), weight, np.int32)
    weights[0, 1::2] -= 1
    codes = np.full((2, size), code, np.uint16)
    assert arithmetic.exact_type(weights, codes) == kind
    expected = sum(weights[0].tolist()) * code
    assert arithmetic.multiply_exact(codes, weights).tolist() == [[expected]] * 2


def test_sum_beyond_16_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        arithmetic.sum_pool(np.full((1, 1, 2, 2), 65535, np.uint16), Window((2, 2)))


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_encoding_rounds_half_up_and_clamps(steps: int) -> None:
    levels = 2**steps
    pixels = np.array([-0.5, 0.0, 0.5 / (levels - 1), 1.0, 1.5])
    numbers = np.arange(levels)
    assert arithmetic.encode_images(pixels, numbers).tolist() == [0, 0, 1, levels - 1, levels - 1]
    scaled = np.array([0.0, 0.25, 0.75, 1.25, 100.0], np.float32)
    assert arithmetic.encode_images(scaled, numbers, 0.5).tolist() == [min(n, levels - 1) for n in (0, 0, 2, 2, 200)]
    exact = np.arange(levels) / (levels - 1)
    assert arithmetic.encode_images(exact, np.arange(levels)).tolist() == list(range(levels))


def test_pixels_become_the_nearest_number_that_there_is() -> None:
    pixels = np.array([0.0, 0.49, 0.5, 1.49, 1.5, 2.99, 3.0, 5.99, 6.0, 9.0]) / 8
    expected = [0, 0, 1, 1, 2, 2, 4, 4, 8, 8]
    numbers = TtfsAttr.of(4).numbers
    assert arithmetic.encode_images(pixels, numbers).tolist() == expected
    assert encode(pixels, 4, None, tuple(numbers.tolist())).tolist() == expected
