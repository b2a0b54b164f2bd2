"""Verilog that behaves as block RAMs do: Yosys knows those of AMD UltraScale and of ECP5 by name alone.

From the vendors' documentation (AMD UG573 and UG974, Lattice FPGA-TN-02204), as far as Yosys's netlists make use of
them: two ports of one clock (that of an unused port is 0), without output registers, cascades or error correction;
anything else is a port or a parameter that there is not, which Verilator refuses. A bit that one port reads while the
other one writes it comes out wrong, unless the writing port is one that lets others read first: the devices promise
nothing there.
"""

from __future__ import annotations

from e3ne.devices.families import Family

_CORE = """
// Bytes of nine bits behind two ports. Widths count bits, and those below 9 leave out the ninth bit; 0: no such access.
module block_ram_core #(
  parameter ABITS = 14, parameter [9 * (1 << (ABITS - 3)) - 1:0] INIT = 0, parameter UNGATED_RESET = 0,
  parameter READ_A = 0, parameter WRITE_A = 0, parameter OWN_A = 0, parameter SAFE_A = 0,
  parameter READ_B = 0, parameter WRITE_B = 0, parameter OWN_B = 0, parameter SAFE_B = 0,
  parameter [71:0] START_A = 0, parameter [71:0] RESET_A = 0,
  parameter [71:0] START_B = 0, parameter [71:0] RESET_B = 0
) (
  input clk,
  input en_a, input rst_a, input [7:0] we_a, input [ABITS-1:0] addr_a, input [71:0] in_a, output reg [71:0] out_a,
  input en_b, input rst_b, input [7:0] we_b, input [ABITS-1:0] addr_b, input [71:0] in_b, output reg [71:0] out_b
);
  localparam BYTES = 1 << (ABITS - 3);
  localparam NO_CHANGE = 0, OLD = 1, NEW = 2;
  reg [8:0] cells [0:BYTES-1];
  integer i, n, at;
  reg [8:0] value, own, other;
  reg [71:0] next;
  initial begin
    for (i = 0; i < BYTES; i = i + 1) cells[i] = INIT[9 * i +: 9];
    out_a = START_A;
    out_b = START_B;
  end

  function integer bytes_of(input integer width);
    bytes_of = width < 9 ? 1 : width / 9;
  endfunction
  function integer low_bit(input integer width, input integer addr);
    low_bit = width < 9 ? (addr & 7) & ~(width - 1) : 0;
  endfunction
  function integer first_byte(input integer width, input integer addr);
    first_byte = ((addr >> 3) / bytes_of(width)) * bytes_of(width);
  endfunction
  // The bits of a byte that a write goes to; none if it is to other bytes.
  function [8:0] written(input integer width, input integer addr, input [7:0] we, input integer number);
    begin
      written = 0;
      if (width != 0 && first_byte(width, number * 8) == first_byte(width, addr)) begin
        if (width < 9) written = we[0] ? ((1 << width) - 1) << low_bit(width, addr) : 0;
        else written = we[number % bytes_of(width)] ? 9'h1ff : 0;
      end
    end
  endfunction
  function [8:0] part(input integer width, input integer addr, input [71:0] data, input integer number);
    part = width < 9 ? data[8:0] << low_bit(width, addr) : data[9 * (number % bytes_of(width)) +: 9];
  endfunction

  always @(posedge clk) begin
{reads}
{writes}
  end
endmodule
"""

_READ = """    if (en_{a} && READ_{A} != 0 && (OWN_{A} != NO_CHANGE || WRITE_{A} == 0 || we_{a} == 0)) begin
      next = 0;
      for (n = 0; n < bytes_of(READ_{A}); n = n + 1) begin
        at = first_byte(READ_{A}, addr_{a}) + n;
        value = cells[at];
        own = OWN_{A} == NEW ? written(WRITE_{A}, addr_{a}, we_{a}, at) : 0;
        value = (value & ~own) | (part(WRITE_{A}, addr_{a}, in_{a}, at) & own);
        other = en_{b} && SAFE_{B} == 0 ? written(WRITE_{B}, addr_{b}, we_{b}, at) : 0;
        value = value ^ other;
        if (READ_{A} < 9) next = (value >> low_bit(READ_{A}, addr_{a})) & ((1 << READ_{A}) - 1);
        else next[9 * n +: 9] = value;
      end
      out_{a} <= next;
    end
    if (rst_{a} && (en_{a} || UNGATED_RESET != 0)) out_{a} <= RESET_{A};"""

_WRITE = """    if (en_{a} && WRITE_{A} != 0)
      for (n = 0; n < bytes_of(WRITE_{A}); n = n + 1) begin
        at = first_byte(WRITE_{A}, addr_{a}) + n;
        own = written(WRITE_{A}, addr_{a}, we_{a}, at);
        cells[at] = (cells[at] & ~own) | (part(WRITE_{A}, addr_{a}, in_{a}, at) & own);
      end"""


def models(family: Family) -> str:
    """Verilog of the block RAMs of a family; empty for one whose block RAMs are not modelled."""
    known = {"xcup": _amd(18) + _amd(36), "ecp5": _ecp5()}
    return _core() + known[family] if family in known else ""


def _core() -> str:
    reads = "\n".join(_READ.format(a=a, b=b, A=a.upper(), B=b.upper()) for a, b in ("ab", "ba"))
    writes = "\n".join(_WRITE.format(a=a, b=b, A=a.upper(), B=b.upper()) for a, b in ("ab", "ba"))
    return _CORE.replace("{reads}", reads).replace("{writes}", writes)


def _amd(kbits: int) -> str:
    """RAMB18E2 or RAMB36E2. Both ports together are one of twice the width, where that is what a width says."""
    half, address = kbits - kbits // 9, 14 if kbits == 18 else 15
    count, parities = 64 * kbits // 18, 8 * kbits // 18
    lanes, wide = half // 8, 2 * kbits
    inits = [f"  parameter [255:0] INIT_{n:02X} = 0," for n in range(count)]
    inits += [f"  parameter [255:0] INITP_{n:02X} = 0," for n in range(parities)]
    data = ", ".join(f"INIT_{n:02X}" for n in reversed(range(count)))
    parity = ", ".join(f"INITP_{n:02X}" for n in reversed(range(parities)))
    return f"""
module RAMB{kbits}E2 #(
{chr(10).join(inits)}
  parameter CLOCK_DOMAINS = "INDEPENDENT", parameter DOA_REG = 0, parameter DOB_REG = 0,
  parameter READ_WIDTH_A = 0, parameter READ_WIDTH_B = 0, parameter WRITE_WIDTH_A = 0, parameter WRITE_WIDTH_B = 0,
  parameter WRITE_MODE_A = "NO_CHANGE", parameter WRITE_MODE_B = "NO_CHANGE",
  parameter [{kbits - 1}:0] INIT_A = 0, parameter [{kbits - 1}:0] INIT_B = 0,
  parameter [{kbits - 1}:0] SRVAL_A = 0, parameter [{kbits - 1}:0] SRVAL_B = 0
) (
  input CLKARDCLK, input CLKBWRCLK, input ENARDEN, input ENBWREN, input RSTRAMARSTRAM, input RSTRAMB,
  input RSTREGARSTREG, input RSTREGB, input REGCEAREGCE, input REGCEB, input ADDRENA, input ADDRENB, input SLEEP,
  input [{lanes - 1}:0] WEA, input [{2 * lanes - 1}:0] WEBWE,
  input [{address - 1}:0] ADDRARDADDR, input [{address - 1}:0] ADDRBWRADDR,
  input [{half - 1}:0] DINADIN, input [{half - 1}:0] DINBDIN,
  input [{lanes - 1}:0] DINPADINP, input [{lanes - 1}:0] DINPBDINP,
  output [{half - 1}:0] DOUTADOUT, output [{half - 1}:0] DOUTBDOUT,
  output [{lanes - 1}:0] DOUTPADOUTP, output [{lanes - 1}:0] DOUTPBDOUTP
);
  localparam BYTES = {1 << (address - 3)};
  localparam [8*BYTES-1:0] DATA = {{{data}}};
  localparam [BYTES-1:0] PARITY = {{{parity}}};
  function [9*BYTES-1:0] image(input integer unused);
    integer k;
    for (k = 0; k < BYTES; k = k + 1) image[9 * k +: 9] = {{PARITY[k], DATA[8 * k +: 8]}};
  endfunction
  // Bits of a byte stand together here, in the order in which a port of 9 bits has them.
  wire [71:0] in_a, in_b, out_a, out_b;
  genvar k;
  generate
    if (DOA_REG != 0 || DOB_REG != 0) output_registers_are_not_modelled refused ();
    for (k = 0; k < {lanes}; k = k + 1) begin : lane
      assign in_a[9 * k +: 9] = {{DINPADINP[k], DINADIN[8 * k +: 8]}};
      if (WRITE_WIDTH_B == {wide}) begin : twice
        assign in_b[9 * k +: 9] = {{DINPADINP[k], DINADIN[8 * k +: 8]}};
        assign in_b[9 * (k + {lanes}) +: 9] = {{DINPBDINP[k], DINBDIN[8 * k +: 8]}};
      end else begin : once
        assign in_b[9 * k +: 9] = {{DINPBDINP[k], DINBDIN[8 * k +: 8]}};
      end
      assign {{DOUTPADOUTP[k], DOUTADOUT[8 * k +: 8]}} = out_a[9 * k +: 9];
      assign {{DOUTPBDOUTP[k], DOUTBDOUT[8 * k +: 8]}} =
        READ_WIDTH_A == {wide} ? out_a[9 * ((k + {lanes}) % 8) +: 9] : out_b[9 * k +: 9];
    end
  endgenerate
  block_ram_core #(
    .ABITS({address}), .INIT(image(0)),
    .READ_A(READ_WIDTH_A), .WRITE_A(WRITE_WIDTH_A), .READ_B(READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B),
    .OWN_A(WRITE_MODE_A == "WRITE_FIRST" ? 2 : WRITE_MODE_A == "READ_FIRST" ? 1 : 0),
    .OWN_B(WRITE_MODE_B == "WRITE_FIRST" ? 2 : WRITE_MODE_B == "READ_FIRST" ? 1 : 0),
    .SAFE_A(WRITE_MODE_A == "READ_FIRST"), .SAFE_B(WRITE_MODE_B == "READ_FIRST"),
    .START_A(READ_WIDTH_A == {wide} ? {{INIT_B, INIT_A}} : INIT_A), .START_B(INIT_B),
    .RESET_A(READ_WIDTH_A == {wide} ? {{SRVAL_B, SRVAL_A}} : SRVAL_A), .RESET_B(SRVAL_B)
  ) core (
    .clk(CLKARDCLK | CLKBWRCLK),
    .en_a(ENARDEN), .rst_a(RSTRAMARSTRAM), .we_a({{{8 - lanes}'d0, WEA}}), .addr_a(ADDRARDADDR),
    .in_a(in_a), .out_a(out_a),
    .en_b(ENBWREN), .rst_b(RSTRAMB), .we_b({"WEBWE" if lanes == 4 else "{4'd0, WEBWE}"}), .addr_b(ADDRBWRADDR),
    .in_b(in_b), .out_b(out_b)
  );
endmodule
"""


def _ecp5() -> str:
    """DP16KD; of 36 bits, port A writes with the data of both, and port B reads with the outputs of both."""
    inits = [f"  parameter [319:0] INITVAL_{n:02X} = 0," for n in range(64)]
    words = ", ".join(f"INITVAL_{n:02X}" for n in reversed(range(64)))
    ports = [
        f"  input {', '.join(f'{pin}{side}{n}' for n in reversed(range(width)))},"
        for side in "AB"
        for pin, width in (("DI", 18), ("AD", 14), ("CS", 3))
    ]
    outputs = [f"  output {', '.join(f'DO{side}{n}' for n in reversed(range(18)))}," for side in "AB"]

    def bus(pin: str, side: str, width: int) -> str:
        return "{" + ", ".join(f"{pin}{side}{n}" for n in reversed(range(width))) + "}"

    return f"""
module DP16KD #(
{chr(10).join(inits)}
  parameter DATA_WIDTH_A = 18, parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG", parameter REGMODE_B = "NOREG",
  parameter RESETMODE = "SYNC", parameter ASYNC_RESET_RELEASE = "SYNC", parameter GSR = "AUTO",
  parameter CSDECODE_A = "0b000", parameter CSDECODE_B = "0b000",
  parameter CLKAMUX = "CLKA", parameter CLKBMUX = "CLKB",
  parameter WRITEMODE_A = "NORMAL", parameter WRITEMODE_B = "NORMAL"
) (
{chr(10).join(ports + outputs)}
  input CEA, input OCEA, input CLKA, input WEA, input RSTA, input CEB, input OCEB, input CLKB, input WEB, input RSTB
);
  localparam [64*320-1:0] WORDS = {{{words}}};
  function [1024*18-1:0] image(input integer unused);
    integer k;
    for (k = 0; k < 1024; k = k + 1) image[18 * k +: 18] = WORDS[20 * k +: 18];
  endfunction
  localparam PSEUDO = DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36;
  wire [13:0] addr_a = {bus("AD", "A", 14)}, addr_b = {bus("AD", "B", 14)};
  wire [17:0] in_a = {bus("DI", "A", 18)}, in_b = {bus("DI", "B", 18)};
  wire [71:0] out_a, out_b;
  // The lowest bits of an address say which bytes are written, where there are several.
  wire [3:0] bytes_a = DATA_WIDTH_A == 36 ? addr_a[3:0] : DATA_WIDTH_A == 18 ? {{2'b0, addr_a[1:0]}} : 4'd1;
  wire [1:0] bytes_b = DATA_WIDTH_B == 18 ? addr_b[1:0] : 2'd1;
  assign {bus("DO", "A", 18)} = PSEUDO ? out_b[17:0] : out_a[17:0];
  assign {bus("DO", "B", 18)} = DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
  generate
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB")
      output_registers_and_other_clocks_are_not_modelled refused ();
    // An unused reset may be of either kind.
    if (RESETMODE != "SYNC")
      always @(posedge CLKA or posedge CLKB) if (RSTA || RSTB) $fatal(1, "asynchronous resets are not modelled");
  endgenerate
  block_ram_core #(
    .ABITS(14), .INIT(image(0)), .UNGATED_RESET(1),
    .READ_A(PSEUDO ? 0 : DATA_WIDTH_A), .WRITE_A(DATA_WIDTH_A),
    .READ_B(DATA_WIDTH_B), .WRITE_B(PSEUDO ? 0 : DATA_WIDTH_B),
    .OWN_A(WRITEMODE_A == "WRITETHROUGH" ? 2 : WRITEMODE_A == "READBEFOREWRITE" ? 1 : 0),
    .OWN_B(WRITEMODE_B == "WRITETHROUGH" ? 2 : WRITEMODE_B == "READBEFOREWRITE" ? 1 : 0)
  ) core (
    .clk(CLKA | CLKB),
    .en_a(CEA), .rst_a(RSTA), .we_a(WEA ? {{4'd0, bytes_a}} : 8'd0), .addr_a(addr_a),
    .in_a({{36'd0, in_b, in_a}}), .out_a(out_a),
    .en_b(CEB), .rst_b(RSTB), .we_b(WEB ? {{6'd0, bytes_b}} : 8'd0), .addr_b(addr_b),
    .in_b({{54'd0, in_b}}), .out_b(out_b)
  );
endmodule
"""
