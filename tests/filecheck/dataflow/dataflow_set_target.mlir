// RUN: e3ne-opt %s -p dataflow-set-target | filecheck %s
// RUN: e3ne-opt %s -p 'dataflow-set-target{lut-inputs=6 control="elastic" search="direct"}' | filecheck %s --check-prefix=LARGE

// CHECK:      dataflow.matvec %0 {{.*}} latency = 0 : i64, lut_inputs = 4 : i64, control = "credit"}
// CHECK-NEXT: dataflow.fire %1 {{.*}} threshold_memory = "distributed", value = "relu/neuron", search = "ahead"}
// CHECK-NEXT: dataflow.matvec %2 {{.*}} latency = 0 : i64, lut_inputs = 4 : i64, control = "credit"}
// LARGE:      dataflow.matvec %0 {{.*}} latency = 0 : i64, lut_inputs = 6 : i64, control = "elastic"}
// LARGE-NEXT: dataflow.fire %1 {{.*}} search = "direct"
dataflow.parameter @w : tensor<1x1xi8> {width = 4} = dense<-5>
dataflow.parameter @t : tensor<1xi8> {width = 3} = dense<2>
dataflow.graph @plain {
  %0 = dataflow.source {unit = "in", layer = "input", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 2, bits 1>
  %1 = dataflow.matvec %0 {unit = "fc", layer = "fc", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x1, steps 2, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits -5>
  %2 = dataflow.fire %1 {unit = "fire", layer = "relu", threshold = @t, bias = @t, fraction_bits = 0 : i64, steps = 2 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "relu/neuron"} : !dataflow.stream<1x1x1, steps 1, bits -5> -> !dataflow.stream<1x1x1, steps 2, bits 1>
  %3 = dataflow.matvec %2 {unit = "next", layer = "next", weights = @w, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x1, steps 2, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits -5>
  dataflow.sink %3 {unit = "out", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits -5>
}
