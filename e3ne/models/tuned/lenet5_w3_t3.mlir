builtin.module {
  snn.parameter @conv1_weight : tensor<6x1x5x5xf32> = #snn.external<"lenet5_w3_t3.safetensors", "conv1_weight", "c80248811d1440435152f276a19e05c7d4e4c2bb3a520606631576cd9f5a25af">
  snn.parameter @conv2_weight : tensor<16x6x5x5xf32> = #snn.external<"lenet5_w3_t3.safetensors", "conv2_weight", "55d8d81c1fd0c8f929ce9110dcaf5aae9db5bb232ceea09354d6abde5bc0ea89">
  snn.parameter @conv3_weight : tensor<120x16x5x5xf32> = #snn.external<"lenet5_w3_t3.safetensors", "conv3_weight", "1d769fa0bc0f1653424cc31666410b39c4119ddfb946869c75733a40def66b24">
  snn.parameter @fc1_weight : tensor<84x120xf32> = #snn.external<"lenet5_w3_t3.safetensors", "fc1_weight", "9eea33474dcd9af93005bdc9e575cba419e29b538ce66b1361c56190bad0127f">
  snn.parameter @fc2_weight : tensor<10x84xf32> = #snn.external<"lenet5_w3_t3.safetensors", "fc2_weight", "c05a69cfd5ef364bce7a6c0d9e8d273053b2d07bfaf90e234bc5e67c3a52ff6c">
  snn.parameter @conv1_weight_scale : tensor<6xf32> = dense<[0.0882155895, 0.113017805, 0.0730824322, 0.0881838351, 0.106653616, 0.095064424]>
  snn.parameter @conv2_weight_scale : tensor<16xf32> = dense<[0.0731052086, 0.0708719417, 0.072153233, 0.0819074512, 6.758730e-02, 0.0730469599, 8.670080e-02, 0.0923581123, 0.0535197742, 0.110954441, 0.0913313702, 0.0641640499, 0.0670542493, 0.0953935757, 0.0718423277, 0.0912958384]>
  snn.parameter @conv3_weight_scale : tensor<120xf32> = #snn.external<"lenet5_w3_t3.safetensors", "conv3_weight_scale", "2989a3e57f081db322a0d7bc4d264a3deeabae5c6d8257b4075f45df25929ddd">
  snn.parameter @fc1_weight_scale : tensor<84xf32> = #snn.external<"lenet5_w3_t3.safetensors", "fc1_weight_scale", "1e6e369aa92797f35fca4b9b0c992d247a9f4c8805713bdb7111d83ad55730c1">
  snn.parameter @fc2_weight_scale : tensor<10xf32> = dense<4.966890e-02>
  snn.network @lenet5(%image: tensor<1x28x28xf32>) -> tensor<10xf32> attributes {input_encoding = #snn.radix<3>} {
    %0 = snn.conv2d "conv1" %image weights @conv1_weight weight_scale @conv1_weight_scale weight_bits 3 padding [2, 2, 2, 2] : tensor<1x28x28xf32> -> tensor<6x28x28xf32>
    %1 = snn.relu "relu1" %0 scale 0.21640892326831818 encoding #snn.radix<3> : tensor<6x28x28xf32> -> tensor<6x28x28xf32>
    %2 = snn.max_pool "pool1" %1 kernel [2, 2] stride [2, 2] : tensor<6x28x28xf32> -> tensor<6x14x14xf32>
    %3 = snn.conv2d "conv2" %2 weights @conv2_weight weight_scale @conv2_weight_scale weight_bits 3 : tensor<6x14x14xf32> -> tensor<16x10x10xf32>
    %4 = snn.relu "relu2" %3 scale 0.43459850549697876 encoding #snn.radix<3> : tensor<16x10x10xf32> -> tensor<16x10x10xf32>
    %5 = snn.max_pool "pool2" %4 kernel [2, 2] stride [2, 2] : tensor<16x10x10xf32> -> tensor<16x5x5xf32>
    %6 = snn.conv2d "conv3" %5 weights @conv3_weight weight_scale @conv3_weight_scale weight_bits 3 : tensor<16x5x5xf32> -> tensor<120x1x1xf32>
    %7 = snn.relu "relu3" %6 scale 0.98636871576309204 encoding #snn.radix<3> : tensor<120x1x1xf32> -> tensor<120x1x1xf32>
    %8 = snn.flatten "flatten" %7 : tensor<120x1x1xf32> -> tensor<120xf32>
    %9 = snn.linear "fc1" %8 weights @fc1_weight weight_scale @fc1_weight_scale weight_bits 3 : tensor<120xf32> -> tensor<84xf32>
    %10 = snn.relu "relu4" %9 scale 1.0692566633224487 encoding #snn.radix<3> : tensor<84xf32> -> tensor<84xf32>
    %11 = snn.linear "fc2" %10 weights @fc2_weight weight_scale @fc2_weight_scale weight_bits 3 : tensor<84xf32> -> tensor<10xf32>
    snn.output %11 : tensor<10xf32>
  }
}
