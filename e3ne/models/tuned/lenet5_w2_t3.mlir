builtin.module {
  snn.parameter @conv1_weight : tensor<6x1x5x5xf32> = #snn.external<"lenet5_w2_t3.safetensors", "conv1_weight", "c8441ce18af31c23346d40755d80c5fcd8f7f899d9f4df81117f24c899ab0aa7">
  snn.parameter @conv2_weight : tensor<16x6x5x5xf32> = #snn.external<"lenet5_w2_t3.safetensors", "conv2_weight", "deb9968bc150ad51e3561698aa278bd7de857e34fb89eb0d026ca81635d23173">
  snn.parameter @conv3_weight : tensor<120x16x5x5xf32> = #snn.external<"lenet5_w2_t3.safetensors", "conv3_weight", "2d10ec927a9c86f172bb3d8d05d245771158031c205e2c16358361477e508efb">
  snn.parameter @fc1_weight : tensor<84x120xf32> = #snn.external<"lenet5_w2_t3.safetensors", "fc1_weight", "6ae9b9217ab081278952470db2f6b1aae107a6d4b82cfc4e07e38cefdf9916d3">
  snn.parameter @fc2_weight : tensor<10x84xf32> = #snn.external<"lenet5_w2_t3.safetensors", "fc2_weight", "0940e36515d4e51174c967b31323365cdf0b768ac9576d0c38e8b9da675c91f7">
  snn.parameter @conv1_weight_scale : tensor<6xf32> = dense<[0.236026362, 0.220098034, 0.151651427, 0.18828316, 2.306140e-01, 0.243143663]>
  snn.parameter @conv2_weight_scale : tensor<16xf32> = dense<[0.121942386, 0.132768303, 0.126223877, 0.154236391, 0.119575687, 0.135517448, 0.165346727, 0.140860349, 0.106798142, 0.195442036, 0.170416474, 0.120318905, 0.135545492, 0.187208086, 0.122142434, 0.16123718]>
  snn.parameter @conv3_weight_scale : tensor<120xf32> = #snn.external<"lenet5_w2_t3.safetensors", "conv3_weight_scale", "6827f2983f3030c127801bb783ef01cd33dd792997d2e47b6f7cca987579d647">
  snn.parameter @fc1_weight_scale : tensor<84xf32> = #snn.external<"lenet5_w2_t3.safetensors", "fc1_weight_scale", "d6e0ca1b437f2d9ebec56ed7002dbffb280e60fce3c3609086af2b47567661eb">
  snn.parameter @fc2_weight_scale : tensor<10xf32> = dense<0.13094008>
  snn.network @lenet5(%image: tensor<1x28x28xf32>) -> tensor<10xf32> attributes {input_encoding = #snn.radix<3>} {
    %0 = snn.conv2d "conv1" %image weights @conv1_weight weight_scale @conv1_weight_scale weight_bits 2 padding [2, 2, 2, 2] : tensor<1x28x28xf32> -> tensor<6x28x28xf32>
    %1 = snn.relu "relu1" %0 scale 0.21894961595535278 encoding #snn.radix<3> : tensor<6x28x28xf32> -> tensor<6x28x28xf32>
    %2 = snn.max_pool "pool1" %1 kernel [2, 2] stride [2, 2] : tensor<6x28x28xf32> -> tensor<6x14x14xf32>
    %3 = snn.conv2d "conv2" %2 weights @conv2_weight weight_scale @conv2_weight_scale weight_bits 2 : tensor<6x14x14xf32> -> tensor<16x10x10xf32>
    %4 = snn.relu "relu2" %3 scale 0.40071210265159607 encoding #snn.radix<3> : tensor<16x10x10xf32> -> tensor<16x10x10xf32>
    %5 = snn.max_pool "pool2" %4 kernel [2, 2] stride [2, 2] : tensor<16x10x10xf32> -> tensor<16x5x5xf32>
    %6 = snn.conv2d "conv3" %5 weights @conv3_weight weight_scale @conv3_weight_scale weight_bits 2 : tensor<16x5x5xf32> -> tensor<120x1x1xf32>
    %7 = snn.relu "relu3" %6 scale 0.80467373132705688 encoding #snn.radix<3> : tensor<120x1x1xf32> -> tensor<120x1x1xf32>
    %8 = snn.flatten "flatten" %7 : tensor<120x1x1xf32> -> tensor<120xf32>
    %9 = snn.linear "fc1" %8 weights @fc1_weight weight_scale @fc1_weight_scale weight_bits 2 : tensor<120xf32> -> tensor<84xf32>
    %10 = snn.relu "relu4" %9 scale 0.73164701461791992 encoding #snn.radix<3> : tensor<84xf32> -> tensor<84xf32>
    %11 = snn.linear "fc2" %10 weights @fc2_weight weight_scale @fc2_weight_scale weight_bits 2 : tensor<84xf32> -> tensor<10xf32>
    snn.output %11 : tensor<10xf32>
  }
}
