// RUN: e3ne-opt %s -p snn-quantize | filecheck %s
// RUN: e3ne-opt %s -p 'snn-quantize{max-fraction-bits=0}' | filecheck %s

// Input levels of 1/3, weight levels of 1/2: a membrane of 6 is 1.0. ReLU levels of 0.5 are 3 in the membrane, so
// threshold 3 and rounding offset 1 (3/2 between two integers). The average over 4 elements goes into the next scale.

// CHECK:      snn.parameter @conv_weight : tensor<1x1x1x1xi8> {width = 3} = dense<2>
// CHECK-NEXT: snn.parameter @relu_bias : tensor<1xi8> {width = {{[0-9]+}}} = dense<1>
// CHECK-NEXT: snn.parameter @relu_threshold : tensor<1xi8> {width = 3} = dense<3>
// CHECK-NEXT: snn.parameter @fc_weight : tensor<2x1xi8> {width = 3} = dense<{{\[\[}}3], [-4]]>
// CHECK-NEXT: snn.parameter @fc_bias : tensor<2xi8> {width = 5} = dense<[8, -8]>
// CHECK-NEXT: snn.network @net(%image: tensor<1x2x2xf32>) -> !snn.membrane<[2], -{{[0-9]+}}, {{[0-9]+}}> {
// CHECK-NEXT: %{{.*}} = snn.encode "input" %image : tensor<1x2x2xf32> -> !snn.train<[1, 2, 2], #snn.radix<2>>
// CHECK-NEXT: snn.conv2d "conv" %{{.*}} weights @conv_weight : !snn.train<[1, 2, 2], #snn.radix<2>> -> !snn.membrane<[1, 2, 2], 0, 6>
// CHECK-NEXT: snn.requantize "relu" %{{.*}} bias @relu_bias threshold @relu_threshold : !snn.membrane<[1, 2, 2], 0, 6> -> !snn.train<[1, 2, 2], #snn.radix<4>>
// CHECK-NEXT: snn.sum_pool "pool" %{{.*}} kernel [2, 2] stride [2, 2] : !snn.train<[1, 2, 2], #snn.radix<4>> -> !snn.train<[1, 1, 1], #snn.radix<6>>
// CHECK-NEXT: snn.flatten
// CHECK-NEXT: snn.linear "fc" %{{.*}} weights @fc_weight bias @fc_bias : !snn.train<[1], #snn.radix<6>> -> !snn.membrane<[2], -260, 197>
// CHECK-NEXT: snn.output
snn.parameter @w : tensor<1x1x1x1xf32> = dense<1.0>
snn.parameter @s : tensor<1xf32> = dense<0.5>
snn.parameter @w2 : tensor<2x1xf32> = dense<[[3.0], [-9.0]]>
snn.parameter @b2 : tensor<2xf32> = dense<[1.0, -1.0]>
snn.parameter @s2 : tensor<2xf32> = dense<1.0>
snn.network @net(%image : tensor<1x2x2xf32>) -> tensor<2xf32> attributes {input_encoding = #snn.radix<2>} {
  %0 = snn.conv2d "conv" %image weights @w weight_scale @s weight_bits 3 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %1 = snn.relu "relu" %0 scale 0.5 encoding #snn.radix<4> : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %2 = snn.average_pool "pool" %1 kernel [2, 2] stride [2, 2] : tensor<1x2x2xf32> -> tensor<1x1x1xf32>
  %3 = snn.flatten "flatten" %2 : tensor<1x1x1xf32> -> tensor<1xf32>
  %4 = snn.linear "fc" %3 weights @w2 bias @b2 weight_scale @s2 weight_bits 3 : tensor<1xf32> -> tensor<2xf32>
  snn.output %4 : tensor<2xf32>
}
