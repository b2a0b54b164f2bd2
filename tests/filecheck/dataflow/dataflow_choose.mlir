// RUN: e3ne-opt %s -p 'dataflow-choose{objective="latency"}' | filecheck %s --check-prefix=FAST
// RUN: e3ne-opt %s -p 'dataflow-choose{latency=24}' | filecheck %s --check-prefix=SMALL
// RUN: e3ne-opt %s -p 'dataflow-choose{objective="latency"},dataflow-choose{objective="area"}' | filecheck %s --check-prefix=FAST
// RUN: not e3ne-opt %s -p 'dataflow-choose{latency=2}' 2>&1 | filecheck %s --check-prefix=NEAREST
// RUN: not e3ne-opt %s -p 'dataflow-choose{objective="beauty" lut=-1}' 2>&1 | filecheck %s --check-prefix=OPTIONS
// RUN: not e3ne-opt %s -p 'dataflow-choose{decisions="nowhere.json"}' 2>&1 | filecheck %s --check-prefix=DECISIONS

// All at once is the fastest; the smallest within 24 cycles takes four times as long for each layer. What is decided stays.

// FAST: dataflow.graph @dense attributes {choice = {objective = "{{(latency|area)}}", limits = {}, value = {{[0-9]+}} : i64, bound = {{[0-9]+}} : i64, pixels = 1 : i64, pool_before_fire = 0 : i64,
// FAST: dataflow.matvec %0 {unit = "fc", {{.*}}output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "shared"
// FAST: dataflow.fire %1 {unit = "fire", {{.*}}parallel_steps = 2 : i64, stages = 1 : i64
// FAST: dataflow.matvec %2 {unit = "last", {{.*}}output_lanes = 4 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64
// SMALL: dataflow.graph @dense attributes {choice = {objective = "area", limits = {latency = 24 : i64}, value =
// SMALL: dataflow.matvec %0 {unit = "fc", {{.*}}output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "input", implementation = "table"
// SMALL: dataflow.matvec %2 {unit = "last", {{.*}}output_lanes = 1 : i64, input_lanes = 4 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "input", implementation = "table"
// NEAREST: no choice of the hardware meets all limits; the nearest that do:
// NEAREST-NEXT: within the budget a latency of {{[0-9]+}} cycles, {{[0-9]+}} LUT, {{[0-9]+}} FF, {{.*}} BRAM36 (estimated)
// OPTIONS: dataflow-choose: objective is 'beauty'; supported: latency, interval, area
// OPTIONS-NEXT: dataflow-choose: lut is 0 or more, not -1
// DECISIONS: nowhere.json: cannot be read as JSON
dataflow.parameter @w : tensor<4x4xi8> {width = 3} = dense<[[1, -1, 2, 0], [0, 1, 1, -2], [3, 0, 0, 1], [-1, -1, 1, 1]]>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @dense {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "fc", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -5> -> !dataflow.stream<1x1x4, steps 2, bits 1>
  %3 = dataflow.matvec %2 {unit = "last", layer = "last", weights = @w, outputs = 4 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "adder", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x4, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -5>
  dataflow.sink %3 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -5>
}
