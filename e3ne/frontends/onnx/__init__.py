"""ONNX files, plain and quantised (QONNX, QuantizeLinear): chains of layers to the float or the integer form of snn."""
