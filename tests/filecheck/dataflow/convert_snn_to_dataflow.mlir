// RUN: e3ne-opt %s -p convert-snn-to-dataflow --split-input-file --verify-diagnostics | filecheck %s

// Every layer as its units; foldings and layouts are undecided.

// CHECK:      dataflow.parameter @conv1_weights : tensor<1x4xi8> {width = 3} = dense<{{\[\[}}1, -2, 3, 0{{\]\]}}>
// CHECK-NEXT: dataflow.parameter @relu1_threshold : tensor<1xi8> {width = 4} = dense<4>
// CHECK-NEXT: dataflow.parameter @relu1_bias : tensor<1xi8> {width = 3} = dense<2>
// CHECK-NEXT: dataflow.parameter @pool2_weights : tensor<1x1xi8> {width = 2} = dense<1>
// CHECK-NEXT: dataflow.parameter @pool2_threshold : tensor<1xi8> {width = 2} = dense<1>
// CHECK-NEXT: dataflow.parameter @pool2_bias : tensor<1xi8> {width = 1} = dense<0>
// CHECK-NEXT: dataflow.parameter @fc_weights : tensor<2x1xi8> {width = 3} = dense<{{\[\[}}1], [-2]]>
// CHECK-NEXT: dataflow.graph @tiny {
// CHECK-NEXT: %0 = dataflow.source {unit = "input_source", layer = "input", bus = 64 : i64, value = "input/encode"} : !dataflow.stream<3x3x1, steps 4, bits 1>
// CHECK-NEXT: %1 = dataflow.window %0 {unit = "conv1_window", layer = "conv1", kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 1, 1>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<3x3x1, steps 4, bits 1> -> !dataflow.stream<3x3x4, steps 4, bits 1>
// CHECK-NEXT: %2 = dataflow.matvec %1 {unit = "conv1_matvec", layer = "conv1", weights = @conv1_weights, outputs = 1 : i64, value_bits = 7 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64, value = "conv1/synapse"} : !dataflow.stream<3x3x4, steps 4, bits 1> -> !dataflow.stream<3x3x1, steps 1, bits -7>
// CHECK-NEXT: %3 = dataflow.window %2 {unit = "pool1_window", layer = "pool1", kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<3x3x1, steps 1, bits -7> -> !dataflow.stream<1x1x9, steps 1, bits -7>
// CHECK-NEXT: %4 = dataflow.pool %3 {unit = "pool1_pool", layer = "pool1", size = 9 : i64, value = "pool1/pool"} : !dataflow.stream<1x1x9, steps 1, bits -7> -> !dataflow.stream<1x1x1, steps 1, bits -7>
// CHECK-NEXT: %5 = dataflow.fire %4 {unit = "relu1_fire", layer = "relu1", threshold = @relu1_threshold, bias = @relu1_bias, fraction_bits = 1 : i64, steps = 4 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "relu1/neuron"} : !dataflow.stream<1x1x1, steps 1, bits -7> -> !dataflow.stream<1x1x1, steps 4, bits 1>
// CHECK-NEXT: %6 = dataflow.window %5 {unit = "pool2_window", layer = "pool2", kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<1x1x1, steps 4, bits 1> -> !dataflow.stream<1x1x1, steps 4, bits 1>
// CHECK-NEXT: %7 = dataflow.matvec %6 {unit = "pool2_matvec", layer = "pool2", weights = @pool2_weights, outputs = 1 : i64, value_bits = 5 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x1, steps 4, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits -5>
// CHECK-NEXT: %8 = dataflow.fire %7 {unit = "pool2_fire", layer = "pool2", threshold = @pool2_threshold, bias = @pool2_bias, fraction_bits = 0 : i64, steps = 4 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed", value = "pool2/pool"} : !dataflow.stream<1x1x1, steps 1, bits -5> -> !dataflow.stream<1x1x1, steps 4, bits 1>
// CHECK-NEXT: %9 = dataflow.matvec %8 {unit = "fc_matvec", layer = "fc", weights = @fc_weights, outputs = 2 : i64, value_bits = 6 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64, value = "fc/synapse"} : !dataflow.stream<1x1x1, steps 4, bits 1> -> !dataflow.stream<1x1x2, steps 1, bits -6>
// CHECK-NEXT: %10 = dataflow.argmax %9 {unit = "output_argmax", layer = "output", value = "output/output"} : !dataflow.stream<1x1x2, steps 1, bits -6> -> !dataflow.stream<1x1x1, steps 1, bits 1>
// CHECK-NEXT: dataflow.sink %10 {unit = "output_sink", layer = "output", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
snn.parameter @w : tensor<1x1x2x2xi8> {width = 3} = dense<[[[[1, -2], [3, 0]]]]>
snn.parameter @b : tensor<1xi32> {width = 5} = dense<2>
snn.parameter @t : tensor<1xi32> {width = 5} = dense<4>
snn.parameter @w2 : tensor<2x1xi8> {width = 3} = dense<[[1], [-2]]>
snn.network @tiny(%image: tensor<1x3x3xf32>) -> tensor<1xi32> {
  %0 = snn.encode "input" %image : tensor<1x3x3xf32> -> !snn.train<[1, 3, 3], #snn.radix<4>>
  %1 = snn.conv2d "conv1" %0 weights @w padding [0, 0, 1, 1] : !snn.train<[1, 3, 3], #snn.radix<4>> -> !snn.membrane<[1, 3, 3], -30, 60>
  %2 = snn.max_pool "pool1" %1 kernel [3, 3] stride [2, 2] : !snn.membrane<[1, 3, 3], -30, 60> -> !snn.membrane<[1, 1, 1], -30, 60>
  %3 = snn.requantize "relu1" %2 bias @b threshold @t fraction_bits 1 : !snn.membrane<[1, 1, 1], -30, 60> -> !snn.train<[1, 1, 1], #snn.radix<4>>
  %4 = snn.sum_pool "pool2" %3 kernel [1, 1] stride [1, 1] : !snn.train<[1, 1, 1], #snn.radix<4>> -> !snn.train<[1, 1, 1], #snn.radix<4>>
  %5 = snn.flatten "flatten" %4 : !snn.train<[1, 1, 1], #snn.radix<4>> -> !snn.train<[1], #snn.radix<4>>
  %6 = snn.linear "fc" %5 weights @w2 : !snn.train<[1], #snn.radix<4>> -> !snn.membrane<[2], -30, 15>
  %7 = snn.argmax "output" %6 : !snn.membrane<[2], -30, 15> -> tensor<1xi32>
  snn.output %7 : tensor<1xi32>
}

// -----

// A flattened map: the columns of the weights are put into the order in which the stream brings the elements, row,
// column, channel.

// CHECK:      dataflow.parameter @fc_weights : tensor<1x4xi8> {width = 4} = dense<{{\[\[}}1, 3, 2, 4]]>
// CHECK:      dataflow.flatten %0 {unit = "flatten_view", layer = "flatten"} : !dataflow.stream<1x2x2, steps 1, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits 1>
snn.parameter @w : tensor<1x4xi8> {width = 4} = dense<[[1, 2, 3, 4]]>
snn.network @flat(%image: tensor<2x1x2xf32>) -> !snn.membrane<[1], 0, 10> {
  %0 = snn.encode "input" %image : tensor<2x1x2xf32> -> !snn.train<[2, 1, 2], #snn.radix<1>>
  %1 = snn.flatten "flatten" %0 : !snn.train<[2, 1, 2], #snn.radix<1>> -> !snn.train<[4], #snn.radix<1>>
  %2 = snn.linear "fc" %1 weights @w : !snn.train<[4], #snn.radix<1>> -> !snn.membrane<[1], 0, 10>
  snn.output %2 : !snn.membrane<[1], 0, 10>
}

// -----

// CHECK: not in the integer form (run snn-quantize first): fc (snn.linear), relu (snn.relu)
snn.parameter @w : tensor<1x4xf32> = dense<1.0>
snn.network @float(%image: tensor<4xf32>) -> tensor<1xf32> {
  %0 = snn.linear "fc" %image weights @w : tensor<4xf32> -> tensor<1xf32>
  %1 = snn.relu "relu" %0 : tensor<1xf32> -> tensor<1xf32>
  snn.output %1 : tensor<1xf32>
}
