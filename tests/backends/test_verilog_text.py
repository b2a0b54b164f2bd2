"""Names, comments and form of the Verilog text."""

import re
from io import StringIO

import pytest
from hypothesis import given, settings
from rtl_designs import designs, reparse, text_of
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from e3ne.backends.verilog import VerilogTarget, print_verilog
from e3ne.backends.verilog.literals import bit_column, literal
from e3ne.backends.verilog.names import RESERVED, Names, legal_name
from e3ne.dialects.rtl.builder import ModuleBuilder
from e3ne.errors import E3neError


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("sum", "sum"),
        ("a.b", "a_b"),
        ("1x", "_1x"),
        ("", "_"),
        ("logic", "logic_"),
        ("int", "int_"),
        ("a__b", "a_b"),
        ("é", "_"),
    ],
)
def test_legal_names(name: str, legal: str) -> None:
    assert legal_name(name) == legal


def test_reserved_words_of_all_three_languages_are_known() -> None:
    assert {"module", "wire", "unique0", "always_ff", "class", "template", "soft"} <= RESERVED


def test_names_are_given_once() -> None:
    names = Names(["x"])
    assert [names.unique(name) for name in ("x", "x", "x_1", "logic", "logic")] == [
        "x_1",
        "x_2",
        "x_1_1",
        "logic_",
        "logic_1",
    ]


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [(1, 1, "1'b1"), (9, 4, "4'd9"), (255, 8, "8'hff"), (1 << 70, 80, "80'h400000000000000000")],
)
def test_literals(value: int, width: int, text: str) -> None:
    assert literal(value, width) == text


def test_long_literals_can_be_broken() -> None:
    parts = [int(size) for size in re.findall(r"(\d+)'", literal((1 << 1000) - 1, 1000))]
    assert sum(parts) == 1000
    assert max(parts) <= 256


def test_bit_column() -> None:
    assert bit_column((0b01, 0b11, 0b10), 1) == 0b110


@settings(max_examples=20, deadline=None)
@given(designs())
def test_text_of_ir_is_a_fixed_point_and_keeps_the_verilog(design: ModuleOp) -> None:
    verilog = print_verilog(design)
    for generic in (False, True):
        again = reparse(design, generic=generic)
        again.verify()
        assert text_of(again, generic=generic) == text_of(design, generic=generic)
        assert print_verilog(again) == verilog


def test_registers_of_an_enable_share_a_block_and_names_are_kept() -> None:
    b = ModuleBuilder("unit", comment="First line.\n// verilator lint_off all", parameters={"lanes": 4})
    x, enable = b.input("x", 4), b.input("enable", 1)
    total = b.register(4, "total", reset=3)
    total.drive(b.name(b.add(total.value, x), "sum"), enable)
    b.output("y", b.reg(total.value, enable=enable, reset=0, name="delayed"))
    assert print_verilog(ModuleOp([b.build()])) == {
        "unit.v": """\
// First line.
// // verilator lint_off all
//   lanes = 4
module unit (
  input wire clk,
  input wire rst,
  input wire [3:0] x,
  input wire enable,
  output wire [3:0] y
);
  reg [3:0] total;
  reg [3:0] delayed;

  wire [3:0] sum = total + x;

  always @(posedge clk) begin
    if (rst) begin
      total <= 4'd3;
      delayed <= 4'd0;
    end else if (enable) begin
      total <= sum;
      delayed <= total;
    end
  end

  assign y = delayed;

endmodule
"""
    }


def test_no_tool_takes_a_comment_for_a_directive() -> None:
    b = ModuleBuilder("m", comment="verilator lint_off all\n  Synopsys translate_off\nends with \\")
    text = print_verilog(ModuleOp([b.build()]))["m.v"]
    assert text.startswith("// - verilator lint_off all\n// - Synopsys translate_off\n// ends with\nmodule m ();\n")


def test_clock_and_reset_only_where_needed_and_leaves_first() -> None:
    leaf = ModuleBuilder("leaf")
    leaf.output("q", leaf.reg(leaf.input("d", 1)))
    leaf_module = leaf.build()
    wires = ModuleBuilder("wires")
    wires.output("y", wires.not_(wires.input("x", 1)))
    wires_module = wires.build()
    top = ModuleBuilder("top")
    first, second = top.instance(leaf_module, "a"), top.instance(wires_module, "b")
    first.connect("d", top.input("d", 1))
    second.connect("x", first["q"])
    top.output("y", second["y"])
    stream = StringIO()
    VerilogTarget().emit(Context(), ModuleOp([top.build(), leaf_module, wires_module]), stream)
    modules = re.findall(r"^module (\w+) \(\n(.*?)\);", stream.getvalue(), re.S | re.M)
    assert [name for name, _ in modules] == ["leaf", "wires", "top"]
    assert ["clk" in ports for _, ports in modules] == [True, False, True]
    assert not any("rst" in ports for _, ports in modules)


def test_a_stream_keeps_its_name_through_the_hierarchy() -> None:
    leaf = ModuleBuilder("conv1")
    leaf.output("o_data", leaf.reg(leaf.input("i_data", 4)))
    leaf_module = leaf.build()
    top = ModuleBuilder("top")
    first = top.instance(leaf_module, "conv1")
    first.connect("i_data", top.input("s_axis_tdata", 4))
    top.output("m_axis_tdata", top.name(first["o_data"], "conv1_data"))
    text = print_verilog(ModuleOp([leaf_module, top.build()]))["top.v"]
    assert "wire [3:0] conv1_data;" in text
    assert "conv1 conv1 (" in text
    assert ".o_data(conv1_data)" in text


def test_only_rtl_is_printed() -> None:
    with pytest.raises(
        E3neError, match=re.escape("Verilog is printed from rtl.module only, but there is also: builtin.module")
    ):
        print_verilog(ModuleOp([ModuleOp([])]))
