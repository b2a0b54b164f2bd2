"""Encodings: digits and values of each, what a train can be, what is refused, and encodings of other packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from xdsl.dialects.builtin import IntAttr, ModuleOp
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects.snn import BipolarAttr, DirectAttr, PhaseAttr, RadixAttr, RateAttr, TtfsAttr, TtfsLinearAttr
from e3ne.dialects.snn.encodings import BUILT_IN, EncodingAttr, WeightedAttr, all_encodings, emit, neuron_encodings
from e3ne.errors import E3neError

Parse = Callable[[str], ModuleOp]


@irdl_attr_definition
class Odd(WeightedAttr):
    """Weights in no order, two spikes at most; 8 steps have one of weight 0."""

    name = "test.odd"
    PARAMETERS = (("steps", 8),)

    step_count: IntAttr

    @property
    def weights(self) -> tuple[int, ...]:
        return (8 - self.step_count.data, 2, 5, 3) * 2

    @property
    def most_spikes(self) -> int:
        return 2


@pytest.mark.parametrize(
    ("encoding", "value", "digits"),
    [
        (RadixAttr.of(4), 5, [0, 1, 0, 1]),
        (PhaseAttr.of(2, 2), 4, [1, 1, 0, 1]),
        (PhaseAttr.of(2, 2), 6, [1, 1, 1, 1]),
        (TtfsAttr.of(4), 4, [0, 1, 0, 0]),
        (TtfsAttr.of(4), 0, [0, 0, 0, 0]),
        (TtfsLinearAttr.of(4), 3, [0, 1, 0, 0]),
        (BipolarAttr.of(3), 5, [1, 1, -1]),
        (BipolarAttr.of(3), -7, [-1, -1, -1]),
        (RateAttr.of(3, 2), 3, [2, 1, 0]),
        (DirectAttr.of(4, 3), 9, [9, 9, 9]),
    ],
    ids=str,
)
def test_digits_of_a_value(encoding: EncodingAttr, value: int, digits: list[int]) -> None:
    assert encoding.steps == len(digits)
    assert encoding.encode(np.array([value]))[:, 0].tolist() == digits
    assert encoding.decode(np.array(digits)[:, None]).tolist() == [value]
    assert set(digits) <= set(encoding.digits)


@pytest.mark.parametrize(
    ("encoding", "numbers", "values", "bits"),
    [
        (RadixAttr.of(2), [0, 1, 2, 3], (0, 3), 2),
        (PhaseAttr.of(2, 3), list(range(10)), (0, 9), 4),
        (TtfsAttr.of(4), [0, 1, 2, 4, 8], (0, 8), 4),
        (TtfsLinearAttr.of(4), [0, 1, 2, 3, 4], (0, 4), 3),
        (BipolarAttr.of(2), [0, 1, 2, 3], (-3, 3), 2),
        (RateAttr.of(7, 2), [0, 1, 2], (0, 2), 2),
    ],
    ids=str,
)
def test_what_a_frame_can_be(encoding: EncodingAttr, numbers: list[int], values: tuple[int, int], bits: int) -> None:
    assert encoding.numbers.tolist() == numbers
    assert (encoding.least, encoding.highest) == values
    assert encoding.bits == bits
    assert encoding.is_complete == (numbers == list(range(len(numbers))))
    assert encoding.has_zero == (not isinstance(encoding, BipolarAttr))


@pytest.mark.parametrize(
    ("encoding", "numbers", "message"),
    [
        (TtfsLinearAttr, (256,), "ttfs-linear encoding has 1 to 255 steps, not 256"),
        (PhaseAttr, (0, 1), "phase encoding has 1 to 16 steps a period, not 0"),
        (PhaseAttr, (4, 4097), "phase encoding has 1 to 4096 periods, not 4097"),
        (PhaseAttr, (16, 2), r"the weights of #snn.phase<16, 2> add up to 131070; the most is 65535"),
        (RateAttr, (4, 0), "rate encoding has 1 to 65535 spikes a step, not 0"),
        (Odd, (8,), r"#test.odd<8> needs positive weights and one spike or more"),
    ],
)
def test_impossible_encodings(encoding: type[EncodingAttr], numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(VerifyException, match=message):
        encoding.of(*numbers)


@pytest.mark.parametrize("steps", range(1, 8))
def test_neurons_round_down_whatever_the_weights(steps: int) -> None:
    encoding = Odd.of(steps)
    numbers, membranes = encoding.numbers, np.arange(2 * sum(encoding.weights))
    emitted = encoding.decode(emit(membranes, encoding.weights, encoding.most_spikes))
    assert np.array_equal(emitted, [max(n for n in numbers if n <= membrane) for membrane in membranes])


@pytest.mark.parametrize("encoding", ["phase<2, 2>", "ttfs<4>", "ttfs_linear<15>", "bipolar<4>"])
def test_round_trip(parse: Parse, float_text: str, encoding: str) -> None:
    module = parse(float_text.replace("snn.radix<4>", f"snn.{encoding}").replace("snn.radix<3>", f"snn.{encoding}"))
    module.verify()
    assert str(parse(str(module))) == str(module)
    assert str(module).count(f"#snn.{encoding}") == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("radix<4>", "bipolar<4>", "layer 'conv1': padding is digit 0, which #snn.bipolar<4> does not have"),
        ("radix<4>", "phase<4, 2>", "the sums need exactly 5 time steps"),
        ("radix<4>", "direct<4, 2>", "trains of 2 frames give membranes of as many"),
    ],
)
def test_verifier_refuses(parse: Parse, tiny_text: str, old: str, new: str, message: str) -> None:
    with pytest.raises(VerifyException, match=message):
        parse(tiny_text.replace(old, new).replace("-30, 60", "-450, 450").replace("-30, 15", "-450, 450")).verify()


def test_encodings_of_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(value: str) -> Callable[..., list[EntryPoint]]:
        return lambda group: [EntryPoint("mine", value, group)]

    for value, message in (
        ("math:pi", "entry point mine of e3ne.encodings is math:pi, which is no encoding"),
        (
            "no_such_package:Odd",
            r"entry point mine of e3ne.encodings \(no_such_package:Odd\) cannot be loaded: No module",
        ),
        ("math:no_such_name", "cannot be loaded: module 'math' has no attribute 'no_such_name'"),
        ("e3ne.dialects.snn:RadixAttr", "there are two encodings called snn.radix"),
    ):
        all_encodings.cache_clear()
        monkeypatch.setattr("e3ne.dialects.snn.encodings.entry_points", named(value))
        with pytest.raises(E3neError, match=message):
            all_encodings()
    monkeypatch.setattr("e3ne.dialects.snn.encodings.entry_points", named(f"{__name__}:Odd"))
    all_encodings.cache_clear()
    assert all_encodings() == (*BUILT_IN, Odd)
    assert neuron_encodings()["odd"] is Odd
    all_encodings.cache_clear()
