// RUN: e3ne-opt %s --parsing-diagnostics --verify-diagnostics --split-input-file | filecheck %s

// CHECK: @b: an element needs 4 bits, but the width is 3
snn.parameter @b : tensor<2xi8> {width = 3} = dense<[1, 4]>

// -----

// CHECK: @b: an integer parameter states its width
snn.parameter @b : tensor<2xi8> = dense<[1, 4]>

// -----

// CHECK: @b: elements must be i8, i16, i32 or f32, not i4
snn.parameter @b : tensor<2xi4> {width = 3} = dense<[1, 3]>

// -----

// CHECK: parameter file '../secret.safetensors' must not leave the folder of the IR text by '..'
snn.parameter @b : tensor<2xi8> {width = 3} = #snn.external<"../secret.safetensors", "b", "00">

// -----

// CHECK: parameter file 'none.safetensors' does not exist
snn.parameter @b : tensor<2xi8> {width = 3} = #snn.external<"none.safetensors", "b", "00">

// -----

// CHECK: radix encoding has 1 to 16 steps, not 0
snn.network @n(%image : tensor<1x2x2xf32>) -> !snn.train<[1, 2, 2], #snn.radix<0>> {
}

// -----

// CHECK: a shape is [C, H, W] or [N] with positive sizes, not [2, 2]
snn.network @n(%image : tensor<1x2x2xf32>) -> !snn.train<[2, 2], #snn.radix<4>> {
}

// -----

// CHECK: membrane range 3 ... -3 is empty
snn.network @n(%image : tensor<1x2x2xf32>) -> !snn.membrane<[2], 3, -3> {
}

// -----

snn.parameter @w : tensor<2x4xi8> {width = 3} = dense<3>
snn.network @n(%image : tensor<4xf32>) -> !snn.membrane<[2], 0, 100> {
  %0 = snn.encode "input" %image : tensor<4xf32> -> !snn.train<[4], #snn.radix<4>>
  // CHECK: layer 'fc': the membrane can reach 0 ... 180, which is not within 0 ... 100
  %1 = snn.linear "fc" %0 weights @w : !snn.train<[4], #snn.radix<4>> -> !snn.membrane<[2], 0, 100>
  snn.output %1 : !snn.membrane<[2], 0, 100>
}

// -----

snn.network @n(%image : tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  // CHECK: layer 'conv': 'snn.conv2d' cannot have input tensor<1x2x2xf32> and result !snn.membrane<[1, 2, 2], 0, 1>
  %0 = snn.conv2d "conv" %image weights @w : tensor<1x2x2xf32> -> !snn.membrane<[1, 2, 2], 0, 1>
  snn.output %image : tensor<1x2x2xf32>
}

// -----

snn.network @n(%image : tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  // CHECK: 'snn.conv2d' refers to @w, which does not exist
  %0 = snn.conv2d "conv" %image weights @w : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  snn.output %0 : tensor<1x2x2xf32>
}

// -----

snn.network @n(%image : tensor<1x2x2xf32>) -> !snn.train<[1, 1, 1], #snn.radix<5>> {
  %0 = snn.encode "input" %image : tensor<1x2x2xf32> -> !snn.train<[1, 2, 2], #snn.radix<4>>
  // CHECK: layer 'pool': the sums need exactly 6 time steps
  %1 = snn.sum_pool "pool" %0 kernel [2, 2] stride [2, 2] : !snn.train<[1, 2, 2], #snn.radix<4>> -> !snn.train<[1, 1, 1], #snn.radix<5>>
  snn.output %1 : !snn.train<[1, 1, 1], #snn.radix<5>>
}

// -----

snn.network @n(%image : tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %0 = snn.relu "relu" %image : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %1 = snn.relu "relu" %0 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  snn.output %1 : tensor<1x2x2xf32>
}
// CHECK: layer 'relu' has two operations of kind 'neuron'
