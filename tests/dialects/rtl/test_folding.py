"""Folders and canonicalisation patterns, each by an example: what a body becomes."""

from collections.abc import Iterator
from io import StringIO

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from e3ne.dialects.rtl import RTL

# Inputs: %a %b: i8, %c %d: i1, %n: i3. The output is %y: i8, unless the canonical form says otherwise.
CASES = r"""
# add
%x = rtl.constant 200 : i8
%y = rtl.add %x, %x : i8
=>
%y = rtl.constant 144 : i8

# sub
%x = rtl.constant 3 : i8
%z = rtl.constant 5 : i8
%y = rtl.sub %x, %z : i8
=>
%y = rtl.constant 254 : i8

# not
%x = rtl.constant 1 : i8
%y = rtl.not %x : i8
=>
%y = rtl.constant 254 : i8

# concat
%x = rtl.constant 5 : i4
%z = rtl.constant 1 : i4
%y = rtl.concat %x, %z : i4, i4
=>
%y = rtl.constant 81 : i8

# replicate
%x = rtl.constant 2 : i2
%y = rtl.replicate %x : i2 -> i8
=>
%y = rtl.constant 170 : i8

# sext
%x = rtl.constant 2 : i2
%y = rtl.sext %x : i2 -> i8
=>
%y = rtl.constant 254 : i8

# table
%x = rtl.constant 1 : i2
%y = rtl.table %x, #rtl.words<8, "0507"> : i2
=>
%y = rtl.constant 7 : i8

# table-beyond
%x = rtl.constant 3 : i2
%y = rtl.table %x, #rtl.words<8, "0507"> : i2
=>
%y = rtl.constant 0 : i8

# slt
%x = rtl.constant 255 : i8
%z = rtl.constant 1 : i8
%s = rtl.slt %x, %z : i8
%y = rtl.sext %s : i1 -> i8
=>
%y = rtl.constant 255 : i8

# add-0
%x = rtl.constant 0 : i8
%y = rtl.add %x, %a : i8
=>
rtl.output %a : i8

# sub-self
%y = rtl.sub %a, %a : i8
=>
%y = rtl.constant 0 : i8

# and-0
%x = rtl.constant 0 : i8
%y = rtl.and %a, %x : i8
=>
%y = rtl.constant 0 : i8

# or-1
%x = rtl.constant 255 : i8
%y = rtl.or %a, %x : i8
=>
%y = rtl.constant 255 : i8

# not-not
%x = rtl.not %a : i8
%y = rtl.not %x : i8
=>
rtl.output %a : i8

# mux-same
%y = rtl.mux %c, %a, %a : i8
=>
rtl.output %a : i8

# table-constant
%y = rtl.table %c, #rtl.words<8, "0707"> : i1
=>
%y = rtl.constant 7 : i8

# register-constant
%x = rtl.constant 3 : i8
%y = rtl.register %x enable %c reset 3 : i8
=>
%y = rtl.constant 3 : i8

# register-stuck
%y = rtl.register %y reset 3 : i8
=>
%y = rtl.constant 3 : i8

# and-ones
%x = rtl.constant 255 : i8
%y = rtl.and %x, %a, %b, %a : i8
=>
%y = rtl.and %a, %b : i8

# or-constants
%x = rtl.constant 1 : i8
%z = rtl.constant 2 : i8
%y = rtl.or %x, %a, %z : i8
=>
%z = rtl.constant 3 : i8
%y = rtl.or %a, %z : i8

# xor-pairs
%y = rtl.xor %a, %b, %a : i8
=>
rtl.output %b : i8

# xor-ones
%x = rtl.constant 255 : i8
%y = rtl.xor %x, %a : i8
=>
%y = rtl.not %a : i8

# eq-1
%x = rtl.constant 1 : i1
%e = rtl.eq %c, %x : i1
%y = rtl.replicate %e : i1 -> i8
=>
%y = rtl.replicate %c : i1 -> i8

# eq-0
%x = rtl.constant 0 : i1
%e = rtl.eq %c, %x : i1
%y = rtl.replicate %e : i1 -> i8
=>
%e = rtl.not %c : i1
%y = rtl.replicate %e : i1 -> i8

# mux-not
%x = rtl.not %c : i1
%y = rtl.mux %x, %a, %b : i8
=>
%y = rtl.mux %c, %b, %a : i8

# mux-mux
%x = rtl.mux %c, %a, %b : i8
%y = rtl.mux %c, %x, %b : i8
=>
%y = rtl.mux %c, %a, %b : i8

# extract-extract
%x = rtl.extract %a from 2 : i8 -> i4
%e = rtl.extract %x from 1 : i4 -> i2
%y = rtl.replicate %e : i2 -> i8
=>
%e = rtl.extract %a from 3 : i8 -> i2
%y = rtl.replicate %e : i2 -> i8

# extract-concat
%x = rtl.concat %a, %b, %n : i8, i8, i3
%y = rtl.extract %x from 3 : i19 -> i8
=>
rtl.output %b : i8

# extract-zext
%x = rtl.zext %n : i3 -> i20
%y = rtl.extract %x from 1 : i20 -> i8
=>
%x = rtl.extract %n from 1 : i3 -> i2
%y = rtl.zext %x : i2 -> i8

# concat-extracts
%x = rtl.extract %a from 4 : i8 -> i4
%z = rtl.extract %a from 0 : i8 -> i4
%y = rtl.concat %x, %z : i4, i4
=>
rtl.output %a : i8

# zext-zext
%x = rtl.zext %n : i3 -> i4
%y = rtl.zext %x : i4 -> i8
=>
%y = rtl.zext %n : i3 -> i8

# sext-zext
%x = rtl.zext %n : i3 -> i4
%y = rtl.sext %x : i4 -> i8
=>
%y = rtl.zext %n : i3 -> i8

# table-zext
%x = rtl.zext %c : i1 -> i2
%y = rtl.table %x, #rtl.words<8, "01020304"> : i2
=>
%y = rtl.table %c, #rtl.words<8, "0102"> : i1

# enable-1
%x = rtl.constant 1 : i1
%y = rtl.register %a enable %x : i8
=>
%y = rtl.register %a : i8

# narrow-add
%x = rtl.concat %a, %b : i8, i8
%z = rtl.add %x, %x : i16
%y = rtl.extract %z from 0 : i16 -> i8
=>
%y = rtl.add %b, %b : i8

# narrow-register
%x = rtl.concat %a, %b : i8, i8
%z = rtl.register %x reset 0x1ff : i16
%y = rtl.extract %z from 8 : i16 -> i8
=>
%y = rtl.register %a reset 1 : i8

# narrow-table
%x = rtl.table %c, #rtl.words<12, "123456"> : i1
%y = rtl.extract %x from 4 : i12 -> i8
=>
%y = rtl.table %c, #rtl.words<8, "1245"> : i1

# memory-unread
%m = rtl.memory "m" block : !rtl.memory<2x8>
rtl.memory_write %m[%c], %a enable %d : !rtl.memory<2x8>
%y = rtl.add %a, %b : i8
=>
%y = rtl.add %a, %b : i8
"""


def cases() -> Iterator[tuple[str, str, str]]:
    """Name, body, canonical body."""
    for case in CASES.strip().split("\n\n"):
        body, expected = case.split("\n=>\n")
        name, _, body = body.partition("\n")
        yield name.removeprefix("# "), body, expected


def parse(text: str) -> tuple[Context, ModuleOp]:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(RTL)
    module = Parser(context, text).parse_module()
    module.verify()
    return context, module


def body_of(module: ModuleOp) -> list[str]:
    """The operations, with the names of values as they are in the cases."""
    stream = StringIO()
    Printer(stream=stream).print_op(module)
    return [line.strip() for line in stream.getvalue().splitlines()[2:-2]]


@pytest.mark.parametrize(("name", "body", "expected"), tuple(cases()))
def test_canonical_form(name: str, body: str, expected: str) -> None:
    text = f"rtl.module @m(%a: i8, %b: i8, %c: i1, %d: i1, %n: i3) -> (y: i8) {{\n{body}\nrtl.output %y : i8\n}}"
    context, module = parse(text)
    CanonicalizePass().apply(context, module)
    CommonSubexpressionElimination().apply(context, module)
    module.verify()
    _, want = parse(
        "rtl.module @m(%a: i8, %b: i8, %c: i1, %d: i1, %n: i3) -> (y: i8) {\n"
        + (expected if "rtl.output" in expected else f"{expected}\nrtl.output %y : i8")
        + "\n}"
    )
    assert module.is_structurally_equivalent(want), f"\n{module}"


def test_loops_do_not_keep_the_folder_busy() -> None:
    context, module = parse(
        "rtl.module @m() -> (y: i1) {\n"
        "%x = rtl.and %x, %x : i1\n%a = rtl.not %b : i1\n%b = rtl.not %a : i1\n%e = rtl.extract %e from 0 : i1 -> i1\n"
        "%y = rtl.xor %x, %a, %e : i1\nrtl.output %y : i1\n}"
    )
    CanonicalizePass().apply(context, module)
    module.verify()


def test_equal_registers_are_merged_and_unread_feedback_goes() -> None:
    context, module = parse(
        "rtl.module @m(%a: i8) -> (y: i8) {\n"
        "%one = rtl.constant 1 : i8\n%count = rtl.register %more : i8\n%more = rtl.add %count, %one : i8\n"
        "%p = rtl.register %a reset 0 : i8\n%q = rtl.register %a reset 0 : i8\n%y = rtl.sub %p, %q : i8\n"
        "rtl.output %y : i8\n}"
    )
    CommonSubexpressionElimination().apply(context, module)
    CanonicalizePass().apply(context, module)
    assert body_of(module) == ["%y = rtl.constant 0 : i8", "rtl.output %y : i8"]
