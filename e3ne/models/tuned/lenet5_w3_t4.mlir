builtin.module {
  snn.parameter @conv1_weight : tensor<6x1x5x5xf32> = #snn.external<"lenet5_w3_t4.safetensors", "conv1_weight", "9050b37c73f515153cd8b4a6af04613c6e864a29dfe089fcc370ef6183549582">
  snn.parameter @conv2_weight : tensor<16x6x5x5xf32> = #snn.external<"lenet5_w3_t4.safetensors", "conv2_weight", "8b2ade1cfc42c120301588c6c6142d7cc612c3c487c1b6f3100b1943d728cd1d">
  snn.parameter @conv3_weight : tensor<120x16x5x5xf32> = #snn.external<"lenet5_w3_t4.safetensors", "conv3_weight", "dde30f415fe833fa50ff25d173a4ef4d90bcd46833060f0536459a37dd4ceb71">
  snn.parameter @fc1_weight : tensor<84x120xf32> = #snn.external<"lenet5_w3_t4.safetensors", "fc1_weight", "95063a76a3c8e693ec726f932b32eb57d2880d6146cf66ffa5248aa55bd9dde3">
  snn.parameter @fc2_weight : tensor<10x84xf32> = #snn.external<"lenet5_w3_t4.safetensors", "fc2_weight", "9c36f170c5e028e0a5897129f1345e23e7bdf1e85dd48b398270deecba3d18af">
  snn.parameter @conv1_weight_scale : tensor<6xf32> = dense<[0.0861359462, 0.116429895, 0.0720247403, 0.0876158848, 0.103885688, 0.0950550213]>
  snn.parameter @conv2_weight_scale : tensor<16xf32> = dense<[0.0713452399, 0.0705064759, 0.0719884411, 0.0822223797, 0.0657411367, 0.0668812543, 8.364100e-02, 0.095204331, 0.051221177, 0.109424926, 0.0892465264, 0.0657535046, 0.063919723, 0.0968120694, 0.0723429173, 8.791750e-02]>
  snn.parameter @conv3_weight_scale : tensor<120xf32> = #snn.external<"lenet5_w3_t4.safetensors", "conv3_weight_scale", "da692ccb2f08375c118de735601a19739dc21ef12de062984043c78d600edd41">
  snn.parameter @fc1_weight_scale : tensor<84xf32> = #snn.external<"lenet5_w3_t4.safetensors", "fc1_weight_scale", "045b673afcae2b638f962a89c35f6b9b7169b32a1da6d0289148a8a95ac0e104">
  snn.parameter @fc2_weight_scale : tensor<10xf32> = dense<0.0505246781>
  snn.network @lenet5(%image: tensor<1x28x28xf32>) -> tensor<10xf32> attributes {input_encoding = #snn.radix<4>} {
    %0 = snn.conv2d "conv1" %image weights @conv1_weight weight_scale @conv1_weight_scale weight_bits 3 padding [2, 2, 2, 2] : tensor<1x28x28xf32> -> tensor<6x28x28xf32>
    %1 = snn.relu "relu1" %0 scale 0.10472960770130157 encoding #snn.radix<4> : tensor<6x28x28xf32> -> tensor<6x28x28xf32>
    %2 = snn.max_pool "pool1" %1 kernel [2, 2] stride [2, 2] : tensor<6x28x28xf32> -> tensor<6x14x14xf32>
    %3 = snn.conv2d "conv2" %2 weights @conv2_weight weight_scale @conv2_weight_scale weight_bits 3 : tensor<6x14x14xf32> -> tensor<16x10x10xf32>
    %4 = snn.relu "relu2" %3 scale 0.23558430373668671 encoding #snn.radix<4> : tensor<16x10x10xf32> -> tensor<16x10x10xf32>
    %5 = snn.max_pool "pool2" %4 kernel [2, 2] stride [2, 2] : tensor<16x10x10xf32> -> tensor<16x5x5xf32>
    %6 = snn.conv2d "conv3" %5 weights @conv3_weight weight_scale @conv3_weight_scale weight_bits 3 : tensor<16x5x5xf32> -> tensor<120x1x1xf32>
    %7 = snn.relu "relu3" %6 scale 0.57108741998672485 encoding #snn.radix<4> : tensor<120x1x1xf32> -> tensor<120x1x1xf32>
    %8 = snn.flatten "flatten" %7 : tensor<120x1x1xf32> -> tensor<120xf32>
    %9 = snn.linear "fc1" %8 weights @fc1_weight weight_scale @fc1_weight_scale weight_bits 3 : tensor<120xf32> -> tensor<84xf32>
    %10 = snn.relu "relu4" %9 scale 0.59404599666595459 encoding #snn.radix<4> : tensor<84xf32> -> tensor<84xf32>
    %11 = snn.linear "fc2" %10 weights @fc2_weight weight_scale @fc2_weight_scale weight_bits 3 : tensor<84xf32> -> tensor<10xf32>
    snn.output %11 : tensor<10xf32>
  }
}
