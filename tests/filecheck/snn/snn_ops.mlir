// RUN: e3ne-opt %s | e3ne-opt | filecheck %s
// RUN: e3ne-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// RUN: e3ne-opt %s --print-op-generic | e3ne-opt | filecheck %s

// CHECK:      snn.parameter @w : tensor<2x1x2x2xi8> {width = 3} = dense<{{\[\[\[\[}}1, -2], [3, 0]]], {{\[\[\[}}1, 1], [1, 1]]]]>
// GENERIC:    "snn.parameter"() <{sym_name = "w", type = tensor<2x1x2x2xi8>, value = dense<{{.*}}> : tensor<2x1x2x2xi8>, width = 3 : i64}> : () -> ()
snn.parameter @w : tensor<2x1x2x2xi8> {width = 3} = dense<[[[[1, -2], [3, 0]]], [[[1, 1], [1, 1]]]]>
// CHECK-NEXT: snn.parameter @b : tensor<1xi16> {width = 10} = dense<300>
snn.parameter @b : tensor<1xi16> {width = 10} = dense<300>
// CHECK-NEXT: snn.parameter @t : tensor<2xi32> {width = 20} = dense<[1000, 400000]>
snn.parameter @t : tensor<2xi32> {width = 20} = dense<[1000, 400000]>
// CHECK-NEXT: snn.parameter @w2 : tensor<3x2xi8> {width = 2} = dense<1>
snn.parameter @w2 : tensor<3x2xi8> {width = 2} = dense<1>
// CHECK-NEXT: snn.parameter @b2 : tensor<3xi8> {width = 4} = dense<[1, -8, 7]>
snn.parameter @b2 : tensor<3xi8> {width = 4} = dense<[1, -8, 7]>

// CHECK-NEXT: snn.network @integer(%image: tensor<1x5x5xf32>) -> (!snn.membrane<[3], -8, 127>, tensor<1xi32>) {
// GENERIC:    "snn.network"() <{sym_name = "integer", function_type = (tensor<1x5x5xf32>) -> (!snn.membrane<[3], -8, 127>, tensor<1xi32>)}> ({
snn.network @integer(%image : tensor<1x5x5xf32>) -> (!snn.membrane<[3], -8, 127>, tensor<1xi32>) {
  // CHECK-NEXT: %{{.*}} = snn.encode "input" %image scale 0.0039215688593685627 : tensor<1x5x5xf32> -> !snn.train<[1, 5, 5], #snn.radix<2>>
  // GENERIC:    "snn.encode"(%image) <{layer = "input", scale = 0.0039215688593685627 : f64}> : (tensor<1x5x5xf32>) -> !snn.train<[1, 5, 5], #snn.radix<2>>
  %codes = snn.encode "input" %image scale 0.0039215688593685627 : tensor<1x5x5xf32> -> !snn.train<[1, 5, 5], #snn.radix<2>>
  // CHECK-NEXT: snn.conv2d "conv1" %{{.*}} weights @w padding [0, 0, 1, 1] : !snn.train<[1, 5, 5], #snn.radix<2>> -> !snn.membrane<[2, 5, 5], -6, 12>
  // GENERIC:    "snn.conv2d"(%codes) <{layer = "conv1", weights = @w, padding = array<i64: 0, 0, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 1 : i64}>
  %v = snn.conv2d "conv1" %codes weights @w padding [0, 0, 1, 1] : !snn.train<[1, 5, 5], #snn.radix<2>> -> !snn.membrane<[2, 5, 5], -6, 12>
  // CHECK-NEXT: snn.max_pool "pool1" %{{.*}} kernel [2, 2] stride [2, 2] : !snn.membrane<[2, 5, 5], -6, 12> -> !snn.membrane<[2, 2, 2], -6, 12>
  %m = snn.max_pool "pool1" %v kernel [2, 2] stride [2, 2] : !snn.membrane<[2, 5, 5], -6, 12> -> !snn.membrane<[2, 2, 2], -6, 12>
  // CHECK-NEXT: snn.requantize "relu1" %{{.*}} bias @b threshold @t fraction_bits 9 ties_to_even : !snn.membrane<[2, 2, 2], -6, 12> -> !snn.train<[2, 2, 2], #snn.radix<3>>
  %a = snn.requantize "relu1" %m bias @b threshold @t fraction_bits 9 ties_to_even : !snn.membrane<[2, 2, 2], -6, 12> -> !snn.train<[2, 2, 2], #snn.radix<3>>
  // CHECK-NEXT: snn.max_pool "pool2" %{{.*}} kernel [1, 1] stride [1, 1] dilation [2, 2] : !snn.train<[2, 2, 2], #snn.radix<3>> -> !snn.train<[2, 2, 2], #snn.radix<3>>
  %p = snn.max_pool "pool2" %a kernel [1, 1] stride [1, 1] dilation [2, 2] : !snn.train<[2, 2, 2], #snn.radix<3>> -> !snn.train<[2, 2, 2], #snn.radix<3>>
  // CHECK-NEXT: snn.sum_pool "pool3" %{{.*}} kernel [2, 2] stride [2, 2] : !snn.train<[2, 2, 2], #snn.radix<3>> -> !snn.train<[2, 1, 1], #snn.radix<5>>
  %s = snn.sum_pool "pool3" %p kernel [2, 2] stride [2, 2] : !snn.train<[2, 2, 2], #snn.radix<3>> -> !snn.train<[2, 1, 1], #snn.radix<5>>
  // CHECK-NEXT: snn.flatten "flatten" %{{.*}} : !snn.train<[2, 1, 1], #snn.radix<5>> -> !snn.train<[2], #snn.radix<5>>
  %f = snn.flatten "flatten" %s : !snn.train<[2, 1, 1], #snn.radix<5>> -> !snn.train<[2], #snn.radix<5>>
  // CHECK-NEXT: snn.linear "fc" %{{.*}} weights @w2 bias @b2 : !snn.train<[2], #snn.radix<5>> -> !snn.membrane<[3], -8, 127>
  %o = snn.linear "fc" %f weights @w2 bias @b2 : !snn.train<[2], #snn.radix<5>> -> !snn.membrane<[3], -8, 127>
  // CHECK-NEXT: snn.argmax "class" %{{.*}} : !snn.membrane<[3], -8, 127> -> tensor<1xi32>
  %c = snn.argmax "class" %o : !snn.membrane<[3], -8, 127> -> tensor<1xi32>
  // CHECK-NEXT: snn.output %{{.*}}, %{{.*}} : !snn.membrane<[3], -8, 127>, tensor<1xi32>
  snn.output %o, %c : !snn.membrane<[3], -8, 127>, tensor<1xi32>
}

// CHECK:      snn.parameter @fw : tensor<2x1x1x1xf32> = dense<[{{\[\[\[}}1.000000e-01]]], {{\[\[\[}}-2.500000e+00]]]]>
snn.parameter @fw : tensor<2x1x1x1xf32> = dense<[[[[0.1]]], [[[-2.5]]]]>
// CHECK-NEXT: snn.parameter @fs : tensor<2xf32> = dense<[5.000000e-01, 1.000000e+00]>
snn.parameter @fs : tensor<2xf32> = dense<[0.5, 1.0]>
// CHECK-NEXT: snn.network @float(%image: tensor<2x4x4xf32>) -> tensor<2x2x2xf32> attributes {input_encoding = #snn.radix<4>} {
snn.network @float(%image : tensor<2x4x4xf32>) -> tensor<2x2x2xf32> attributes {input_encoding = #snn.radix<4>} {
  // CHECK-NEXT: snn.conv2d "conv" %image weights @fw bias @fs weight_scale @fs weight_bits 3 groups 2 : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %0 = snn.conv2d "conv" %image weights @fw bias @fs weight_scale @fs weight_bits 3 groups 2 : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  // CHECK-NEXT: snn.batch_norm "norm" %{{.*}} gamma @fs beta @fs mean @fs variance @fs epsilon 1.000000e-05 : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %1 = snn.batch_norm "norm" %0 gamma @fs beta @fs mean @fs variance @fs epsilon 1.0e-05 : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  // CHECK-NEXT: snn.relu "relu" %{{.*}} scale 2.500000e-01 encoding #snn.radix<4> : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %2 = snn.relu "relu" %1 scale 0.25 encoding #snn.radix<4> : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  // CHECK-NEXT: snn.average_pool "average" %{{.*}} kernel [3, 3] stride [2, 2] padding [1, 1, 0, 0] : tensor<2x4x4xf32> -> tensor<2x2x2xf32>
  %3 = snn.average_pool "average" %2 kernel [3, 3] stride [2, 2] padding [1, 1, 0, 0] : tensor<2x4x4xf32> -> tensor<2x2x2xf32>
  // CHECK-NEXT: snn.conv2d "last" %{{.*}} weights @fw groups 2 : tensor<2x2x2xf32> -> tensor<2x2x2xf32>
  %4 = snn.conv2d "last" %3 weights @fw groups 2 : tensor<2x2x2xf32> -> tensor<2x2x2xf32>
  // CHECK-NEXT: snn.output %{{.*}} : tensor<2x2x2xf32>
  snn.output %4 : tensor<2x2x2xf32>
}
