"""Additions that may leave their width are found, and those that are meant to wrap around are known."""

from __future__ import annotations

import random

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.bit_ranges import Kind, sums_of
from e3ne.pipeline_runner import new_context
from e3ne.verification.lowering import lower
from e3ne.verification.random_cases import random_case
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
        (f"{WIDE}%s = rtl.sub %x, %z : i8\nrtl.output %s : i8", Kind.WRAPS),
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
        "%n = rtl.not %a : i4\n%x = rtl.sext %n : i4 -> i8\n%z = rtl.sext %b : i4 -> i8\n%p = rtl.add %x, %z : i8\n"
        '%s = rtl.add %r, %p : i8\n%r = rtl.register "r" %s reset 0 : i8\nrtl.output %r : i8'
    )
    assert [each.kind for each in sums_of(design(body))] == [Kind.PARTIAL, Kind.ACCUMULATES]


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_have_no_other_sums(seed: int) -> None:
    case = random_case(random.Random(seed))
    found, failures = count(lower(case.network("random", seed), case.decisions).graph)
    assert failures == []
    assert found["integers"] > 3
    assert found["COUNTS"] > 0
