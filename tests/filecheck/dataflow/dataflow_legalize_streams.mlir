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
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 2 : i64, input_lanes = 2 : i64, parallel_steps = 1 : i64, order = "steps_outer", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %1 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}

// -----

// CHECK: no folding is decided for first, second (run dataflow-fold first)
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.graph @undecided {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "first", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -5> -> !dataflow.stream<1x1x4, steps 2, bits 1>
  %3 = dataflow.matvec %2 {unit = "second", layer = "second", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %3 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>

// -----

// Tables have 4 address bits for folds; 4 groups of outputs times 8 chunks of inputs take 5.

// CHECK: unit fc: tables cannot hold 4 groups of outputs x 8 chunks of inputs; the implementation must be adder
dataflow.parameter @w : tensor<4x8xi8> {width = 2} = dense<1>
dataflow.graph @too_many_folds {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 16 : i64} : !dataflow.stream<1x1x8, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 4 : i64, value_bits = 6 : i64, output_lanes = 1 : i64, input_lanes = 1 : i64, parallel_steps = 1 : i64, order = "steps_outer", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x8, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -6>
  dataflow.sink %1 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -6>
}

// -----

// A width converter in front of the window and one behind it: each has a name of its own.

// CHECK:      dataflow.resize %0 {unit = "conv_resize", layer = "conv", lanes = 1 : i64, parallel_steps = 1 : i64}
// CHECK-NEXT: dataflow.window
// CHECK-NEXT: dataflow.resize %2 {unit = "conv_resize_2", layer = "conv", lanes = 2 : i64, parallel_steps = 1 : i64}
// CHECK-NEXT: dataflow.matvec %3
dataflow.parameter @w : tensor<1x4xi8> {width = 2} = dense<1>
dataflow.graph @two_converters {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<3x3x1, steps 2, bits 1>
  %1 = dataflow.window %0 {unit = "conv_window", layer = "conv", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 1 : i64, parallel_steps = 1 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<3x3x1, steps 2, bits 1> -> !dataflow.stream<2x2x4, steps 2, bits 1>
  %2 = dataflow.matvec %1 {unit = "conv_matvec", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 1 : i64, input_lanes = 2 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x2x4, steps 2, bits 1> -> !dataflow.stream<2x2x1, steps 1, bits -5>
  dataflow.sink %2 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x2x1, steps 1, bits -5>
}

// -----

// Neurons give all digits at once, the window takes them so and gives one after another: nothing is to be converted.

// CHECK:      dataflow.fire
// CHECK-SAME: -> !dataflow.stream<3x3x1, steps 2, bits 1, lanes 1, parallel 2, repeat 1, steps_inner>
// CHECK-NEXT: dataflow.window
// CHECK-SAME: -> !dataflow.stream<2x2x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
// CHECK-NEXT: dataflow.matvec
// CHECK-NEXT: dataflow.fire
// CHECK-NEXT: dataflow.window
// CHECK-SAME: -> !dataflow.stream<1x1x4, steps 2, bits 1, lanes 4, parallel 1, repeat 1, steps_inner>
// CHECK-NEXT: dataflow.pool
dataflow.parameter @one : tensor<1x1xi8> {width = 2} = dense<1>
dataflow.parameter @w : tensor<1x4xi8> {width = 2} = dense<1>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @parts {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<3x3x1, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "first", layer = "first", weights = @one, outputs = 1 : i64, value_bits = 3 : i64, output_lanes = 1 : i64, input_lanes = 1 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<3x3x1, steps 2, bits 1> -> !dataflow.stream<3x3x1, steps 1, bits -3>
  %2 = dataflow.fire %1 {unit = "fire", layer = "first", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 2 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<3x3x1, steps 1, bits -3> -> !dataflow.stream<3x3x1, steps 2, bits 1>
  %3 = dataflow.window %2 {unit = "window", layer = "conv", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 1 : i64, parallel_steps = 2 : i64, parallel_out = 1 : i64, memory = "distributed"} : !dataflow.stream<3x3x1, steps 2, bits 1> -> !dataflow.stream<2x2x4, steps 2, bits 1>
  %4 = dataflow.matvec %3 {unit = "conv", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x2x4, steps 2, bits 1> -> !dataflow.stream<2x2x1, steps 1, bits -5>
  %5 = dataflow.fire %4 {unit = "fire2", layer = "conv", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 2 : i64, stages = 2 : i64, threshold_memory = "block"} : !dataflow.stream<2x2x1, steps 1, bits -5> -> !dataflow.stream<2x2x1, steps 2, bits 1>
  %6 = dataflow.window %5 {unit = "pool_window", layer = "pool", kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 1 : i64, memory = "distributed"} : !dataflow.stream<2x2x1, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 2, bits 1>
  %7 = dataflow.pool %6 {unit = "pool", layer = "pool", size = 4 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x1, steps 2, bits 1>
  %8 = dataflow.matvec %7 {unit = "last", layer = "last", weights = @one, outputs = 1 : i64, value_bits = 3 : i64, output_lanes = 1 : i64, input_lanes = 1 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x1, steps 2, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits -3>
  dataflow.sink %8 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits -3>
}

// -----

// Rows of 129 pixels: 129 words of LUT RAM can be mapped where they are read and written at one address, 258 cannot.

// CHECK: dataflow.window {{.*}}parallel_steps = 2 : i64, {{.*}}memory = "distributed"
// CHECK: dataflow.window {{.*}}parallel_steps = 1 : i64, {{.*}}memory = "block"
dataflow.parameter @w : tensor<1x4xi8> {width = 2} = dense<1>
dataflow.graph @few_words {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<3x129x1, steps 2, bits 1>
  %1 = dataflow.window %0 {unit = "conv_window", layer = "conv", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 1 : i64, parallel_steps = 2 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<3x129x1, steps 2, bits 1> -> !dataflow.stream<2x128x4, steps 2, bits 1>
  %2 = dataflow.matvec %1 {unit = "conv_matvec", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x128x4, steps 2, bits 1> -> !dataflow.stream<2x128x1, steps 1, bits -5>
  dataflow.sink %2 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x128x1, steps 1, bits -5>
}

// -----

dataflow.parameter @w : tensor<1x4xi8> {width = 2} = dense<1>
dataflow.graph @many_words {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<3x129x1, steps 2, bits 1>
  %1 = dataflow.window %0 {unit = "conv_window", layer = "conv", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 1 : i64, parallel_steps = 1 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<3x129x1, steps 2, bits 1> -> !dataflow.stream<2x128x4, steps 2, bits 1>
  %2 = dataflow.matvec %1 {unit = "conv_matvec", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x128x4, steps 2, bits 1> -> !dataflow.stream<2x128x1, steps 1, bits -5>
  dataflow.sink %2 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x128x1, steps 1, bits -5>
}
