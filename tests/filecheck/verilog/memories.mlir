// RUN: e3ne-opt %s -t verilog | filecheck %s --strict-whitespace --match-full-lines

// CHECK:module memories (
// CHECK-NEXT:  input wire clk,
// CHECK-NEXT:  input wire [2:0] a,
// CHECK-NEXT:  input wire [7:0] d,
// CHECK-NEXT:  input wire en,
// CHECK-NEXT:  output wire [7:0] x,
// CHECK-NEXT:  output wire [7:0] y,
// CHECK-NEXT:  output reg [7:0] z
// CHECK-NEXT:);
rtl.module @memories(%a: i3, %d: i8, %en: i1) -> (x: i8, y: i8, z: i8) {
  // CHECK-NEXT:  (* ram_style = "distributed" *)
  // CHECK-NEXT:  reg [7:0] rows [0:7];
  %rows = rtl.memory "rows" distributed init #rtl.words<8, "00ff"> : !rtl.memory<8x8>
  // CHECK-NEXT:  (* rom_style = "block" *)
  // CHECK-NEXT:  reg [7:0] rom [0:4];
  %rom = rtl.memory "rom" block init #rtl.words<8, "01ff"> : !rtl.memory<5x8>
  // CHECK:  wire [7:0] t = 8'd6;
  // CHECK-NEXT:  wire [7:0] t_1 = 8'd5;
  // CHECK-NEXT:  wire [1:0] x0 = {t[a], t_1[a]};
  // CHECK-NEXT:  assign x = {6'd0, x0};
  %x0 = rtl.table %a, #rtl.words<2, "123"> : i3
  %x = rtl.zext %x0 : i2 -> i8
  // CHECK-NEXT:  assign y = rows[a];
  %y = rtl.memory_read %rows[%a] : !rtl.memory<8x8>
  // CHECK:  initial begin
  // CHECK-NEXT:    rows[0] = 8'd0;
  // CHECK-NEXT:    rows[1] = 8'hff;
  // CHECK-NEXT:  end
  // CHECK-NEXT:  initial begin
  // CHECK-NEXT:    rom[0] = 8'd1;
  // CHECK-NEXT:    rom[1] = 8'hff;
  // CHECK-NEXT:    rom[2] = 8'd0;
  // CHECK-NEXT:    rom[3] = 8'd0;
  // CHECK-NEXT:    rom[4] = 8'd0;
  // CHECK-NEXT:  end
  // CHECK:  always @(posedge clk) begin
  // CHECK-NEXT:    if (en) begin
  // CHECK-NEXT:      rows[a] <= d;
  // CHECK-NEXT:    end
  // CHECK-NEXT:  end
  rtl.memory_write %rows[%a], %d enable %en : !rtl.memory<8x8>
  // CHECK:  always @(posedge clk) begin
  // CHECK-NEXT:    if (en) begin
  // CHECK-NEXT:      z <= rom[a];
  // CHECK-NEXT:    end
  // CHECK-NEXT:  end
  %z = rtl.memory_read_registered %rom[%a] enable %en : !rtl.memory<5x8>
  rtl.output %x, %y, %z : i8, i8, i8
}
// CHECK:endmodule
