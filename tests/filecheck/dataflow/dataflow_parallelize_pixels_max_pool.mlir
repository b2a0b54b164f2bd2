// RUN: e3ne-opt %s -p 'dataflow-parallelize-pixels{pixels=2}' | filecheck %s
// RUN: not e3ne-opt %s -p 'dataflow-parallelize-pixels{pixels=4}' 2>&1 | filecheck %s --check-prefix REFUSED
// REFUSED: 4 pixels of g at once: the pool's windows are not side by side in multiples of them

// A running pool has a window's columns side by side among the channels then.

// CHECK: dataflow.max_pool %2 {unit = "pool", layer = "pool", kernel = array<i64: 1, 1>, pixels = 2 : i64} : !dataflow.stream<1x2x2, steps 1, bits -6> -> !dataflow.stream<1x2x1, steps 1, bits -6>
builtin.module {
  dataflow.parameter @w : tensor<1x3xi8> {width = 3} = dense<[[1, 2, 3]]>
  dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<[2]>
  dataflow.parameter @b : tensor<1xi8> {width = 1} = dense<[0]>
  dataflow.graph @g {
    %0 = dataflow.source {unit = "source", layer = "input", bus = 8 : i64} : !dataflow.stream<1x4x1, steps 2, bits 1>
    %1 = dataflow.window %0 {unit = "window", layer = "conv", kernel = array<i64: 1, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 1, 0, 1>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<1x4x1, steps 2, bits 1> -> !dataflow.stream<1x4x3, steps 2, bits 1>
    %2 = dataflow.matvec %1 {unit = "matvec", layer = "conv", weights = @w, outputs = 1 : i64, value_bits = 6 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x4x3, steps 2, bits 1> -> !dataflow.stream<1x4x1, steps 1, bits -6>
    %3 = dataflow.max_pool %2 {unit = "pool", layer = "pool", kernel = array<i64: 1, 2>, pixels = 1 : i64} : !dataflow.stream<1x4x1, steps 1, bits -6> -> !dataflow.stream<1x2x1, steps 1, bits -6>
    dataflow.sink %3 {unit = "sink", layer = "output", container = 8 : i64} : !dataflow.stream<1x2x1, steps 1, bits -6>
  }
}
