builtin.module {
  snn.parameter @conv1_weight : tensor<32x1x3x3xf32> = #snn.external<"fang_w4_t4.safetensors", "conv1_weight", "da5a1db709e66f89ffc30ad38b3701c61f7f8229ac7a85a09b45ffb5b65e444e">
  snn.parameter @conv2_weight : tensor<32x32x3x3xf32> = #snn.external<"fang_w4_t4.safetensors", "conv2_weight", "1fb72dc9c33ed3828b4a2ca2cf87cbf26912abd63eea1c7b30701a56677f58e6">
  snn.parameter @fc1_weight : tensor<256x800xf32> = #snn.external<"fang_w4_t4.safetensors", "fc1_weight", "ee7a5c8b04bbb39309d8f19cc64b36379aba143a66549afef3d4a912c710c807">
  snn.parameter @fc2_weight : tensor<10x256xf32> = #snn.external<"fang_w4_t4.safetensors", "fc2_weight", "e500aa0da6a73caf0645646e96aeb244cf818e3bfc7aa7d44d3e23bba6fa7dd4">
  snn.parameter @conv1_weight_scale : tensor<32xf32> = dense<[0.0519868881, 5.507000e-02, 0.041558437, 0.0460861139, 0.0528864898, 0.0358463824, 0.0458499044, 0.0457771905, 0.0557200797, 0.0578167513, 0.0399573818, 0.0639310479, 0.0539043471, 0.0417599231, 0.0619004853, 0.0395302624, 0.076682508, 0.0666651204, 0.0626083091, 0.0538213886, 4.534260e-02, 0.0460637286, 0.0531527176, 0.0314237215, 0.0659236312, 0.0491751321, 0.0374859199, 0.0532011352, 0.0844839811, 0.0416846201, 0.0745610148, 0.0391269177]>
  snn.parameter @conv2_weight_scale : tensor<32xf32> = dense<[0.0479069203, 0.040427655, 0.0420838669, 0.0282199159, 0.0332661495, 0.0461666919, 0.073058337, 0.0493741781, 0.0412671156, 0.0393858179, 0.0418988541, 0.0535856299, 0.0421682522, 0.049200017, 0.0394228622, 0.069092378, 0.0433554724, 0.0495971516, 5.640620e-02, 0.056506224, 0.0492820218, 0.0512983203, 0.064864561, 0.0420447029, 0.0474062487, 0.0412772819, 0.0584302805, 0.0710432678, 4.276920e-02, 0.0423993655, 0.0459851399, 0.0428145938]>
  snn.parameter @fc1_weight_scale : tensor<256xf32> = #snn.external<"fang_w4_t4.safetensors", "fc1_weight_scale", "4189e53d632f8dc29081a690ccd8f6154898b05e0bc64b60ff017374758d68fc">
  snn.parameter @fc2_weight_scale : tensor<10xf32> = dense<2.624480e-02>
  snn.network @fang(%image: tensor<1x28x28xf32>) -> tensor<10xf32> attributes {input_encoding = #snn.radix<4>} {
    %0 = snn.conv2d "conv1" %image weights @conv1_weight weight_scale @conv1_weight_scale weight_bits 4 : tensor<1x28x28xf32> -> tensor<32x26x26xf32>
    %1 = snn.relu "relu1" %0 scale 0.04741591215133667 encoding #snn.radix<4> : tensor<32x26x26xf32> -> tensor<32x26x26xf32>
    %2 = snn.max_pool "pool1" %1 kernel [2, 2] stride [2, 2] : tensor<32x26x26xf32> -> tensor<32x13x13xf32>
    %3 = snn.conv2d "conv2" %2 weights @conv2_weight weight_scale @conv2_weight_scale weight_bits 4 : tensor<32x13x13xf32> -> tensor<32x11x11xf32>
    %4 = snn.relu "relu2" %3 scale 0.16455020010471344 encoding #snn.radix<4> : tensor<32x11x11xf32> -> tensor<32x11x11xf32>
    %5 = snn.max_pool "pool2" %4 kernel [2, 2] stride [2, 2] : tensor<32x11x11xf32> -> tensor<32x5x5xf32>
    %6 = snn.flatten "flatten" %5 : tensor<32x5x5xf32> -> tensor<800xf32>
    %7 = snn.linear "fc1" %6 weights @fc1_weight weight_scale @fc1_weight_scale weight_bits 4 : tensor<800xf32> -> tensor<256xf32>
    %8 = snn.relu "relu3" %7 scale 0.51204514503479004 encoding #snn.radix<4> : tensor<256xf32> -> tensor<256xf32>
    %9 = snn.linear "fc2" %8 weights @fc2_weight weight_scale @fc2_weight_scale weight_bits 4 : tensor<256xf32> -> tensor<10xf32>
    snn.output %9 : tensor<10xf32>
  }
}
