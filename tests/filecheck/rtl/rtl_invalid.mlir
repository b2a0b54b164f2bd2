// RUN: e3ne-opt %s --parsing-diagnostics --verify-diagnostics --split-input-file | filecheck %s

rtl.module @m(%a: i8, %b: i4) -> (y: i8) {
  // CHECK: operand 1 has type i4, expected i8 like the result
  %y = "rtl.add"(%a, %b) : (i8, i4) -> i8
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i8, %b: i4) -> (y: i1) {
  // CHECK: operand 1 has type i4, expected i8 like operand 0
  %y = "rtl.ult"(%a, %b) : (i8, i4) -> i1
  rtl.output %y : i1
}

// -----

rtl.module @m(%a: i0) -> () {
  // CHECK: input "a" of module @m has type i0, expected at least one bit
  rtl.output
}

// -----

rtl.module @m(%a: i8) -> (y: i0) {
  // CHECK: expected a signless integer of at least 1 bit, got i0
  %y = rtl.extract %a from 0 : i8 -> i0
  rtl.output %y : i0
}

// -----

rtl.module @m(%a: i8) -> (y: i3) {
  // CHECK: bits 6 to 8 are not all within the operand's 8 bits
  %y = rtl.extract %a from 6 : i8 -> i3
  rtl.output %y : i3
}

// -----

rtl.module @m(%a: i8) -> (y: i9) {
  // CHECK: the operands have 16 bits in all, but the result has type i9
  %y = "rtl.concat"(%a, %a) : (i8, i8) -> i9
  rtl.output %y : i9
}

// -----

rtl.module @m(%a: i8) -> (y: i9) {
  // CHECK: 9 bits are not a multiple of the operand's 8 bits
  %y = rtl.replicate %a : i8 -> i9
  rtl.output %y : i9
}

// -----

rtl.module @m(%a: i8) -> (y: i4) {
  // CHECK: cannot extend 8 bits to 4
  %y = rtl.zext %a : i8 -> i4
  rtl.output %y : i4
}

// -----

rtl.module @m(%a: i8) -> (y: i8) {
  // CHECK: the condition has type i8, expected i1
  %y = "rtl.mux"(%a, %a, %a) : (i8, i8, i8) -> i8
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i1) -> (y: i2) {
  // CHECK: 3 words cannot be addressed by 1 bits
  %y = rtl.table %a, #rtl.words<2, "012"> : i1
  rtl.output %y : i2
}

// -----

rtl.module @m(%a: i1) -> (y: i2) {
  // CHECK: word 1 (7) does not fit 2 bits
  %y = rtl.table %a, #rtl.words<2, "07"> : i1
  rtl.output %y : i2
}

// -----

rtl.module @m() -> (y: i2) {
  // CHECK: constant 4 does not fit i2
  %y = rtl.constant 4 : i2
  rtl.output %y : i2
}

// -----

rtl.module @m(%a: i8) -> (y: i8) {
  // CHECK: the enable has type i8, expected i1
  %y = "rtl.register"(%a, %a) : (i8, i8) -> i8
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i8) -> (y: i8) {
  // CHECK: a reset value of 4 bits does not suit a register of 8 bits
  %y = "rtl.register"(%a) <{reset = #rtl.bits<4, 0>}> : (i8) -> i8
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i3) -> (y: i8) {
  // CHECK: memory "rom" is read but has neither a write port nor init
  %rom = rtl.memory "rom" distributed : !rtl.memory<8x8>
  %y = rtl.memory_read %rom[%a] : !rtl.memory<8x8>
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i3, %d: i8, %e: i1) -> (y: i8) {
  // CHECK: memory "ram" has 2 write ports, at most one is allowed
  %ram = rtl.memory "ram" distributed : !rtl.memory<8x8>
  rtl.memory_write %ram[%a], %d enable %e : !rtl.memory<8x8>
  rtl.memory_write %ram[%a], %d enable %e : !rtl.memory<8x8>
  %y = rtl.memory_read %ram[%a] : !rtl.memory<8x8>
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i3) -> (y: i8) {
  // CHECK: memory "rom" has style "fast", expected one of distributed, block, registers
  %rom = rtl.memory "rom" fast init #rtl.words<8, "00"> : !rtl.memory<8x8>
  %y = rtl.memory_read %rom[%a] : !rtl.memory<8x8>
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i3) -> (y: i8) {
  %rom = rtl.memory "rom" block init #rtl.words<8, "00"> : !rtl.memory<8x8>
  // CHECK: a block memory has registered reads only
  %y = rtl.memory_read %rom[%a] : !rtl.memory<8x8>
  rtl.output %y : i8
}

// -----

rtl.module @m(%a: i4) -> (y: i8) {
  %rom = rtl.memory "rom" distributed init #rtl.words<8, "00"> : !rtl.memory<8x8>
  // CHECK: the address has type i4, expected i3 for 8 words
  %y = "rtl.memory_read"(%rom, %a) : (!rtl.memory<8x8>, i4) -> i8
  rtl.output %y : i8
}

// -----

rtl.module @m(%clk: i1) -> () {
  // CHECK: module @m cannot have a port named "clk"
  rtl.output
}

// -----

rtl.module @m(%a: i1) -> (a: i1) {
  // CHECK: module @m has two ports named "a"
  rtl.output %a : i1
}

// -----

// CHECK: the types of the outputs of @m are not those of its rtl.output
rtl.module @m(%a: i1) -> (y: i2) {
  rtl.output %a : i1
}

// -----

rtl.module @m(%a: i1) -> () {
  // CHECK: instance "u" is of an unknown module @other
  rtl.instance "u" @other(a: %a: i1) -> ()
  rtl.output
}

// -----

rtl.module @other(%b: i1) -> () {
  rtl.output
}
rtl.module @m(%a: i1) -> () {
  // CHECK: instance "u" has inputs (a: i1), but module @other has (b: i1)
  rtl.instance "u" @other(a: %a: i1) -> ()
  rtl.output
}

// -----

rtl.module @other() -> () {
  rtl.output
}
rtl.module @m() -> () {
  // CHECK: module @m has two instances named "u"
  rtl.instance "u" @other() -> ()
  rtl.instance "u" @other() -> ()
  rtl.output
}
