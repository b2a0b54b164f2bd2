// RUN: e3ne-opt %s | e3ne-opt | filecheck %s
// RUN: e3ne-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// RUN: e3ne-opt %s --print-op-generic | e3ne-opt | filecheck %s

// CHECK:      rtl.module @all(%a: i8, %b: i8, %c: i1, %x "odd name": i3) -> (y: i8, "1": i1) comment "Every operation.\0ATwice." parameters {size = 8 : i64, kind = "all"} {
// GENERIC:    "rtl.module"() <{sym_name = "all", input_names = ["a", "b", "c", "odd name"], output_names = ["y", "1"], comment = "Every operation.\0ATwice.", parameters = {size = 8 : i64, kind = "all"}}> ({
rtl.module @all(%a: i8, %b: i8, %c: i1, %x "odd name": i3) -> (y: i8, "1": i1) comment "Every operation.\0ATwice." parameters {size = 8 : i64, kind = "all"} {
  // CHECK-NEXT: %k = rtl.constant 255 : i8
  // GENERIC:    %k = "rtl.constant"() <{value = #rtl.bits<8, 255>}> : () -> i8
  %k = rtl.constant -1 : i8
  // CHECK-NEXT: %wide = rtl.constant 0x100000000000000000000 : i81
  // GENERIC:    %wide = "rtl.constant"() <{value = #rtl.bits<81, 0x100000000000000000000>}> : () -> i81
  %wide = rtl.constant 0x100000000000000000000 : i81
  // CHECK-NEXT: %sum = rtl.add %a, %b : i8
  // GENERIC:    %sum = "rtl.add"(%a, %b) : (i8, i8) -> i8
  %sum = rtl.add %a, %b : i8
  // CHECK-NEXT: %difference = rtl.sub %a, %b : i8
  %difference = rtl.sub %a, %b : i8
  // CHECK-NEXT: %and = rtl.and %a, %b, %k : i8
  // GENERIC:    %and = "rtl.and"(%a, %b, %k) : (i8, i8, i8) -> i8
  %and = rtl.and %a, %b, %k : i8
  // CHECK-NEXT: %or = rtl.or %a, %b : i8
  %or = rtl.or %a, %b : i8
  // CHECK-NEXT: %xor = rtl.xor %a, %b {note = "kept"} : i8
  %xor = rtl.xor %a, %b {note = "kept"} : i8
  // CHECK-NEXT: %not = rtl.not %a : i8
  %not = rtl.not %a : i8
  // CHECK-NEXT: %eq = rtl.eq %a, %b : i8
  // GENERIC:    %eq = "rtl.eq"(%a, %b) : (i8, i8) -> i1
  %eq = rtl.eq %a, %b : i8
  // CHECK-NEXT: %ne = rtl.ne %a, %b : i8
  %ne = rtl.ne %a, %b : i8
  // CHECK-NEXT: %ult = rtl.ult %a, %b : i8
  %ult = rtl.ult %a, %b : i8
  // CHECK-NEXT: %ule = rtl.ule %a, %b : i8
  %ule = rtl.ule %a, %b : i8
  // CHECK-NEXT: %slt = rtl.slt %a, %b : i8
  %slt = rtl.slt %a, %b : i8
  // CHECK-NEXT: %sle = rtl.sle %a, %b : i8
  %sle = rtl.sle %a, %b : i8
  // CHECK-NEXT: %mux = rtl.mux %c, %a, %b : i8
  // GENERIC:    %mux = "rtl.mux"(%c, %a, %b) : (i1, i8, i8) -> i8
  %mux = rtl.mux %c, %a, %b : i8
  // CHECK-NEXT: %concat = rtl.concat %a, %c, %x : i8, i1, i3
  // GENERIC:    %concat = "rtl.concat"(%a, %c, %x) : (i8, i1, i3) -> i12
  %concat = rtl.concat %a, %c, %x : i8, i1, i3
  // CHECK-NEXT: %extract = rtl.extract %a from 3 : i8 -> i2
  // GENERIC:    %extract = "rtl.extract"(%a) <{low = 3 : i64}> : (i8) -> i2
  %extract = rtl.extract %a from 3 : i8 -> i2
  // CHECK-NEXT: %replicate = rtl.replicate %x : i3 -> i9
  %replicate = rtl.replicate %x : i3 -> i9
  // CHECK-NEXT: %zext = rtl.zext %x : i3 -> i8
  %zext = rtl.zext %x : i3 -> i8
  // CHECK-NEXT: %sext = rtl.sext %x : i3 -> i8
  %sext = rtl.sext %x : i3 -> i8
  // CHECK-NEXT: %all = rtl.reduce_and %a : i8
  %all = rtl.reduce_and %a : i8
  // CHECK-NEXT: %any = rtl.reduce_or %a : i8
  %any = rtl.reduce_or %a : i8
  // CHECK-NEXT: %parity = rtl.reduce_xor %a : i8
  %parity = rtl.reduce_xor %a : i8
  // CHECK-NEXT: %table = rtl.table %x, #rtl.words<5, "001f02"> : i3
  // GENERIC:    %table = "rtl.table"(%x) <{words = #rtl.words<5, "001f02">}> : (i3) -> i5
  %table = rtl.table %x, #rtl.words<5, "001f02"> : i3
  // CHECK-NEXT: %q = rtl.register "q_1" %next enable %c reset 7 : i8
  // GENERIC:    %q = "rtl.register"(%next, %c) <{reset = #rtl.bits<8, 7>, name = "q_1"}> : (i8, i1) -> i8
  %q = rtl.register "q_1" %next enable %c reset 7 : i8
  // CHECK-NEXT: %next = rtl.add %q, %k : i8
  %next = rtl.add %q, %k : i8
  // CHECK-NEXT: %plain = rtl.register %q : i8
  // GENERIC:    %plain = "rtl.register"(%q) : (i8) -> i8
  %plain = rtl.register %q : i8
  // CHECK-NEXT: %rows = rtl.memory "rows" distributed : !rtl.memory<8x8>
  // GENERIC:    %rows = "rtl.memory"() <{name = "rows", style = "distributed"}> : () -> !rtl.memory<8x8>
  %rows = rtl.memory "rows" distributed : !rtl.memory<8x8>
  // CHECK-NEXT: rtl.memory_write %rows[%x], %sum enable %c : !rtl.memory<8x8>
  // GENERIC:    "rtl.memory_write"(%rows, %x, %sum, %c) : (!rtl.memory<8x8>, i3, i8, i1) -> ()
  rtl.memory_write %rows[%x], %sum enable %c : !rtl.memory<8x8>
  // CHECK-NEXT: %word = rtl.memory_read %rows[%x] : !rtl.memory<8x8>
  // GENERIC:    %word = "rtl.memory_read"(%rows, %x) : (!rtl.memory<8x8>, i3) -> i8
  %word = rtl.memory_read %rows[%x] : !rtl.memory<8x8>
  // CHECK-NEXT: %rom = rtl.memory "rom" block init #rtl.words<8, "01ff"> : !rtl.memory<5x8>
  // GENERIC:    %rom = "rtl.memory"() <{name = "rom", style = "block", init = #rtl.words<8, "01ff">}> : () -> !rtl.memory<5x8>
  %rom = rtl.memory "rom" block init #rtl.words<8, "01ff"> : !rtl.memory<5x8>
  // CHECK-NEXT: %later = rtl.memory_read_registered %rom[%x] enable %c : !rtl.memory<5x8>
  // GENERIC:    %later = "rtl.memory_read_registered"(%rom, %x, %c) : (!rtl.memory<5x8>, i3, i1) -> i8
  %later = rtl.memory_read_registered %rom[%x] enable %c : !rtl.memory<5x8>
  // CHECK-NEXT: %i, %j = rtl.instance "inner" @empty(a: %a: i8, "b c": %x: i3) -> (p: i1, "q r": i2)
  // GENERIC:    %i, %j = "rtl.instance"(%a, %x) <{instance_name = "inner", module = @empty, input_names = ["a", "b c"], output_names = ["p", "q r"]}> : (i8, i3) -> (i1, i2)
  %i, %j = rtl.instance "inner" @empty(a: %a: i8, "b c": %x: i3) -> (p: i1, "q r": i2)
  // CHECK-NEXT: rtl.output %q, %c : i8, i1
  // GENERIC:    "rtl.output"(%q, %c) : (i8, i1) -> ()
  rtl.output %q, %c : i8, i1
}

// CHECK: rtl.module @empty(%a: i8, %b "b c": i3) -> (p: i1, "q r": i2) {
rtl.module @empty(%a: i8, %b "b c": i3) -> (p: i1, "q r": i2) {
  %p = rtl.constant 0 : i1
  %q = rtl.constant 2 : i2
  rtl.output %p, %q : i1, i2
}

// CHECK:      rtl.module @nothing() -> () {
// CHECK-NEXT:   rtl.output
// CHECK-NEXT: }
rtl.module @nothing() -> () {
  rtl.output
}
