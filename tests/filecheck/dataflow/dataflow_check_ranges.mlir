// RUN: e3ne-opt %s -p dataflow-check-ranges --split-input-file --verify-diagnostics | filecheck %s

// CHECK: unit sum: a sum over frames reaches -128 ... 254, which 8 bits (two's complement) do not hold
// CHECK-SAME: unit sum: an element of its stream reaches -128 ... 254
dataflow.parameter @w : tensor<1x2xi8> {width = 8} = dense<[[-64, 127]]>
dataflow.graph @narrow {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64, spikes} : !dataflow.stream<2 frames of 1x1x2, steps 1, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 1 : i64, value_bits = 8 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2 frames of 1x1x2, steps 1, bits 1> -> !dataflow.stream<2 frames of 1x1x1, steps 1, bits -8>
  %2 = dataflow.sum_frames %1 {unit = "sum", layer = "total", value_bits = 8 : i64, state_memory = "distributed"} : !dataflow.stream<2 frames of 1x1x1, steps 1, bits -8> -> !dataflow.stream<1x1x1, steps 1, bits -8>
  dataflow.sink %2 {unit = "out", layer = "output", container = 16 : i64} : !dataflow.stream<1x1x1, steps 1, bits -8>
}

// -----

// CHECK: dataflow.sum_frames
dataflow.parameter @w : tensor<1x2xi8> {width = 8} = dense<[[-64, 127]]>
dataflow.graph @wide {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64, spikes} : !dataflow.stream<2 frames of 1x1x2, steps 1, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 1 : i64, value_bits = 8 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2 frames of 1x1x2, steps 1, bits 1> -> !dataflow.stream<2 frames of 1x1x1, steps 1, bits -8>
  %2 = dataflow.sum_frames %1 {unit = "sum", layer = "total", value_bits = 9 : i64, state_memory = "distributed"} : !dataflow.stream<2 frames of 1x1x1, steps 1, bits -8> -> !dataflow.stream<1x1x1, steps 1, bits -9>
  dataflow.sink %2 {unit = "out", layer = "output", container = 16 : i64} : !dataflow.stream<1x1x1, steps 1, bits -9>
}
