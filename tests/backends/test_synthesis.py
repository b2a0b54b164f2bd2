"""Counts of designs whose cells are known beforehand."""

import importlib.util
from pathlib import Path

import pytest

from e3ne.backends.synthesis.cells import CELLS, Resources, count_cells
from e3ne.backends.synthesis.yosys import synthesise, synthesise_modules
from e3ne.errors import E3neError

# 8 registers, one table of 6 inputs, 32 × 8 bits of LUT RAM, 16 kbit of block RAM, a delay of 22 cycles.
REGISTERS = """
module registers (input wire clk, input wire [7:0] a, output reg [7:0] q);
  always @(posedge clk) q <= a;
endmodule
"""
TABLE = """
module lookup (input wire [5:0] x, output wire y);
  wire [63:0] t = 64'h123456789abcdef1;
  assign y = t[x];
endmodule
"""
KNOWN = """
module known (
  input wire clk, input wire [5:0] x, output wire y, input wire [7:0] a, output wire [7:0] q, input wire we,
  input wire [4:0] wa, input wire [4:0] ra, input wire [7:0] wd, output wire [7:0] rd,
  input wire [9:0] bwa, input wire [9:0] bra, input wire [15:0] bwd, output reg [15:0] brd, output reg late
);
  registers u (.clk(clk), .a(a), .q(q));
  lookup v (.x(x), .y(y));
  (* ram_style = "distributed" *) reg [7:0] m [0:31];
  always @(posedge clk) if (we) m[wa] <= wd;
  assign rd = m[ra];
  (* ram_style = "block" *) reg [15:0] b [0:1023];
  always @(posedge clk) begin if (we) b[bwa] <= bwd; brd <= b[bra]; end
  reg [20:0] delay;
  always @(posedge clk) {late, delay} <= {delay, x[0]};
endmodule
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known design")
    for name, text in {"registers": REGISTERS, "lookup": TABLE, "known": KNOWN}.items():
        (folder / f"{name}.v").write_text(text)
    return folder


def test_ultrascale_counts_lut_ram_shift_registers_and_half_block_rams(known: Path) -> None:
    # table 1, RAM32M16 8, SRLC32E 1
    assert synthesise(known, "known", "xcup") == Resources(lut=10, ff=8, bram36=0.5)


def test_unflattened_modules_are_added_up(known: Path) -> None:
    # on 7 series the RAM is two RAM32M of 4 LUTs
    assert synthesise(known, "known", "xc7", flatten=False) == Resources(lut=10, ff=8, bram36=0.5)


def test_each_module_alone(known: Path) -> None:
    # on 4-input LUTs a table of 6 inputs is four LUTs and multiplexers beside them
    assert synthesise_modules(known, ["registers", "lookup"], "ecp5") == {
        "registers": Resources(ff=8),
        "lookup": Resources(lut=4),
    }


def test_a_multiplication_shows_as_dsp(tmp_path: Path) -> None:
    text = "module mul (input wire [17:0] a, input wire [17:0] b, output wire [35:0] y); assign y = a * b; endmodule"
    (tmp_path / "mul.v").write_text(text)
    assert synthesise(tmp_path, "mul", "ecp5").dsp == 1


def test_what_yosys_refuses_is_said_in_its_words(known: Path, tmp_path: Path) -> None:
    with pytest.raises(E3neError, match=r"Yosys failed:\n.*nothing"):
        synthesise(known, "nothing", "ecp5")
    with pytest.raises(E3neError, match="no Verilog"):
        synthesise(tmp_path, "known", "xcup")


def test_missing_yosys_is_said(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(E3neError, match=r"Yosys not found: install it with pip install 'e3ne\[synth\]'"):
        synthesise(known, "known", "xcup")


def test_cells_of_unknown_size_are_an_error_that_names_them_all() -> None:
    modules = {"top": {"LUT6": 2, "child": 3}, "child": {"LDCE": 1, "$mul": 1, "FDRE": 1}}
    with pytest.raises(E3neError, match=r"'top' has cells of unknown size on xcup: \$mul, LDCE"):
        count_cells(modules, "top", "xcup")


def test_submodules_count_as_often_as_they_are_instantiated() -> None:
    modules = {"top": {"LUT6": 2, "child": 3, "$scopeinfo": 1}, "child": {"RAM64X1D": 1, "RAMB36E2": 1, "CARRY8": 4}}
    assert count_cells(modules, "top", "xcup") == Resources(lut=8, bram36=3.0)


@pytest.mark.parametrize(
    ("cell", "luts"),
    [("RAM32M", 4), ("RAM32M16", 8), ("RAM64M8", 8), ("RAM128X1D", 4), ("SRL16E", 1), ("CARRY4", 0), ("MUXF7", 0)],
)
def test_luts_of_amd_cells(cell: str, luts: int) -> None:
    assert CELLS["xc7"][cell].lut == luts
