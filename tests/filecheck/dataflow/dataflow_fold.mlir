// RUN: e3ne-opt %s -p 'dataflow-fold{dense-interval=1}' | filecheck %s --check-prefix=FAST
// RUN: e3ne-opt %s -p 'dataflow-fold{dense-interval=100000}' | filecheck %s --check-prefix=SMALL
// RUN: e3ne-opt %s -p 'dataflow-fold{dense-interval=1},dataflow-fold{dense-interval=100000}' | filecheck %s --check-prefix=FAST

// One cycle is enough with all 4 × 4 × 2 lanes only; without a limit a few tables are the cheapest. What is decided stays.
// The first layer keeps its inputs, so all time steps of one come at once. Its totals come at its end only: the second
// layer keeps its outputs.

// FAST: dataflow.matvec %0 {unit = "fc", {{.*}}output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "input", implementation = "table"
// FAST: dataflow.matvec %2 {unit = "last", {{.*}}output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "table"
// SMALL: dataflow.matvec %0 {unit = "fc", {{.*}}output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_outer", stationary = "input", implementation = "table"
// SMALL: dataflow.matvec %2 {unit = "last", {{.*}}output_lanes = 1 : i64, input_lanes = 1 : i64, parallel_steps = 2 : i64, order = "steps_outer", stationary = "output", implementation = "table"
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @dense {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "fc", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -5> -> !dataflow.stream<1x1x4, steps 2, bits 1>
  %3 = dataflow.matvec %2 {unit = "last", layer = "last", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %3 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}
