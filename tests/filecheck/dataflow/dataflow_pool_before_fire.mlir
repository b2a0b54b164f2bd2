// RUN: e3ne-opt %s -p 'dataflow-pool-before-fire{interval=31}' --split-input-file | filecheck %s --check-prefixes=CHECK,MOVED
// RUN: e3ne-opt %s -p 'dataflow-pool-before-fire{interval=32}' --split-input-file | filecheck %s --check-prefixes=CHECK,KEPT

// 16 neurons give 32 digits: with 31 cycles an image the pool moves in front of them, and they stand for its output.

// CHECK-LABEL: dataflow.graph @plain
// MOVED:       %2 = dataflow.max_pool %1 {unit = "pool", layer = "pool", kernel = array<i64: 2, 2>, pixels = 1 : i64} : !dataflow.stream<4x4x1, steps 1, bits -5> -> !dataflow.stream<2x2x1, steps 1, bits -5>
// MOVED-NEXT:  %3 = dataflow.fire %2 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "pool/pool"} : !dataflow.stream<2x2x1, steps 1, bits -5> -> !dataflow.stream<2x2x1, steps 2, bits 1>
// MOVED-NEXT:  dataflow.matvec %3
// KEPT:        %2 = dataflow.fire %1
// KEPT-NEXT:   %3 = dataflow.window %2
// KEPT-NEXT:   %4 = dataflow.pool %3
dataflow.parameter @w : tensor<1x1xi8> {width = 4} = dense<-5>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @plain {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "conv", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<4x4x1, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "relu/neuron"} : !dataflow.stream<4x4x1, steps 1, bits -5> -> !dataflow.stream<4x4x1, steps 2, bits 1>
  %3 = dataflow.window %2 {unit = "window", layer = "pool", kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<2x2x4, steps 2, bits 1>
  %4 = dataflow.pool %3 {unit = "pool", layer = "pool", size = 4 : i64, value = "pool/pool"} : !dataflow.stream<2x2x4, steps 2, bits 1> -> !dataflow.stream<2x2x1, steps 2, bits 1>
  %5 = dataflow.matvec %4 {unit = "next", layer = "next", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x2x1, steps 2, bits 1> -> !dataflow.stream<2x2x1, steps 1, bits -5>
  dataflow.sink %5 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<2x2x1, steps 1, bits -5>
}

// -----

// Padding is digit 0, which among membranes would need a value below all others: it stays.

// CHECK-LABEL: dataflow.graph @padded
// CHECK:       %2 = dataflow.fire %1
// CHECK-NEXT:  %3 = dataflow.window %2
// CHECK-NEXT:  %4 = dataflow.pool %3
dataflow.parameter @w : tensor<1x1xi8> {width = 4} = dense<-5>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @padded {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "conv", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<4x4x1, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "relu/neuron"} : !dataflow.stream<4x4x1, steps 1, bits -5> -> !dataflow.stream<4x4x1, steps 2, bits 1>
  %3 = dataflow.window %2 {unit = "window", layer = "pool", kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<3x3x4, steps 2, bits 1>
  %4 = dataflow.pool %3 {unit = "pool", layer = "pool", size = 4 : i64, value = "pool/pool"} : !dataflow.stream<3x3x4, steps 2, bits 1> -> !dataflow.stream<3x3x1, steps 2, bits 1>
  %5 = dataflow.matvec %4 {unit = "next", layer = "next", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<3x3x1, steps 2, bits 1> -> !dataflow.stream<3x3x1, steps 1, bits -5>
  dataflow.sink %5 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<3x3x1, steps 1, bits -5>
}

// -----

// Windows that overlap are gathered, of membranes too.

// CHECK-LABEL: dataflow.graph @overlapping
// MOVED:       %2 = dataflow.window %1 {unit = "window", layer = "pool", {{.*}}} : !dataflow.stream<4x4x1, steps 1, bits -5> -> !dataflow.stream<3x3x4, steps 1, bits -5>
// MOVED-NEXT:  %3 = dataflow.pool %2 {unit = "pool", layer = "pool", size = 4 : i64} : !dataflow.stream<3x3x4, steps 1, bits -5> -> !dataflow.stream<3x3x1, steps 1, bits -5>
// MOVED-NEXT:  %4 = dataflow.fire %3
// KEPT:        %2 = dataflow.fire %1
dataflow.parameter @w : tensor<1x1xi8> {width = 4} = dense<-5>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @overlapping {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "conv", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<4x4x1, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "relu/neuron"} : !dataflow.stream<4x4x1, steps 1, bits -5> -> !dataflow.stream<4x4x1, steps 2, bits 1>
  %3 = dataflow.window %2 {unit = "window", layer = "pool", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x1, steps 2, bits 1> -> !dataflow.stream<3x3x4, steps 2, bits 1>
  %4 = dataflow.pool %3 {unit = "pool", layer = "pool", size = 4 : i64, value = "pool/pool"} : !dataflow.stream<3x3x4, steps 2, bits 1> -> !dataflow.stream<3x3x1, steps 2, bits 1>
  %5 = dataflow.matvec %4 {unit = "next", layer = "next", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<3x3x1, steps 2, bits 1> -> !dataflow.stream<3x3x1, steps 1, bits -5>
  dataflow.sink %5 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<3x3x1, steps 1, bits -5>
}
