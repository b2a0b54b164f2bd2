"""Loops are found wherever they close, and what only looks like one is not reported."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from e3ne.analysis.combinational_loops import combinational_loops
from e3ne.dialects.rtl import RTL
from e3ne.errors import E3neError
from e3ne.passes.rtl_check_combinational_loops import RtlCheckCombinationalLoopsPass

# valid runs forwards and ready backwards; data is registered
STAGE = """
rtl.module @stage(%i_data: i8, %i_valid: i1, %o_ready: i1) -> (i_ready: i1, o_data: i8, o_valid: i1) {
  %data = rtl.register %i_data : i8
  rtl.output %o_ready, %data, %i_valid : i1, i8, i1
}
"""
CHAIN = """
rtl.module @top(%data: i8, %valid: i1, %ready: i1) -> (r: i1, d: i8, v: i1) {
  %r, %d0, %v0 = rtl.instance "first" @stage(i_data: %data: i8, i_valid: %valid: i1, o_ready: %r1: i1) -> (i_ready: i1, o_data: i8, o_valid: i1)
  %r1, %d, %v = rtl.instance "second" @stage(i_data: %d0: i8, i_valid: %v0: i1, o_ready: %ready: i1) -> (i_ready: i1, o_data: i8, o_valid: i1)
  rtl.output %r, %d, %v : i1, i8, i1
}
"""  # noqa: E501


def design(text: str) -> ModuleOp:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(RTL)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def paths(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(loop.module, loop.path) for loop in combinational_loops(design(text))]


def test_handshakes_in_opposite_directions_are_no_loop() -> None:
    assert paths(STAGE + CHAIN) == []


def test_a_loop_through_instances_is_found_where_it_closes() -> None:
    closed = CHAIN.replace("o_ready: %ready: i1", "o_ready: %v: i1").replace("i_valid: %valid: i1", "i_valid: %r: i1")
    [(module, path)] = paths(STAGE + closed)
    assert module == "top"
    assert set(path) == {"first.i_ready", "first.o_valid", "second.i_ready", "second.o_valid"}


def test_registers_and_registered_reads_end_a_path() -> None:
    text = """
    rtl.module @m(%e: i1) -> (y: i4) {
      %ram = rtl.memory "ram" block : !rtl.memory<16x4>
      rtl.memory_write %ram[%next], %q enable %e : !rtl.memory<16x4>
      %read = rtl.memory_read_registered %ram[%q] enable %e : !rtl.memory<16x4>
      %q = rtl.register %next : i4
      %next = rtl.add %q, %read : i4
      rtl.output %q : i4
    }"""
    assert paths(text) == []


def test_an_asynchronous_read_does_not() -> None:
    text = """
    rtl.module @m() -> (y: i4) {
      %rom = rtl.memory "rom" distributed init #rtl.words<4, "1"> : !rtl.memory<16x4>
      %read = rtl.memory_read %rom[%next] : !rtl.memory<16x4>
      %next = rtl.not %read : i4
      rtl.output %next : i4
    }"""
    [(_, path)] = paths(text)
    assert {name.split("[")[0] for name in path} == {"read", "next"}


def test_bits_packed_and_unpacked_are_no_loop() -> None:
    text = """
    rtl.module @m(%a: i1) -> (y: i3) {
      %word = rtl.concat %c, %b, %a : i1, i1, i1
      %a0 = rtl.extract %word from 0 : i3 -> i1
      %b = rtl.not %a0 : i1
      %b1 = rtl.extract %word from 1 : i3 -> i1
      %c = rtl.xor %b1, %a : i1
      rtl.output %word : i3
    }"""
    assert paths(text) == []


def test_a_carry_goes_upwards_only() -> None:
    text = """
    rtl.module @m(%a: i1) -> (y: i2) {
      %sum = rtl.add %x, %x : i2
      %bit = rtl.extract %sum from BIT : i2 -> i1
      %x = rtl.concat %bit, %a : i1, i1
      rtl.output %sum : i2
    }"""
    assert paths(text.replace("BIT", "0")) == []
    assert len(paths(text.replace("BIT", "1"))) == 1


def test_the_pass_reports_every_loop_with_its_path() -> None:
    text = """
    rtl.module @first() -> (y: i1) {
      %a = rtl.not %b : i1
      %b = rtl.not %a : i1
      rtl.output %a : i1
    }
    rtl.module @second() -> (y: i8) {
      %word = rtl.not %word : i8
      rtl.output %word : i8
    }"""
    with pytest.raises(E3neError) as error:
        RtlCheckCombinationalLoopsPass().apply(Context(), design(text))
    assert str(error.value).splitlines() == [
        "combinational loop in module @first: b -> a -> b",
        "combinational loop in module @second: word[0] -> word[0]",
    ]


def test_recursion_is_refused() -> None:
    text = """
    rtl.module @a() -> () {
      rtl.instance "u" @b() -> ()
      rtl.output
    }
    rtl.module @b() -> () {
      rtl.instance "u" @a() -> ()
      rtl.output
    }"""
    with pytest.raises(E3neError, match="module @a instantiates itself: a -> b -> a"):
        combinational_loops(design(text))
