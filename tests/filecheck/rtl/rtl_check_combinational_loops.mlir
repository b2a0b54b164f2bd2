// RUN: e3ne-opt %s -p rtl-check-combinational-loops --verify-diagnostics | filecheck %s

// CHECK:      combinational loop in module @top: u.y -> u.y
// CHECK-NEXT: combinational loop in module @other: b -> a -> b

rtl.module @wire(%x: i1) -> (y: i1) {
  rtl.output %x : i1
}

rtl.module @top() -> (y: i1) {
  %y = rtl.instance "u" @wire(x: %y: i1) -> (y: i1)
  rtl.output %y : i1
}

rtl.module @other() -> (y: i1) {
  %a = rtl.not %b : i1
  %b = rtl.not %a : i1
  rtl.output %a : i1
}
