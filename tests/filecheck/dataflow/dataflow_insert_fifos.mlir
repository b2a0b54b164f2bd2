// RUN: e3ne-opt %s -p dataflow-insert-fifos --split-input-file --verify-diagnostics | filecheck %s
// RUN: e3ne-opt %s -p dataflow-insert-fifos,dataflow-insert-fifos --split-input-file --verify-diagnostics | filecheck %s

// Behind the neurons, where one layer gives to the next; the buffer that is there already stays as it is.

// CHECK:      %2 = dataflow.fire %1 {unit = "fire"
// CHECK-NEXT: %3 = dataflow.fifo %2 {unit = "fire_fifo", layer = "first", depth = 2 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
// CHECK-NEXT: %4 = dataflow.matvec %3 {unit = "second"
// CHECK-NEXT: %5 = dataflow.fire %4 {unit = "fire2"
// CHECK-NEXT: %6 = dataflow.fifo %5 {unit = "by_hand", layer = "third", depth = 9 : i64}
// CHECK-NEXT: %7 = dataflow.matvec %6 {unit = "third"
// CHECK-NEXT: dataflow.sink %7
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @layers {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 2, repeat 1, steps_inner>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 2, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner>
  %2 = dataflow.fire %1 {unit = "fire", layer = "first", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
  %3 = dataflow.matvec %2 {unit = "second", layer = "second", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner>
  %4 = dataflow.fire %3 {unit = "fire2", layer = "second", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
  %5 = dataflow.fifo %4 {unit = "by_hand", layer = "third", depth = 9 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
  %6 = dataflow.matvec %5 {unit = "third", layer = "third", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner>
  dataflow.sink %6 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5, lanes 4, parallel 1, repeat 1, steps_inner>
}

// -----

// The results of a running pool with few columns wait in it, so that it needs no buffer.

// CHECK-LABEL: dataflow.graph @waits_not
// CHECK:       %2 = dataflow.max_pool %1
// CHECK-NEXT:  %3 = dataflow.fire %2
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @waits_not {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 16 : i64} : !dataflow.stream<4x4x4, steps 4, bits 1, lanes 4, parallel 4, repeat 1, steps_inner>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @w, outputs = 4 : i64, value_bits = 7 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 4 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<4x4x4, steps 4, bits 1, lanes 4, parallel 4, repeat 1, steps_inner> -> !dataflow.stream<4x4x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  %2 = dataflow.max_pool %1 {unit = "pool", layer = "pool", kernel = array<i64: 2, 2>, pixels = 1 : i64} : !dataflow.stream<4x4x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x2x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  %3 = dataflow.fire %2 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 4 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<2x2x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x2x4, steps 4, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
  %4 = dataflow.matvec %3 {unit = "second", layer = "second", weights = @w, outputs = 4 : i64, value_bits = 7 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<2x2x4, steps 4, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x2x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  dataflow.sink %4 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x2x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
}

// -----

// A row of six results comes in twice as many cycles, and neurons take four for each: most of them wait.

// CHECK-LABEL: dataflow.graph @waits
// CHECK:       %2 = dataflow.max_pool %1
// CHECK-NEXT:  %3 = dataflow.fifo %2 {unit = "pool_fifo", layer = "pool", depth = 3 : i64}
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @waits {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 16 : i64} : !dataflow.stream<4x12x4, steps 4, bits 1, lanes 4, parallel 4, repeat 1, steps_inner>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @w, outputs = 4 : i64, value_bits = 7 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 4 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<4x12x4, steps 4, bits 1, lanes 4, parallel 4, repeat 1, steps_inner> -> !dataflow.stream<4x12x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  %2 = dataflow.max_pool %1 {unit = "pool", layer = "pool", kernel = array<i64: 2, 2>, pixels = 1 : i64} : !dataflow.stream<4x12x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x6x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  %3 = dataflow.fire %2 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 4 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<2x6x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x6x4, steps 4, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
  %4 = dataflow.matvec %3 {unit = "second", layer = "second", weights = @w, outputs = 4 : i64, value_bits = 7 : i64, output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 2 : i64} : !dataflow.stream<2x6x4, steps 4, bits 1, lanes 4, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<2x6x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
  dataflow.sink %4 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x6x4, steps 1, bits -7, lanes 4, parallel 1, repeat 1, steps_inner>
}

// -----

// CHECK: no layout is decided for in (run dataflow-legalize-streams first)
dataflow.graph @undecided {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %0 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}
