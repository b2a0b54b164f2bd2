"""Additions that may leave their width are found, and those that are meant to wrap around are known."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.bit_ranges import Kind, sums_of
from e3ne.analysis.bit_values import Lanes
from e3ne.pipeline_runner import new_context
from e3ne.verification.random_networks import accepted_networks
from e3ne.verification.ranges import count


def design(body: str) -> ModuleOp:
    text = f"rtl.module @m(%a: i4, %b: i4, %go: i1) -> (y: i8) {{\n{body}\n}}"
    module = Parser(new_context(), text).parse_module()
    module.verify()
    return module


WIDE = "%x = rtl.zext %a : i4 -> i8\n%z = rtl.zext %b : i4 -> i8\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f"{WIDE}%s = rtl.add %x, %z : i8\nrtl.output %s : i8", Kind.EXACT),
        ("%s = rtl.add %a, %b : i4\n%y = rtl.zext %s : i4 -> i8\nrtl.output %y : i8", Kind.WRAPS),
        # The sign of a difference is for its readers to know.
        (f"{WIDE}%s = rtl.sub %x, %z : i8\nrtl.output %s : i8", Kind.EXACT),
        (
            f"{WIDE}%s = rtl.sub %x, %z : i8\n%w = rtl.sext %s : i8 -> i9\n"
            "%y = rtl.extract %w from 1 : i9 -> i8\nrtl.output %y : i8",
            Kind.EXACT,
        ),
        (
            f"{WIDE}%s = rtl.sub %x, %z : i8\n%w = rtl.zext %s : i8 -> i9\n"
            "%y = rtl.extract %w from 1 : i9 -> i8\nrtl.output %y : i8",
            Kind.WRAPS,
        ),
        (
            f'{WIDE}%s = rtl.sub %x, %z : i8\n%r = rtl.register "r" %s : i8\n%l = rtl.ult %r, %x : i8\n'
            "%y = rtl.zext %l : i1 -> i8\nrtl.output %y : i8",
            Kind.WRAPS,
        ),
        (
            "%x = rtl.zext %a : i4 -> i5\n%z = rtl.zext %b : i4 -> i5\n%s = rtl.add %x, %z : i5\n"
            "%y = rtl.sext %s : i5 -> i8\nrtl.output %y : i8",
            Kind.WRAPS,
        ),
        ("%z = rtl.sext %b : i4 -> i8\n%s = rtl.sub %z, %z : i8\nrtl.output %s : i8", Kind.EXACT),
        (
            f"{WIDE}%c = rtl.constant 16 : i8\n%t = rtl.or %x, %c : i8\n%k = rtl.constant 3 : i8\n"
            "%s = rtl.add %z, %k : i8\nrtl.output %s : i8",
            Kind.EXACT,
        ),
        (
            '%c = rtl.constant 1 : i8\n%s = rtl.add %r, %c : i8\n%r = rtl.register "r" %s reset 0 : i8\n'
            "rtl.output %r : i8",
            Kind.COUNTS,
        ),
        (
            f'{WIDE}%s = rtl.add %r, %x : i8\n%r = rtl.register "r" %s reset 0 : i8\nrtl.output %r : i8',
            Kind.ACCUMULATES,
        ),
        (
            '%t = rtl.table %a, #rtl.words<8, "f0"> : i4\n%z = rtl.zext %b : i4 -> i8\n'
            "%s = rtl.add %t, %z : i8\nrtl.output %s : i8",
            Kind.EXACT,
        ),
    ],
)
def test_kinds(body: str, kind: Kind) -> None:
    assert [each.kind for each in sums_of(design(body))] == [kind]


def test_a_part_of_a_sum_that_is_kept_modulo_may_wrap_like_it() -> None:
    body = (
        '%p = rtl.add %a, %b : i4\n%s = rtl.add %r, %p : i4\n%r = rtl.register "r" %s reset 0 : i4\n'
        "%y = rtl.zext %r : i4 -> i8\nrtl.output %y : i8"
    )
    assert [each.kind for each in sums_of(design(body))] == [Kind.PARTIAL, Kind.ACCUMULATES]


def test_what_is_said_of_a_port_is_used() -> None:
    text = (
        "rtl.module @m(%s_data: i8) -> (y: i4) {\n%a = rtl.extract %s_data from 4 : i8 -> i4\n"
        "%c = rtl.constant 4 : i4\n%s = rtl.add %a, %c : i4\nrtl.output %s : i4\n}"
    )
    module = Parser(new_context(), text).parse_module()
    for lanes, kind in ((Lanes(4, -8, 3), Kind.EXACT), (Lanes(4, -8, 4), Kind.WRAPS), (Lanes(4, 0, 11), Kind.EXACT)):
        assert [each.kind for each in sums_of(module, {"m": lanes})] == [kind]
    assert [each.kind for each in sums_of(module, {"other": Lanes(4, 0, 0)})] == [Kind.WRAPS]


def test_random_networks_have_no_other_sums() -> None:
    for design in accepted_networks(6, seed=5):
        found, failures = count(design.graph)
        assert failures == []
        assert found["integers"] > 3
        assert found["COUNTS"] > 0
