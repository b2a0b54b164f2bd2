// RUN: e3ne-opt %s -p dataflow-legalize-streams --split-input-file --verify-diagnostics | filecheck %s

// The layer takes two of four channels, one time step a beat, and has two groups of outputs: the source's pixel is
// cut up, stored and given twice, and the result comes in two beats.

// CHECK:      %0 = dataflow.source {unit = "in", {{.*}}} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 2, repeat 1, steps_inner>
// CHECK-NEXT: %1 = dataflow.resize %0 {unit = "fc_resize", layer = "fc", lanes = 2 : i64, parallel_steps = 1 : i64} : {{.*}} -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
// CHECK-NEXT: %2 = dataflow.replay %1 {unit = "fc_replay", layer = "fc", repeat = 2 : i64, order = "steps_outer", memory = "distributed"} : {{.*}} -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 2, parallel 1, repeat 2, steps_outer>
// CHECK-NEXT: %3 = dataflow.matvec %2 {unit = "fc", {{.*}}latency = {{[1-9][0-9]*}} : i64} : {{.*}} -> !dataflow.stream<1x1x4, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
// CHECK-NEXT: dataflow.sink %3 {unit = "out", {{.*}}} : !dataflow.stream<1x1x4, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.graph @folded {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 2 : i64, input_lanes = 2 : i64, parallel_steps = 1 : i64, order = "steps_outer", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %1 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}

// -----

// CHECK: no folding is decided for first, second (run dataflow-fold first)
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.graph @undecided {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "first", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5> -> !dataflow.stream<1x1x4, steps 2, bits 1>
  %3 = dataflow.matvec %2 {unit = "second", layer = "second", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %3 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
