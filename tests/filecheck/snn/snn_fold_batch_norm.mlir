// RUN: e3ne-opt %s -p snn-fold-batch-norm | filecheck %s

// sqrt(variance + epsilon) = 2, so weight 1 becomes 1 * 3 / 2 and the bias (0 - 1) * 3 / 2 + 5

// CHECK-DAG: snn.parameter @conv_bias : tensor<1xf32> = dense<3.500000e+00>
// CHECK-DAG: snn.parameter @w : tensor<1x1x1x1xf32> = dense<1.500000e+00>
// CHECK-NOT: batch_norm
// CHECK:     snn.conv2d "conv" %image weights @w bias @conv_bias
// CHECK-NEXT: snn.output
snn.parameter @w : tensor<1x1x1x1xf32> = dense<1.0>
snn.parameter @gamma : tensor<1xf32> = dense<3.0>
snn.parameter @beta : tensor<1xf32> = dense<5.0>
snn.parameter @mean : tensor<1xf32> = dense<1.0>
snn.parameter @variance : tensor<1xf32> = dense<3.0>
snn.network @net(%image : tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %0 = snn.conv2d "conv" %image weights @w : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %1 = snn.batch_norm "norm" %0 gamma @gamma beta @beta mean @mean variance @variance epsilon 1.0 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  snn.output %1 : tensor<1x2x2xf32>
}
