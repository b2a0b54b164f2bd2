// RUN: e3ne-opt %s -p convert-dataflow-to-rtl --split-input-file --verify-diagnostics | filecheck %s
// RUN: e3ne-opt %s -p convert-dataflow-to-rtl,canonicalize,cse,rtl-check-combinational-loops --split-input-file --verify-diagnostics | filecheck %s

// A module for each unit but the flatten, then the top; parameters become constants.

// CHECK-NOT:  dataflow
// CHECK:      rtl.module @in(%s_data: i8, %s_valid: i1, %m_ready: i1) -> (s_ready: i1, m_data: i2, m_valid: i1) comment "{{.*}}" {{.*}}
// CHECK:      rtl.module @conv(%s_data: i2, %s_valid: i1, %m_ready: i1) -> (s_ready: i1, m_data: i3, m_valid: i1)
// CHECK:      rtl.module @out(%s_data: i3, %s_valid: i1, %m_ready: i1) -> (s_ready: i1, m_last: i1, m_data: i8, m_valid: i1)
// CHECK:      rtl.module @top(%s_axis_tdata: i8, %s_axis_tvalid: i1, %m_axis_tready: i1) -> (s_axis_tready: i1, m_axis_tdata: i8, m_axis_tvalid: i1, m_axis_tlast: i1)
// CHECK-NEXT:   %0, %in_data, %in_valid = rtl.instance "in" @in(s_data: %s_axis_tdata: i8, s_valid: %s_axis_tvalid: i1, m_ready: %in_ready: i1) -> (s_ready: i1, m_data: i2, m_valid: i1)
// CHECK-NEXT:   %in_ready, %conv_data, %conv_valid = rtl.instance "conv" @conv(s_data: %in_data: i2, s_valid: %in_valid: i1, m_ready: %conv_ready: i1)
// CHECK-NEXT:   %conv_ready, %1, %2, %3 = rtl.instance "out" @out(s_data: %conv_data: i3, s_valid: %conv_valid: i1, m_ready: %m_axis_tready: i1) -> (s_ready: i1, m_last: i1, m_data: i8, m_valid: i1)
// CHECK-NEXT:   rtl.output %0, %2, %3, %1 : i1, i8, i1, i1
dataflow.parameter @w : tensor<1x1xi8> {width = 2} = dense<-1>
dataflow.graph @top {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<2x2x1, steps 2, bits 1, lanes 1, parallel 2, repeat 1, steps_inner>
  %1 = dataflow.matvec %0 {unit = "conv", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 3 : i64, output_lanes = 1 : i64, input_lanes = 1 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<2x2x1, steps 2, bits 1, lanes 1, parallel 2, repeat 1, steps_inner> -> !dataflow.stream<2x2x1, steps 1, bits -3, lanes 1, parallel 1, repeat 1, steps_inner>
  %2 = dataflow.flatten %1 {unit = "view", layer = "view"} : !dataflow.stream<2x2x1, steps 1, bits -3, lanes 1, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -3, lanes 1, parallel 1, repeat 1, steps_inner>
  dataflow.sink %2 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -3, lanes 1, parallel 1, repeat 1, steps_inner>
}

// -----

// CHECK: no layout is decided for in (run dataflow-legalize-streams first)
dataflow.graph @undecided {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %0 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}
