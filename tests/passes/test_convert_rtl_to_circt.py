"""What `convert-rtl-to-circt` refuses, and names that would clash; its text is tested by filecheck."""

from __future__ import annotations

import re

import pytest
from xdsl.context import Context
from xdsl.dialects import hw
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.circt.target import print_circt
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.dialects.snn import ParameterOp
from e3ne.errors import E3neError
from e3ne.passes.convert_rtl_to_circt import ConvertRtlToCirctPass
from e3ne.verification.networks import NetworkBuilder


def test_other_operations_are_named() -> None:
    module = NetworkBuilder("net", (1, 2, 2), 1, seed=0).linear(1).build()
    assert any(isinstance(op, ParameterOp) for op in module.body.block.ops)
    with pytest.raises(E3neError, match=re.escape("there is also: snn.network, snn.parameter")):
        ConvertRtlToCirctPass().apply(Context(), module)


def child() -> ModuleBuilder:
    b = ModuleBuilder("child")
    b.output("y", b.not_(b.input("x", 3)))
    return b


def test_the_target_leaves_the_module_as_it_is() -> None:
    module = ModuleOp([child().build()])
    before = str(module)
    assert "hw.module @child" in print_circt(module)
    assert str(module) == before


def test_symbols_of_wires_differ_where_names_do_not() -> None:
    inner, top = child().build(), ModuleBuilder("top")
    for name in ("first", "second"):
        instance = top.instance(inner, name)
        instance.connect("x", top.constant(5, 3))
        top.name(instance["y"], "stream_data")
        top.output(name, instance["y"])
    module = ModuleOp([inner, top.build()])
    text = print_circt(module)
    assert re.findall(r'sym @(\w+) name "(\w+)"', text) == [("wire0", "stream_data"), ("wire1", "stream_data")]


def test_constants_of_any_width_are_printed() -> None:
    b = ModuleBuilder("wide")
    width = 20_000
    b.output("y", b.constant(1 << (width - 1), width))
    b.output("z", b.table(b.input("a", 1), [0, 1 << (width - 1)], width))
    text = print_circt(ModuleOp([b.build()]))
    widths = [int(found) for found in re.findall(r"hw\.constant (?:\S+) : i(\d+)", text)]
    assert sum(widths) == width
    assert max(widths) == 4096
    assert text.count("hw.aggregate_constant") == len(widths)


def test_every_module_has_clock_and_reset() -> None:
    module = ModuleOp([child().build()])
    ConvertRtlToCirctPass().apply(Context(), module)
    (made,) = module.body.block.ops
    assert isinstance(made, hw.HWModuleOp)
    assert [port.port_name.data for port in made.module_type.ports] == ["clk", "rst", "x", "y"]
