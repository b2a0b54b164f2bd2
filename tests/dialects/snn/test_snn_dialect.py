"""Round trips and verifiers of the snn dialect."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from io import StringIO

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError, VerifyException

from e3ne.analysis.ranges import synapse_range
from e3ne.dialects.snn import Conv2dOp, MembraneType, RadixAttr, Window, find_network
from e3ne.errors import E3neError

Parse = Callable[..., ModuleOp]


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("form", ["tiny_text", "float_text"])
def test_round_trip(parse: Parse, request: pytest.FixtureRequest, form: str, generic: bool) -> None:
    module = parse(request.getfixturevalue(form))
    module.verify()
    out = StringIO()
    Printer(out, print_generic_format=generic).print_op(module)
    again = parse(out.getvalue())
    again.verify()
    assert module.is_structurally_equivalent(again)
    assert str(again) == str(module)


def test_pretty_form_is_what_was_written(parse: Parse, tiny_text: str) -> None:
    assert str(parse(tiny_text)).strip() == tiny_text.strip()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dense<2>", "dense<16>", "@b: an element needs 6 bits, but the width is 5"),
        ("tensor<1xi32> {width = 5} = dense<2>", "tensor<1xi32> = dense<2>", "states its width"),
        ("tensor<1xi32> {width = 5} = dense<2>", "tensor<1xi64> {width = 5} = dense<2>", "i8, i16, i32 or f32"),
        ("weights @w ", "weights @missing ", "refers to @missing, which does not exist"),
        ("weights @w ", "weights @tiny ", "which is not a parameter but 'snn.network'"),
        ("weights @w ", "weights @w2 ", "@w2 have 2 dimensions, not 4"),
        ("weights @w2 ", "weights @w ", r"weights @w has shape \[1, 1, 2, 2\], but \[2, 1\] is needed"),
        ("weights @w padding [0, 0, 1, 1]", "weights @w", r"shape \[1, 3, 3\], but \[1, 2, 2\] follows"),
        ("padding [0, 0, 1, 1]", "padding [0, 0, 1, 1] groups 2", "cannot be split into 2 groups"),
        ("padding [0, 0, 1, 1]", "padding [0, 0, 1, 1] dilation [0, 1]", "dilation .* below 1"),
        ("weights @w padding", "weights @w weight_bits 3 padding", "annotations of the float form"),
        (
            ", -30, 60>",
            ", -30, 59>",
            "layer 'conv1': the membrane can reach -30 ... 60, which is not within -30 ... 59",
        ),
        (", -30, 60>", ", -29, 60>", "can reach -30 ... 60"),
        ("kernel [3, 3]", "kernel [3]", "kernel has 2 values, not 1"),
        ("kernel [3, 3]", "kernel [4, 4]", "does not fit into the padded map of 3x3"),
        ("threshold @t", "threshold @w2", r"layer 'relu1': @w2 has shape \[2, 1\], but \[1\] or \[1\]"),
        ("= dense<4>", "= dense<0>", "threshold below 1"),
        ("fraction_bits 1", "fraction_bits 17", "fraction_bits are 0 to 16, not 17"),
        ('"pool2"', '"pool1"', "layer 'pool1' has two operations of kind 'pool'"),
        ("snn.radix<4>", "snn.radix<9>", "at most 8 bits, those of #snn.radix<9> have 9"),
        ('snn.argmax "output" %6', 'snn.argmax "output" %8', "before its definition|not defined|Value"),
        ("= dense<[[1], [-2]]>", "= dense<[[1], [-3]]>", "can reach -45 ... 15"),
    ],
)
def test_verifier_refuses(parse: Parse, tiny_text: str, old: str, new: str, message: str) -> None:
    assert old in tiny_text
    with pytest.raises((VerifyException, ParseError), match=message):
        parse(tiny_text.replace(old, new)).verify()


def test_radix_steps_are_limited(parse: Parse, tiny_text: str) -> None:
    with pytest.raises(VerifyException, match="1 to 16 steps, not 17"):
        parse(tiny_text.replace("snn.radix<4>", "snn.radix<17>"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scale 1.000000e-01", "scale -1.0", "the scale must be positive"),
        ("radix<4>", "radix<9>", "at most 8 bits, those of #snn.radix<9> have 9"),
        ("radix<4>", "rate<4, 1>", "trains of one frame, not #snn.rate<4, 1>"),
        ("radix<3>", "phase<8, 2>", "input_encoding: numbers of a neuron have at most 8 bits"),
        ("weight_bits 3", "weight_bits 1", "weight_bits is 2 ... 16, not 1"),
        ("gamma @s", "gamma @w", "@w must be 2 real numbers"),
        (
            "tensor<2xf32> = dense<[1.0, 2.0]>",
            "tensor<2xi8> {width = 3} = dense<[1, 2]>",
            "which is not the layer's form",
        ),
        ("dense<[1.0, 2.0]>", 'dense<"0x0000C07F0000803F">', "infinite or not a number"),
    ],
)
def test_verifier_refuses_float_form(parse: Parse, float_text: str, old: str, new: str, message: str) -> None:
    assert old in float_text
    with pytest.raises(VerifyException, match=message):
        parse(float_text.replace(old, new)).verify()


def test_use_before_definition_is_found(parse: Parse, tiny_text: str) -> None:
    module = parse(tiny_text)
    conv = next(op for op in module.walk() if isinstance(op, Conv2dOp))
    encode = conv.prev_op
    assert encode is not None
    encode.detach()
    block = conv.parent
    assert block is not None
    block.insert_op_after(encode, conv)
    with pytest.raises(VerifyException, match=r"'snn.conv2d' uses a value before its definition"):
        module.verify()


def test_sum_pool_length_follows_from_the_window(parse: Parse, tiny_text: str) -> None:
    text = tiny_text.replace(
        "kernel [3, 3] stride [2, 2] : !snn.membrane<[1, 3, 3], -30, 60> -> !snn.membrane<[1, 1, 1], -30, 60>",
        "kernel [1, 1] stride [1, 1] : !snn.membrane<[1, 3, 3], -30, 60> -> !snn.membrane<[1, 3, 3], -30, 60>",
    )
    text = text.replace(
        "-> !snn.train<[1, 1, 1], #snn.radix<4>>\n    %4", "-> !snn.train<[1, 3, 3], #snn.radix<4>>\n    %4"
    )
    text = text.replace(
        "%2 bias @b threshold @t fraction_bits 1 : !snn.membrane<[1, 1, 1]",
        "%2 bias @b threshold @t : !snn.membrane<[1, 3, 3]",
    )
    text = text.replace(
        "%3 kernel [1, 1] stride [1, 1] : !snn.train<[1, 1, 1]", "%3 kernel [3, 3] stride [1, 1] : !snn.train<[1, 3, 3]"
    )
    with pytest.raises(VerifyException, match="layer 'pool2': the sums need exactly 8 time steps"):
        parse(text).verify()


def test_find_network_names_what_it_found(parse: Parse) -> None:
    with pytest.raises(E3neError, match=r"exactly one snn.network; found: none"):
        find_network(parse("builtin.module {}"))


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_radix_digits_are_most_significant_first(steps: int) -> None:
    encoding = RadixAttr.of(steps)
    values = np.arange(encoding.levels)
    digits = encoding.encode(values)
    assert digits.shape == (steps, encoding.levels)
    assert np.array_equal(encoding.decode(digits), values)
    assert digits[:, 1].tolist() == [0] * (steps - 1) + [1]


@pytest.mark.parametrize(
    ("low", "high", "width"), [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-30, 60, 7), (-64, 63, 7), (5, 9, 5)]
)
def test_membrane_width(low: int, high: int, width: int) -> None:
    assert MembraneType.of([1], low, high).width == width


def test_synapse_range_is_reached() -> None:
    weights = np.array([[3, -2, 1], [-1, -1, 0]], np.int8)
    low, high = synapse_range(weights, 15, np.array([1, -7]))
    values = np.array(np.meshgrid([0, 15], [0, 15], [0, 15])).reshape(3, -1)
    reached = weights @ values + np.array([[1], [-7]])
    assert (low == reached.min(axis=1)).all()
    assert (high == reached.max(axis=1)).all()


def test_window_that_sees_only_padding() -> None:
    assert Window((2, 2), (2, 2), (2, 0, 0, 0)).padding_only(4, 4)
    assert not Window((3, 3), (2, 2), (1, 1, 1, 1)).padding_only(4, 4)
    assert Window((2, 2), (1, 1), (1, 1, 1, 1), (6, 6)).padding_only(5, 5)


def test_windows_that_see_only_padding_tap_by_tap() -> None:
    rng, found = np.random.default_rng(0), Counter[bool]()
    for _ in range(400):
        (kernel, stride, dilation, size), padding = rng.integers(1, 6, 4).tolist(), rng.integers(0, 9, 2).tolist()
        window = Window((kernel, 1), (stride, 1), (padding[0], 0, padding[1], 0), (dilation, 1))
        if window.problems(size, 1):
            continue
        starts = (index * stride - padding[0] for index in range(window.positions(size, 1)[0]))
        outside = any(all(not 0 <= first + tap * dilation < size for tap in range(kernel)) for first in starts)
        assert window.padding_only(size, 1) == outside, (window, size)
        found[outside] += 1
    assert min(found[True], found[False]) > 50


def test_large_windows_in_no_time() -> None:
    start = time.process_time()
    assert not Window((8192, 8192), (1, 1), (8191, 8191, 8191, 8191)).padding_only(1, 1)
    assert time.process_time() - start < 1
