// RUN: e3ne-opt %s --parsing-diagnostics --verify-diagnostics --split-input-file | filecheck %s

// CHECK: stream sizes must be positive
%0 = "test.op"() : () -> !dataflow.stream<4x0x2, steps 2, bits 1>

// -----

// CHECK: stream sizes must be positive
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 0>

// -----

// CHECK: 2 lanes do not divide 3 channels
%0 = "test.op"() : () -> !dataflow.stream<4x4x3, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: 2 parallel steps do not divide 3 steps
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 3, bits 1, lanes 2, parallel 2, repeat 1, steps_inner>

// -----

// CHECK: a stream without lanes has no other layout either
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 0, parallel 2, repeat 1, steps_inner>

// -----

// CHECK: only digits of one bit have time steps
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits -8>

// -----

// CHECK: unit u: a bus of whole bytes and whole pixels is a multiple of 8 bits wide
%0 = dataflow.source {unit = "u", layer = "l", bus = 12 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1>

// -----

// CHECK: unit u: gives a whole pixel in each beat
%0 = dataflow.source {unit = "u", layer = "l", bus = 8 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: kernel is 2 numbers of 1 or more, not [3, 3, 3]
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: stride is 2 numbers of 1 or more, not [1, 0]
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 0>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: padding is 4 numbers of 0 or more, not [1, 1]
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: lanes is 0 or more, not -2
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = -2 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: memory is one of registers, distributed, block, not ultra
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "ultra"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: parallel_out is 0 or more, not -1
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 4, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = -1 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 4, bits 1> -> !dataflow.stream<4x4x2, steps 4, bits 1>

// -----

// CHECK: unit u: cannot give 4 steps in beats of 3
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 4, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 4 : i64, parallel_out = 3 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 4, bits 1> -> !dataflow.stream<4x4x2, steps 4, bits 1>

// -----

// CHECK: unit u: cannot give 4 steps in beats of 3
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 3 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner>

// -----

// CHECK: unit u: gives !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 2, repeat 1, steps_inner>, not
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 4 : i64, parallel_out = 2 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 4, bits 1, lanes 2, parallel 4, repeat 1, steps_inner>

// -----

// CHECK: unit u: the kernel is larger than the padded map
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 5, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x18, steps 2, bits 1>

// -----

// CHECK: unit u: is to take 1 lanes, not 2
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 1 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: is to take 2 steps, not 1
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 2 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes pixels once, time steps inside
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 2, steps_inner>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 2, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: gives !dataflow.stream<2x2x18, steps 2, bits 1>, not !dataflow.stream<2x2x2, steps 2, bits 1>
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.window %0 {unit = "u", layer = "l", kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilation = array<i64: 1, 1>, lanes = 0 : i64, parallel_steps = 0 : i64, parallel_out = 0 : i64, memory = "distributed"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<2x2x2, steps 2, bits 1>

// -----

// CHECK: 'dataflow.matvec' refers to @w, which does not exist
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: 'dataflow.matvec' refers to @w, which is not a parameter but 'rtl.module'
rtl.module @w() -> () {
  rtl.output
}
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: @w holds real numbers, integers are needed
dataflow.parameter @w : tensor<4x2xf32> = dense<1.0>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: @w has shape [2, 4], [4, 2] is needed
dataflow.parameter @w : tensor<2x4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: @b has shape [1], [4] is needed
dataflow.parameter @b : tensor<1xi8> {width = 2} = dense<1>
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64, bias = @b} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: its values need 4 bits, value_bits is 3
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 3 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -3>

// -----

// CHECK: unit u: implementation is one of table, shared, adder, event, not multiplier
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "multiplier", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: weight_memory is one of distributed, block, not registers
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "registers", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: order is one of steps_inner, steps_outer, not inner
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: stationary is one of output, input, not weights
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "weights", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: with stationary inputs parallel_steps is 2: all steps at once
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "input", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: the implementation event takes the spikes of one vector, not a map of 2x3 pixels
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<2x3x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "event", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<2x3x2, steps 2, bits 1> -> !dataflow.stream<2x3x4, steps 1, bits -4>

// -----

// CHECK: unit u: the implementation event takes the spikes of one vector, not a vector in each of 5 time steps
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<5 frames of 1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "event", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<5 frames of 1x1x2, steps 2, bits 1> -> !dataflow.stream<5 frames of 1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: the implementation event has stationary outputs, not inputs
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "input", implementation = "event", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: the implementation event takes one time step a beat, not 2
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 2 : i64, order = "steps_inner", stationary = "output", implementation = "event", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: output_lanes 3 does not divide 4
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 3 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: input_lanes is 0 or more, not -1
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = -1 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: the folding is undecided
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 0 : i64, input_lanes = 0 : i64, parallel_steps = 0 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: takes 2 lanes × 1 steps, not 1 × 1
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 4 : i64, input_lanes = 2 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: takes each pixel 2 times, not 1
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 2 : i64, input_lanes = 1 : i64, parallel_steps = 1 : i64, order = "steps_inner", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: takes beats in the order steps_outer
dataflow.parameter @w : tensor<4x2xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner>
%1 = dataflow.matvec %0 {unit = "u", layer = "l", weights = @w, outputs = 4 : i64, value_bits = 4 : i64, output_lanes = 4 : i64, input_lanes = 1 : i64, parallel_steps = 1 : i64, order = "steps_outer", stationary = "output", implementation = "table", weight_memory = "block", latency = 0 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1, lanes 1, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<1x1x4, steps 1, bits -4>

// -----

// CHECK: unit u: parallel_steps 4 does not divide 6 steps
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 6 : i64, parallel_steps = 4 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 6, bits 1>

// -----

// CHECK: unit u: 2 stages do not divide parallel_steps 3
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 6 : i64, parallel_steps = 3 : i64, stages = 2 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 6, bits 1>

// -----

// CHECK: unit u: stages is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 6 : i64, parallel_steps = 1 : i64, stages = 0 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 6, bits 1>

// -----

// CHECK: unit u: threshold_memory is one of distributed, block, not ultra
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 6 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "ultra"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 6, bits 1>

// -----

// CHECK: unit u: thresholds are positive
dataflow.parameter @t : tensor<1xi8> {width = 4} = dense<0>
dataflow.parameter @b : tensor<4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 3 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 3, bits 1>

// -----

// CHECK: unit u: @t has shape [2], [1] or [4] is needed
dataflow.parameter @t : tensor<2xi8> {width = 4} = dense<3>
dataflow.parameter @b : tensor<4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 3 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 3, bits 1>

// -----

// CHECK: unit u: steps is 1 or more, not 0
dataflow.parameter @t : tensor<1xi8> {width = 4} = dense<3>
dataflow.parameter @b : tensor<4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 0 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 3, bits 1>

// -----

// CHECK: unit u: fraction_bits is 0 or more, not -1
dataflow.parameter @t : tensor<1xi8> {width = 4} = dense<3>
dataflow.parameter @b : tensor<4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = -1 : i64, steps = 3 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits -8> -> !dataflow.stream<1x1x4, steps 3, bits 1>

// -----

// CHECK: unit u: takes signed values, once
dataflow.parameter @t : tensor<1xi8> {width = 4} = dense<3>
dataflow.parameter @b : tensor<4xi8> {width = 2} = dense<1>
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits 8>
%1 = dataflow.fire %0 {unit = "u", layer = "l", threshold = @t, bias = @b, fraction_bits = 0 : i64, steps = 3 : i64, parallel_steps = 1 : i64, stages = 1 : i64, threshold_memory = "distributed"} : !dataflow.stream<1x1x4, steps 1, bits 8> -> !dataflow.stream<1x1x4, steps 3, bits 1>

// -----

// CHECK: unit u: size is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.pool %0 {unit = "u", layer = "l", size = 0 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes whole windows
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.pool %0 {unit = "u", layer = "l", size = 4 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes one time step a beat
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 2, repeat 1, steps_inner>
%1 = dataflow.pool %0 {unit = "u", layer = "l", size = 2 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 2, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 2, repeat 1, steps_inner>

// -----

// CHECK: unit u: kernel is 2 numbers of 1 or more, not [2]
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2>, pixels = 1 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: kernel is 2 numbers of 1 or more, not [2, 0]
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 0>, pixels = 1 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: pixels is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 2>, pixels = 0 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes signed values
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 2>, pixels = 1 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes pixels once
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 2, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 2>, pixels = 1 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 2, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 2, steps_inner>

// -----

// CHECK: unit u: takes 4 pixels side by side
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 2>, pixels = 4 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: the kernel is larger than the map
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 5>, pixels = 1 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: gives !dataflow.stream<2x2x1, steps 1, bits -5, lanes 1, parallel 1, repeat 1, steps_inner>, not !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.max_pool %0 {unit = "u", layer = "l", kernel = array<i64: 2, 2>, pixels = 2 : i64} : !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 1, bits -5, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: repeat is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.replay %0 {unit = "u", layer = "l", repeat = 0 : i64, order = "steps_inner", memory = "block"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: order is one of steps_inner, steps_outer, not outer
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.replay %0 {unit = "u", layer = "l", repeat = 2 : i64, order = "outer", memory = "block"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: memory is one of distributed, block, not registers
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.replay %0 {unit = "u", layer = "l", repeat = 2 : i64, order = "steps_inner", memory = "registers"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: depth is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.fifo %0 {unit = "u", layer = "l", depth = 0 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: lanes is 1 or more, not 0
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.resize %0 {unit = "u", layer = "l", lanes = 0 : i64, parallel_steps = 1 : i64} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: cannot turn 2 lanes into 3: neither divides the other
%0 = "test.op"() : () -> !dataflow.stream<4x4x6, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>
%1 = dataflow.resize %0 {unit = "u", layer = "l", lanes = 3 : i64, parallel_steps = 1 : i64} : !dataflow.stream<4x4x6, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner> -> !dataflow.stream<4x4x6, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_inner>

// -----

// CHECK: unit u: takes pixels once, time steps inside
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_outer>
%1 = dataflow.flatten %0 {unit = "u", layer = "l"} : !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_outer> -> !dataflow.stream<4x4x2, steps 2, bits 1, lanes 2, parallel 1, repeat 1, steps_outer>

// -----

// CHECK: unit u: takes signed values, once
%0 = "test.op"() : () -> !dataflow.stream<4x4x2, steps 2, bits 1>
%1 = dataflow.argmax %0 {unit = "u", layer = "l"} : !dataflow.stream<4x4x2, steps 2, bits 1> -> !dataflow.stream<4x4x2, steps 2, bits 1>

// -----

// CHECK: unit u: the container is a whole number of bytes
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -8>
dataflow.sink %0 {unit = "u", layer = "l", container = 12 : i64} : !dataflow.stream<1x1x4, steps 1, bits -8>

// -----

// CHECK: unit u: elements do not fit into 8 bits
%0 = "test.op"() : () -> !dataflow.stream<1x1x4, steps 1, bits -9>
dataflow.sink %0 {unit = "u", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x4, steps 1, bits -9>

// -----

// CHECK: unit u: takes values, not trains
%0 = "test.op"() : () -> !dataflow.stream<1x1x2, steps 2, bits 1>
dataflow.sink %0 {unit = "u", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x2, steps 2, bits 1>

// -----

// CHECK: graph g: several units are named a
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.fifo %0 {unit = "a", layer = "l", depth = 2 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %1 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: exactly one dataflow.source is needed
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.source {unit = "b", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %1 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: exactly one dataflow.sink is needed
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.fifo %0 {unit = "f", layer = "l", depth = 2 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: holds units, not test.op
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  "test.op"() : () -> ()
  dataflow.sink %0 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: unit f takes a stream before the unit that gives it
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.fifo %2 {unit = "f", layer = "l", depth = 2 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
  %2 = dataflow.fifo %0 {unit = "h", layer = "l", depth = 2 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %1 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: the stream of unit a goes to one unit, not to z and f
dataflow.graph @g {
  %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  %1 = dataflow.fifo %0 {unit = "f", layer = "l", depth = 2 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1> -> !dataflow.stream<1x1x1, steps 1, bits 1>
  dataflow.sink %0 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
}

// -----

// CHECK: graph g: stands at the top level of a module, not in 'test.op'
"test.op"() ({
  dataflow.graph @g {
    %0 = dataflow.source {unit = "a", layer = "l", bus = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
    dataflow.sink %0 {unit = "z", layer = "l", container = 8 : i64} : !dataflow.stream<1x1x1, steps 1, bits 1>
  }
  "test.termop"() : () -> ()
}) : () -> ()
