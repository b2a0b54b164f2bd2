"""Additions that may leave their width are found, and those that are meant to wrap around are known."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.bit_ranges import Kind, Known, sums_of
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
            Kind.WRAPS,  # nothing is known of what it adds up
        ),
        (  # comes back, but only to decide
            "%c = rtl.constant 9 : i4\n%s = rtl.add %r, %c : i4\n%l = rtl.ult %s, %b : i4\n"
            '%r = rtl.register "r" %a enable %l : i4\n%y = rtl.zext %s : i4 -> i8\nrtl.output %y : i8',
            Kind.WRAPS,
        ),
        (
            "%c = rtl.constant 1 : i4\n%d = rtl.constant 13 : i4\n%t = rtl.mux %go, %c, %d : i4\n"
            '%s = rtl.add %r, %t : i4\n%n = rtl.mux %go, %s, %c : i4\n%r = rtl.register "r" %n reset 0 : i4\n'
            "%y = rtl.zext %r : i4 -> i8\nrtl.output %y : i8",
            Kind.COUNTS,
        ),
        (
            '%m = rtl.memory "m" distributed : !rtl.memory<16x8>\n%s = rtl.add %a, %b : i4\n'
            "rtl.memory_write %m[%r], %y enable %go : !rtl.memory<16x8>\n"
            '%r = rtl.register "r" %s : i4\n%y = rtl.memory_read %m[%r] : !rtl.memory<16x8>\nrtl.output %y : i8',
            Kind.ADDRESS,
        ),
        (
            "%s = rtl.add %a, %b : i4\n%h = rtl.extract %s from 3 : i4 -> i1\n%l = rtl.extract %s from 0 : i4 -> i1\n"
            "%c = rtl.concat %h, %l : i1, i1\n%y = rtl.zext %c : i2 -> i8\nrtl.output %y : i8",
            Kind.HEAP,
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


NEURON = """rtl.module @m(%s_data: i4) -> (y: i1) {
%come = rtl.sext %s_data : i4 -> i{bits}
%whole = rtl.add %kept, %come : i{bits}
%theta = rtl.constant 5 : i{bits}
%spike = rtl.sle %theta, %whole : i{bits}
%less = rtl.sub %whole, %theta : i{bits}
%new = rtl.mux %spike, %less, %whole : i{bits}
%kept = rtl.register "kept" %new : i{bits}
rtl.output %spike : i1
}"""
PRODUCT = """rtl.module @m(%s_data: i6) -> (y: i6) {
%wide = rtl.sext %s_data : i6 -> i{bits}
%zeros = rtl.constant 0 : i2
%low = rtl.extract %s_data from 0 : i6 -> i{rest}
%more = rtl.concat %low, %zeros : i{rest}, i2
%product = rtl.sub %more, %wide : i{bits}
%result = rtl.extract %product from {shift} : i{bits} -> i6
rtl.output %result : i6
}"""


def kinds_of(text: str, known: Known | None) -> list[Kind]:
    module = Parser(new_context(), text).parse_module()
    module.verify()
    return [each.kind for each in sums_of(module, {} if known is None else {"m": known})]


def test_membranes_have_the_bits_that_they_need() -> None:
    assert kinds_of(NEURON.replace("{bits}", "6"), Known(sums=6)) == [Kind.MODULAR, Kind.MODULAR]
    assert kinds_of(NEURON.replace("{bits}", "6"), Known(sums=7)) == [Kind.WRAPS, Kind.WRAPS]
    assert kinds_of(NEURON.replace("{bits}", "6"), None) == [Kind.WRAPS, Kind.WRAPS]
    # A membrane is compared as it is: the gain of drives is none of its business.
    assert kinds_of(NEURON.replace("{bits}", "6"), Known(sums=7, gain=1)) == [Kind.WRAPS, Kind.WRAPS]


@pytest.mark.parametrize(("bits", "shift", "kind"), [(8, 2, Kind.MODULAR), (7, 1, Kind.MODULAR), (9, 3, Kind.EXACT)])
def test_products_have_the_bits_of_their_factors(bits: int, shift: int, kind: Kind) -> None:
    text = PRODUCT.replace("{bits}", str(bits)).replace("{rest}", str(bits - 2)).replace("{shift}", str(shift))
    if bits == 9:  # room for what is subtracted
        text = text.replace("%low = rtl.extract %s_data from 0 : i6 -> i7", "%low = rtl.sext %s_data : i6 -> i7")
    assert kinds_of(text, Known(sums=6)) == [kind]
    if kind is Kind.MODULAR:
        assert kinds_of(text, Known(sums=7)) == [Kind.WRAPS]


def test_recurrent_sums_need_bits_of_their_own() -> None:
    text = (
        "rtl.module @m(%w: i4) -> (y: i8) {\n%s = rtl.add %r, %w : i4\n"
        '%r = rtl.register "sum" %s reset 3 : i4\n%y = rtl.sext %r : i4 -> i8\nrtl.output %y : i8\n}'
    )
    assert kinds_of(text, Known(sums=8, fed_back=4)) == [Kind.MODULAR]
    assert kinds_of(text, Known(sums=8, fed_back=5)) == [Kind.WRAPS]
    assert kinds_of(text, Known(sums=8)) == [Kind.WRAPS]


def test_what_is_said_of_a_port_is_used() -> None:
    text = (
        "rtl.module @m(%s_data: i8) -> (y: i4) {\n%a = rtl.extract %s_data from 4 : i8 -> i4\n"
        "%c = rtl.constant 4 : i4\n%s = rtl.add %a, %c : i4\nrtl.output %s : i4\n}"
    )
    for lanes, kind in ((Lanes(4, -8, 3), Kind.EXACT), (Lanes(4, -8, 4), Kind.WRAPS), (Lanes(4, 0, 11), Kind.EXACT)):
        assert kinds_of(text, Known(lanes)) == [kind]
    assert kinds_of(text, None) == [Kind.WRAPS]


SUM = "%x = rtl.zext %a : i4 -> i5\n%z = rtl.zext %b : i4 -> i5\n%s = rtl.add %x, %z : i5\n"
DIFFERENCE = SUM.replace("rtl.add", "rtl.sub")
READ = "%v = rtl.memory_read %m[%a] : !rtl.memory<16x5>\n"
WRITTEN = (
    '%m = rtl.memory "m" distributed : !rtl.memory<16x5>\nrtl.memory_write %m[%a], %s enable %go : !rtl.memory<16x5>\n'
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (  # a lane of a register, read as two's complement
            f'{SUM}%c = rtl.concat %s, %a : i5, i4\n%r = rtl.register "r" %c : i9\n'
            "%l = rtl.extract %r from 4 : i9 -> i5\n%y = rtl.sext %l : i5 -> i8",
            Kind.WRAPS,
        ),
        (  # the lane beside it
            f'{SUM}%c = rtl.concat %s, %a : i5, i4\n%r = rtl.register "r" %c : i9\n'
            "%l = rtl.extract %r from 0 : i9 -> i4\n%y = rtl.sext %l : i4 -> i8",
            Kind.EXACT,
        ),
        (f"{DIFFERENCE}{WRITTEN}{READ}%y = rtl.zext %v : i5 -> i8", Kind.WRAPS),
        (f"{DIFFERENCE}{WRITTEN}{READ}%y = rtl.sext %v : i5 -> i8", Kind.EXACT),
        (f"{SUM}%t = rtl.extract %s from 2 : i5 -> i3\n%y = rtl.sext %t : i3 -> i8", Kind.WRAPS),
        (f"{SUM}%t = rtl.extract %s from 4 : i5 -> i1\n%n = rtl.zext %s : i5 -> i7\n%y = rtl.concat %t, %n : i1, i7",
         Kind.WRAPS),
        (f"{DIFFERENCE}%t = rtl.extract %s from 0 : i5 -> i3\n%y = rtl.zext %t : i3 -> i8", Kind.EXACT),
    ],
)  # fmt: skip
def test_readers_are_found_behind_lanes_and_memories(body: str, kind: Kind) -> None:
    assert [each.kind for each in sums_of(design(f"{body}\nrtl.output %y : i8"))] == [kind]


def test_addresses_are_unsigned() -> None:
    body = (
        "%x = rtl.zext %a : i4 -> i5\n%z = rtl.zext %b : i4 -> i5\n%s = rtl.sub %x, %z : i5\n"
        '%m = rtl.memory "m" distributed : !rtl.memory<32x8>\n%y = rtl.memory_read %m[%a5] : !rtl.memory<32x8>\n'
        "rtl.memory_write %m[%s], %y enable %go : !rtl.memory<32x8>\n%n = rtl.slt %s, %x : i5\n"
        "%a5 = rtl.zext %n : i1 -> i5\nrtl.output %y : i8"
    )
    assert [each.kind for each in sums_of(design(body))] == [Kind.WRAPS]


def test_random_networks_have_no_other_sums() -> None:
    for design in accepted_networks(6, seed=5):
        found, overflows, wrong = count(design.graph)
        assert overflows + wrong == []
        assert found["integers"] > 3
        assert found["COUNTS"] > 0
