from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from e3ne.dialects.snn import SNN

TINY = """
builtin.module {
  snn.parameter @w : tensor<1x1x2x2xi8> {width = 3} = dense<[[[[1, -2], [3, 0]]]]>
  snn.parameter @b : tensor<1xi32> {width = 5} = dense<2>
  snn.parameter @t : tensor<1xi32> {width = 5} = dense<4>
  snn.parameter @w2 : tensor<2x1xi8> {width = 3} = dense<[[1], [-2]]>
  snn.network @tiny(%image: tensor<1x3x3xf32>) -> tensor<1xi32> {
    %0 = snn.encode "input" %image : tensor<1x3x3xf32> -> !snn.train<[1, 3, 3], #snn.radix<4>>
    %1 = snn.conv2d "conv1" %0 weights @w padding [0, 0, 1, 1] : !snn.train<[1, 3, 3], #snn.radix<4>> -> !snn.membrane<[1, 3, 3], -30, 60>
    %2 = snn.max_pool "pool1" %1 kernel [3, 3] stride [2, 2] : !snn.membrane<[1, 3, 3], -30, 60> -> !snn.membrane<[1, 1, 1], -30, 60>
    %3 = snn.requantize "relu1" %2 bias @b threshold @t fraction_bits 1 : !snn.membrane<[1, 1, 1], -30, 60> -> !snn.train<[1, 1, 1], #snn.radix<4>>
    %4 = snn.sum_pool "pool2" %3 kernel [1, 1] stride [1, 1] : !snn.train<[1, 1, 1], #snn.radix<4>> -> !snn.train<[1, 1, 1], #snn.radix<4>>
    %5 = snn.flatten "flatten" %4 : !snn.train<[1, 1, 1], #snn.radix<4>> -> !snn.train<[1], #snn.radix<4>>
    %6 = snn.linear "fc" %5 weights @w2 : !snn.train<[1], #snn.radix<4>> -> !snn.membrane<[2], -30, 15>
    %7 = snn.argmax "output" %6 : !snn.membrane<[2], -30, 15> -> tensor<1xi32>
    snn.output %7 : tensor<1xi32>
  }
}
"""  # noqa: E501

FLOAT = """
builtin.module {
  snn.parameter @w : tensor<2x1x2x2xf32> = dense<[[[[0.5, -1.25], [3.0, 0.1]]], [[[1.0, 2.0], [3.0, -4.0]]]]>
  snn.parameter @s : tensor<2xf32> = dense<[1.0, 2.0]>
  snn.parameter @w2 : tensor<1x2xf32> = dense<[[1.0, -2.0]]>
  snn.network @float(%image: tensor<1x4x4xf32>) -> tensor<1xf32> attributes {input_encoding = #snn.radix<3>} {
    %0 = snn.conv2d "conv1" %image weights @w bias @s weight_scale @s weight_bits 3 stride [2, 2] : tensor<1x4x4xf32> -> tensor<2x2x2xf32>
    %1 = snn.batch_norm "bn" %0 gamma @s beta @s mean @s variance @s epsilon 1.0e-05 : tensor<2x2x2xf32> -> tensor<2x2x2xf32>
    %2 = snn.relu "relu1" %1 scale 1.000000e-01 encoding #snn.radix<4> : tensor<2x2x2xf32> -> tensor<2x2x2xf32>
    %3 = snn.average_pool "pool" %2 kernel [2, 2] stride [2, 2] : tensor<2x2x2xf32> -> tensor<2x1x1xf32>
    %4 = snn.flatten "flatten" %3 : tensor<2x1x1xf32> -> tensor<2xf32>
    %5 = snn.linear "fc" %4 weights @w2 : tensor<2xf32> -> tensor<1xf32>
    snn.output %5 : tensor<1xf32>
  }
}
"""  # noqa: E501


@pytest.fixture
def context() -> Context:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(SNN)
    return context


@pytest.fixture
def parse(context: Context) -> Callable[..., ModuleOp]:
    def parse_text(text: str, name: str = "<test>") -> ModuleOp:
        return Parser(context, text, name).parse_module()

    return parse_text


@pytest.fixture
def tiny_text() -> str:
    return TINY


@pytest.fixture
def float_text() -> str:
    return FLOAT
