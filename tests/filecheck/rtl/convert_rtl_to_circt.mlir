// RUN: e3ne-opt %s -p convert-rtl-to-circt | filecheck %s
// RUN: e3ne-opt %s -t circt | filecheck %s

// CHECK: hw.module @logic(in %clk: !seq.clock, in %rst: i1, in %a: i8, in %b: i8, in %c: i1, in %x "odd name": i3, out y: i1, out "1": i8) {
rtl.module @logic(%a: i8, %b: i8, %c: i1, %x "odd name": i3) -> (y: i1, "1": i8) {
  // CHECK-NEXT: %k = hw.constant -1 : i8
  %k = rtl.constant -1 : i8
  // CHECK-NEXT: %wide = hw.constant -1208925819614629174706176 : i81
  %wide = rtl.constant 0x100000000000000000000 : i81
  // CHECK-NEXT: %sum = comb.add %a, %b : i8
  %sum = rtl.add %a, %b : i8
  // CHECK-NEXT: %difference = comb.sub %a, %b : i8
  %difference = rtl.sub %a, %b : i8
  // CHECK-NEXT: %and = comb.and %a, %b, %k : i8
  %and = rtl.and %a, %b, %k : i8
  // CHECK-NEXT: %or = comb.or %a : i8
  %or = rtl.or %a : i8
  // CHECK-NEXT: %xor = comb.xor %a, %b : i8
  %xor = rtl.xor %a, %b {note = "lost"} : i8
  // CHECK-NEXT: %0 = hw.constant -1 : i8
  // CHECK-NEXT: %not = comb.xor %a, %0 : i8
  %not = rtl.not %a : i8
  // CHECK-NEXT: %eq = comb.icmp eq %a, %b : i8
  %eq = rtl.eq %a, %b : i8
  // CHECK-NEXT: %ne = comb.icmp ne %a, %b : i8
  %ne = rtl.ne %a, %b : i8
  // CHECK-NEXT: %ult = comb.icmp ult %a, %b : i8
  %ult = rtl.ult %a, %b : i8
  // CHECK-NEXT: %ule = comb.icmp ule %a, %b : i8
  %ule = rtl.ule %a, %b : i8
  // CHECK-NEXT: %slt = comb.icmp slt %a, %b : i8
  %slt = rtl.slt %a, %b : i8
  // CHECK-NEXT: %sle = comb.icmp sle %a, %b : i8
  %sle = rtl.sle %a, %b : i8
  // CHECK-NEXT: %mux = comb.mux %c, %a, %b : i8
  %mux = rtl.mux %c, %a, %b : i8
  // CHECK-NEXT: %concat = comb.concat %a, %c, %x : i8, i1, i3
  %concat = rtl.concat %a, %c, %x : i8, i1, i3
  // CHECK-NEXT: %extract = comb.extract %a from 3 :  (i8) -> i2
  %extract = rtl.extract %a from 3 : i8 -> i2
  // CHECK-NEXT: %replicate = comb.replicate %x : (i3) -> i9
  %replicate = rtl.replicate %x : i3 -> i9
  // CHECK-NEXT: %1 = hw.constant 0 : i5
  // CHECK-NEXT: %zext = comb.concat %1, %x : i5, i3
  %zext = rtl.zext %x : i3 -> i8
  // CHECK-NEXT: %2 = comb.extract %x from 2 :  (i3) -> i1
  // CHECK-NEXT: %3 = comb.replicate %2 : (i1) -> i5
  // CHECK-NEXT: %sext = comb.concat %3, %x : i5, i3
  %sext = rtl.sext %x : i3 -> i8
  // CHECK-NEXT: %same = comb.concat %a : i8
  %same = rtl.sext %a : i8 -> i8
  // CHECK-NEXT: %4 = hw.constant -1 : i8
  // CHECK-NEXT: %all = comb.icmp eq %a, %4 : i8
  %all = rtl.reduce_and %a : i8
  // CHECK-NEXT: %5 = hw.constant 0 : i8
  // CHECK-NEXT: %any = comb.icmp ne %a, %5 : i8
  %any = rtl.reduce_or %a : i8
  // CHECK-NEXT: %parity = comb.parity %a : i8
  %parity = rtl.reduce_xor %a : i8
  // Three words of eight: the last one comes first, and the missing ones are 0.
  // CHECK-NEXT: %6 = hw.aggregate_constant [0 : i5, 0 : i5, 0 : i5, 0 : i5, 0 : i5, 15 : i5, -15 : i5, 0 : i5] : !hw.array<8xi5>
  // CHECK-NEXT: %table = hw.array_get %6[%x] : !hw.array<8xi5>, i3
  %table = rtl.table %x, #rtl.words<5, "00110f"> : i3
  // CHECK-NEXT: hw.output %slt, %sum : i1, i8
  rtl.output %slt, %sum : i1, i8
// CHECK-NEXT: }
}

// A next value may be used before it is made; a reset value is a constant.
// CHECK: hw.module @registers(in %clk: !seq.clock, in %rst: i1, in %a: i8, in %e: i1, out y: i8) {
rtl.module @registers(%a: i8, %e: i1) -> (y: i8) {
  // CHECK-NEXT: %plain = seq.compreg %count1, %clk : i8
  %plain = rtl.register %q : i8
  // CHECK-NEXT: %0 = hw.constant 7 : i8
  // CHECK-NEXT: %count1 = seq.compreg %next, %clk reset %rst, %0 : i8
  %q = rtl.register "count_1" %next reset 7 : i8
  // CHECK-NEXT: %held = seq.compreg.ce %a, %clk, %e : i8
  %enabled = rtl.register "held" %a enable %e : i8
  // CHECK-NEXT: %1 = hw.constant -1 : i8
  // CHECK-NEXT: %both = seq.compreg.ce %a, %clk, %e reset %rst, %1 : i8
  %both = rtl.register %a enable %e reset -1 : i8
  // CHECK-NEXT: %next = comb.add %count1, %a : i8
  %next = rtl.add %q, %a : i8
  // CHECK-NEXT: hw.output %both : i8
  rtl.output %both : i8
// CHECK-NEXT: }
}

// CHECK: hw.module @memories(in %clk: !seq.clock, in %rst: i1, in %a: i2, in %one: i1, in %d: i8, in %e: i1, out y: i8) {
rtl.module @memories(%a: i2, %one: i1, %d: i8, %e: i1) -> (y: i8) {
  // A memory is written during reset, too, unlike one of CIRCT's whose reset is high.
  // CHECK-NEXT: %0 = hw.constant false
  // CHECK-NEXT: %1 = "seq.hlmem"(%clk, %0) <{name = "ram"}> : (!seq.clock, i1) -> !seq.hlmem<3xi8>
  %ram = rtl.memory "ram" block : !rtl.memory<3x8>
  // CHECK-NEXT: "seq.write"(%1, %a, %d, %e) <{latency = 1 : i64}> : (!seq.hlmem<3xi8>, i2, i8, i1) -> ()
  rtl.memory_write %ram[%a], %d enable %e : !rtl.memory<3x8>
  // CHECK-NEXT: %2 = "seq.read"(%1, %a) <{latency = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 0>}> : (!seq.hlmem<3xi8>, i2) -> i8
  // CHECK-NEXT: %ram_q = seq.compreg.ce %2, %clk, %e : i8
  %read = rtl.memory_read_registered %ram[%a] enable %e : !rtl.memory<3x8>
  // CHECK-NEXT: %3 = hw.constant false
  // CHECK-NEXT: %4 = "seq.hlmem"(%clk, %3) <{name = "rows"}> : (!seq.clock, i1) -> !seq.hlmem<2xi8>
  %rows = rtl.memory "rows" distributed : !rtl.memory<1x8>
  // CHECK-NEXT: "seq.write"(%4, %one, %d, %e) <{latency = 1 : i64}> : (!seq.hlmem<2xi8>, i1, i8, i1) -> ()
  rtl.memory_write %rows[%one], %d enable %e : !rtl.memory<1x8>
  // CHECK-NEXT: %row = "seq.read"(%4, %one) <{latency = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 0>}> : (!seq.hlmem<2xi8>, i1) -> i8
  %row = rtl.memory_read %rows[%one] : !rtl.memory<1x8>
  %rom = rtl.memory "rom" block init #rtl.words<8, "01ff"> : !rtl.memory<3x8>
  // CHECK-NEXT: %5 = hw.aggregate_constant [0 : i8, 0 : i8, -1 : i8, 1 : i8] : !hw.array<4xi8>
  // CHECK-NEXT: %6 = hw.array_get %5[%a] : !hw.array<4xi8>, i2
  // CHECK-NEXT: %rom_q = seq.compreg.ce %6, %clk, %e : i8
  %word = rtl.memory_read_registered %rom[%a] enable %e : !rtl.memory<3x8>
  // Words that start with a value are registers; the third one starts unknown.
  // CHECK-NEXT: %7 = hw.constant 0 : i2
  // CHECK-NEXT: %8 = comb.icmp eq %a, %7 : i2
  // CHECK-NEXT: %9 = comb.and %e, %8 : i1
  // CHECK-NEXT: %10 = "seq.initial"() ({
  // CHECK-NEXT: %11 = hw.constant 2 : i8
  // CHECK-NEXT: "seq.yield"(%11) : (i8) -> ()
  // CHECK-NEXT: }) : () -> !seq.immutable<i8>
  // CHECK-NEXT: %kept_word0 = seq.compreg.ce %d, %clk, %9 initial %10 : i8
  // CHECK-NEXT: %11 = hw.constant 1 : i2
  // CHECK-NEXT: %12 = comb.icmp eq %a, %11 : i2
  // CHECK-NEXT: %13 = comb.and %e, %12 : i1
  // CHECK-NEXT: %14 = "seq.initial"() ({
  // CHECK-NEXT: %15 = hw.constant 3 : i8
  // CHECK-NEXT: "seq.yield"(%15) : (i8) -> ()
  // CHECK-NEXT: }) : () -> !seq.immutable<i8>
  // CHECK-NEXT: %kept_word1 = seq.compreg.ce %d, %clk, %13 initial %14 : i8
  // CHECK-NEXT: %15 = hw.constant -2 : i2
  // CHECK-NEXT: %16 = comb.icmp eq %a, %15 : i2
  // CHECK-NEXT: %17 = comb.and %e, %16 : i1
  // CHECK-NEXT: %kept_word2 = seq.compreg.ce %d, %clk, %17 : i8
  // CHECK-NEXT: %18 = hw.array_create %kept_word2, %kept_word1, %kept_word0 : i8
  %kept = rtl.memory "kept" registers init #rtl.words<8, "0203"> : !rtl.memory<3x8>
  rtl.memory_write %kept[%a], %d enable %e : !rtl.memory<3x8>
  // CHECK-NEXT: %old = hw.array_get %18[%a] : !hw.array<3xi8>, i2
  %old = rtl.memory_read %kept[%a] : !rtl.memory<3x8>
  // CHECK-NEXT: hw.output %old : i8
  rtl.output %old : i8
// CHECK-NEXT: }
}

// CHECK: hw.module @top(in %clk: !seq.clock, in %rst: i1, in %a: i8, in %e: i1, out y: i8) {
rtl.module @top(%a: i8, %e: i1) -> (y: i8) comment "Lost." parameters {size = 1 : i64} {
  // Named results are wires that stay; names may come twice.
  // CHECK-NEXT: %0, %1 = hw.instance "first" @two(clk: %clk: !seq.clock, rst: %rst: i1, x: %a: i8) -> ("a b": i8, c: i8)
  // CHECK-NEXT: %stream_data = hw.wire %0 sym @wire0 name "stream_data" : i8
  %stream_data, %1 = rtl.instance "first" @two(x: %a: i8) -> ("a b": i8, c: i8)
  // CHECK-NEXT: %2, %3 = hw.instance "second" @two(clk: %clk: !seq.clock, rst: %rst: i1, x: %stream_data: i8) -> ("a b": i8, c: i8)
  // CHECK-NEXT: %stream_data_1 = hw.wire %3 sym @wire1 name "stream_data" : i8
  %2, %stream_data_1 = rtl.instance "second" @two(x: %stream_data: i8) -> ("a b": i8, c: i8)
  // CHECK-NEXT: hw.output %stream_data_1 : i8
  rtl.output %stream_data_1 : i8
// CHECK-NEXT: }
}

// CHECK: hw.module @two(in %clk: !seq.clock, in %rst: i1, in %x: i8, out "a b": i8, out c: i8) {
rtl.module @two(%x: i8) -> ("a b": i8, c: i8) {
  // CHECK-NEXT: hw.output %x, %x : i8, i8
  rtl.output %x, %x : i8, i8
// CHECK-NEXT: }
}
