"""The parser of SAIF on texts written by hand."""

from __future__ import annotations

import pytest

from e3ne.backends.testbench.saif import parse_saif
from e3ne.errors import E3neError

TEXT = r"""
// of a simulator (whose name is (not) balanced
(SAIFILE
 (SAIFVERSION "2.0") (DIRECTION "backward") (PROGRAM_NAME "a ) in quotes")
 (DIVIDER / ) (TIMESCALE 1 ps) (DURATION 100)
 (INSTANCE top
  (NET
   (clk (T0 50) (T1 50) (TZ 0) (TX 0) (TB 0) (TC 200))
   (data\[0\] (T0 60) (T1 40) (TC 3))
   (data\[10\] (T0 60) (T1 40) (IG 0) (TC 40)))
  (INSTANCE "kind" first
   (PORT (data (TC 5)))
   (NET (data (TC 2)) (words[3]\[0\] (TC 1)) (words[3]\[1\] (TC 1)) (words[4]\[0\] (TC 7)))
   (INSTANCE inner (NET)))
  (INSTANCE second(NET(data(TC 0)))))
)
"""


def test_bits_of_a_signal_add_up_within_an_instance() -> None:
    top = parse_saif(TEXT).at("top")
    assert top.toggles == {"clk": 200, "data": 43}
    assert list(top.instances) == ["first", "second"]
    assert top.at("first").toggles == {"data": 7, "words[3]": 2, "words[4]": 7}
    assert top.at("first", "inner").toggles == {}
    assert top.at("second").toggles == {"data": 0}


@pytest.mark.parametrize(
    ("wanted", "given", "message"),
    [
        ("(DIVIDER / )", "(DIVIDER / ))", r"line 16: unexpected \)"),
        ("(INSTANCE inner (NET))", "(INSTANCE inner (NET)", "line 3: the parenthesis is not closed"),
        ('"2.0"', '"2.0', 'line 4: unexpected "'),
        ("(SAIFILE", "(SAIF", r"there is no \(SAIFILE"),
        ("(TC 40)", "(TC forty)", r"data\\\[10\\\] needs one toggle count"),
        ("(IG 0) (TC 40)", "", r"data\\\[10\\\] needs one toggle count"),
        ("(TC 3)", "(TC 3) (TC 4)", r"data\\\[0\\\] needs one toggle count"),
        ("(data (TC 5))", "((TC 5))", "a signal without a name needs one toggle count"),
        ("INSTANCE second", "INSTANCE first", "there is an instance first too many"),
        ("INSTANCE second", "INSTANCE ", "there is an instance without a name"),
    ],
)
def test_what_is_no_saif(wanted: str, given: str, message: str) -> None:
    assert TEXT.count(wanted) == 1
    with pytest.raises(E3neError, match=message):
        parse_saif(TEXT.replace(wanted, given))


def test_an_empty_file() -> None:
    with pytest.raises(E3neError, match="line 1: there is no"):
        parse_saif("")


def test_an_instance_that_is_not_there() -> None:
    with pytest.raises(E3neError, match=r"no instance 'third' of 'top\.third'"):
        parse_saif(TEXT).at("top", "third")
