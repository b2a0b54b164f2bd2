"""The builder: what it makes, folds, and refuses."""

import re
from collections.abc import Callable

import pytest
from xdsl.utils.exceptions import VerifyException

from e3ne.dialects import rtl
from e3ne.dialects.rtl.builder import ModuleBuilder, width_of
from e3ne.dialects.rtl.names import name_hint, stable_hint


def leaf() -> rtl.ModuleOp:
    b = ModuleBuilder("leaf")
    b.output("y", b.not_(b.input("x", 4)))
    return b.build()


def test_ports_in_order_with_widths() -> None:
    b = ModuleBuilder("m", comment="text", parameters={"n": 3, "kind": "fast"})
    x = b.input("x", 3)
    b.input("z", 1)
    b.output("y", b.zext(x, 5))
    module = b.build()
    assert module.inputs == {"x": 3, "z": 1}
    assert module.outputs == {"y": 5}


@pytest.mark.parametrize("value", [5, -3, 5 + 8 * 7])
def test_constants_are_taken_modulo_their_range_and_shared(value: int) -> None:
    b = ModuleBuilder("m")
    constant = b.constant(value, 3)
    assert rtl.constant_value(constant) == 5
    assert constant is b.constant(5, 3)


def test_what_changes_nothing_is_not_built() -> None:
    b = ModuleBuilder("m")
    x, c = b.input("x", 4), b.input("c", 1)
    assert b.and_(x) is x
    assert b.zext(x, 4) is x
    assert b.sext(x, 4) is x
    assert b.extract(x, 0, 4) is x
    assert b.mux(b.constant(1, 1), x, b.constant(0, 4)) is x
    assert b.mux(c, x, x) is x
    assert rtl.constant_value(b.add(b.constant(9, 4), b.constant(8, 4))) == 1


def test_feedback_and_forward_references() -> None:
    b = ModuleBuilder("m")
    first, second = b.wire(4), b.wire(4)
    count = b.register(4, "count", reset=0)
    count.drive(b.add(count.value, first.value))
    b.output("y", second.value)
    first.assign(second.value)
    second.assign(b.input("x", 4))
    module = b.build()
    names = {op.name for op in module.walk()}
    assert "rtl.forward_reference" not in names
    assert module.output_op.operands[0] is module.block.args[0]


def undriven_register(b: ModuleBuilder) -> None:
    b.register(4, "count")


def unassigned_wire(b: ModuleBuilder) -> None:
    b.wire(1)


def unconnected_input(b: ModuleBuilder) -> None:
    b.instance(leaf(), "u")


def circle_of_wires(b: ModuleBuilder) -> None:
    first, second = b.wire(1), b.wire(1)
    first.assign(second.value)
    second.assign(first.value)


def unwritten_memory(b: ModuleBuilder) -> None:
    b.memory(4, 4, "ram", style="distributed").read(b.constant(0, 2))


def port_named_clk(b: ModuleBuilder) -> None:
    b.input("clk", 1)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (undriven_register, 'module @m: register "count" is not driven'),
        (unassigned_wire, "module @m: 1 of 1 wires are not assigned"),
        (unconnected_input, 'module @m: input "x" of instance "u" is not connected'),
        (circle_of_wires, "module @m: wires are assigned to each other in a circle"),
        (unwritten_memory, 'memory "ram" is read but has neither a write port nor init'),
        (port_named_clk, 'module @m cannot have a port named "clk"'),
    ],
)
def test_build_refuses(mistake: Callable[[ModuleBuilder], None], message: str) -> None:
    b = ModuleBuilder("m")
    mistake(b)
    with pytest.raises((ValueError, VerifyException), match=re.escape(message)):
        b.build()


def drive_twice(b: ModuleBuilder) -> None:
    register = b.register(1, "r")
    register.drive(register.value)
    register.drive(register.value)


def connect_wrong_width(b: ModuleBuilder) -> None:
    b.instance(leaf(), "u").connect("x", b.constant(0, 5))


def connect_unknown_port(b: ModuleBuilder) -> None:
    b.instance(leaf(), "u").connect("z", b.constant(0, 4))


def wrong_address(b: ModuleBuilder) -> None:
    b.memory(4, 5, "ram", style="distributed").read(b.constant(0, 2))


def asynchronous_read_of_block(b: ModuleBuilder) -> None:
    b.memory(4, 4, "ram", style="block").read(b.constant(0, 2))


def second_write(b: ModuleBuilder) -> None:
    ram = b.memory(4, 4, "ram", style="block")
    for _ in range(2):
        ram.write(b.constant(0, 2), b.constant(0, 4), b.constant(0, 1))


def different_widths(b: ModuleBuilder) -> None:
    b.add(b.input("x", 3), b.input("y", 4))


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (drive_twice, 'register "r" of module @m is driven twice'),
        (connect_wrong_width, 'input "x" of instance "u" of module @m has 5 bits, expected 4'),
        (connect_unknown_port, 'instance "u" of module @m has no input "z"'),
        (wrong_address, 'the address of memory "ram" of module @m has 2 bits, expected 3'),
        (asynchronous_read_of_block, 'memory "ram" of module @m has registered reads only'),
        (second_write, 'memory "ram" of module @m has two write ports'),
        (different_widths, "module @m: rtl.add: operand 1 has type i4, expected i3 like the result"),
    ],
)
def test_mistakes_are_reported_where_they_are_made(mistake: Callable[[ModuleBuilder], None], message: str) -> None:
    with pytest.raises((ValueError, VerifyException), match=re.escape(message)):
        mistake(ModuleBuilder("m"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sum", "sum"),
        ("lane_3", "lane3"),
        ("pe_1_2", "pe1x2"),
        ("s1_2", "s1x2"),
        ("a b", "a_b"),
        ("3", "n3"),
        ("_3", "n3"),
    ],
)
def test_name_hints_survive_printing(name: str, hint: str) -> None:
    assert name_hint(name) == hint
    assert stable_hint(hint) == hint


def test_width_of_refuses_memories() -> None:
    b = ModuleBuilder("m")
    b.memory(4, 4, "ram", style="block", init=[1])
    memory = next(op for op in b.build().walk() if isinstance(op, rtl.MemoryOp))
    with pytest.raises(TypeError, match="expected a bit vector"):
        width_of(memory.result)
